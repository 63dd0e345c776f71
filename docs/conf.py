"""The configuration of Sphinx. The pages are plain Markdown; everything that only the site needs is here."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "Channel App"
author = "The Channel App authors"
extensions = ["myst_parser"]
html_theme = "furo"
html_title = project
html_copy_source = False
html_show_sphinx = False
html_show_copyright = False
exclude_patterns = ["**/__pycache__"]
myst_heading_anchors = 3

SIDEBAR = {
    "Tutorial": ["tutorial/first-connector"],
    "How to": [
        "how-to/deploy-small",
        "how-to/deploy-large",
        "how-to/schedule",
        "how-to/keep-secrets",
        "how-to/which-habits",
        "how-to/add-a-connector",
        "how-to/call-the-channel",
        "how-to/few-in-a-call",
        "how-to/answer-later",
        "how-to/list-orders",
        "how-to/name-events",
        "how-to/rates-files-state",
        "how-to/use-the-sandbox",
        "how-to/override-a-command",
        "how-to/add-a-command",
        "how-to/receive-webhooks",
        "how-to/read-a-failure",
        "how-to/go-live",
        "how-to/move-from-celery",
        "how-to/release",
    ],
    "Reference": [
        "reference/settings",
        "reference/channel-conf",
        "reference/flows",
        "reference/commands",
        "reference/values",
        "reference/cli",
        "reference/habits",
        "reference/marketplace-api",
        "reference/errors",
        "reference/artifacts",
        "reference/parity",
    ],
    "Explanation": [
        "explanation/demo",
        "explanation/how-it-works",
        "explanation/batch-states",
        "explanation/sync-and-async",
        "explanation/recovery",
        "explanation/no-database",
        "explanation/reliability",
    ],
    "More": ["glossary", "adr/index"],
}


def _add_sidebar(_app: "Sphinx", name: str, source: list[str]) -> None:
    """Adds the order of the pages to the first page for Sphinx only, so that a repository host does not show it."""
    if name == "index":
        for caption, pages in SIDEBAR.items():
            source[0] += _toctree(f":caption: {caption}", *pages)
    elif name == "adr/index":
        source[0] += _toctree(":glob:", "0*")


def _toctree(option: str, *pages: str) -> str:
    return "\n".join(["\n```{toctree}", ":hidden:", option, "", *pages, "```\n"])


def setup(app: "Sphinx") -> None:
    """Connects the sidebar; Sphinx calls this."""
    app.connect("source-read", _add_sidebar)
