"""Omnitron's side: the hub with all of its commands."""

from typing import ClassVar

from clients.runtime import Runtime
from tasks.integration import Actions, load
from tasks.omnitron.actions import ACTIONS
from tasks.omnitron.hub import Hub


class OmnitronIntegration(Hub):
    """Speaks to Omnitron through its commands.

    async with OmnitronIntegration(content_type=ContentType.product) as hub:
        products = await hub.do_action(GetInsertedProducts, limit=100)
    """

    actions: ClassVar[Actions] = ACTIONS


def load_hub(runtime: Runtime) -> type[OmnitronIntegration]:
    """The integration that OMNITRON_MODULE names."""
    return load("OMNITRON_MODULE", runtime.settings.OMNITRON_MODULE, OmnitronIntegration)
