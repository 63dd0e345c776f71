"""Reports on the state of a channel. Nothing here writes."""

from tasks.integration import commands_in

COMMANDS = commands_in(__name__)
