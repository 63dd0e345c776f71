"""The batch journal: batches, integration actions, reports, and the reading of due objects."""

from tasks.integration import commands_in

COMMANDS = commands_in(__name__)
