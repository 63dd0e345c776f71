"""The description of a channel in Omnitron: category tree, attributes, configuration schema."""

from tasks.integration import commands_in

COMMANDS = commands_in(__name__)
