"""What pyproject.toml cannot say of a wheel."""

from typing import Any

from hatchling.builders.config import BuilderConfig
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


class CarryPrefectYaml(BuildHookInterface[BuilderConfig]):
    """Copies prefect.yaml into the package, where `channel-app serve` finds it without a checkout.

    In the repository it stays at the top: `prefect deploy` reads it there, and so does an editable install.
    """

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Hatchling calls this before each build; `version` is the kind of wheel, not the version of the project."""
        if version != "editable":
            build_data["force_include"]["prefect.yaml"] = "deployments/prefect.yaml"
