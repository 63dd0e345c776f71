"""Products and what belongs to them: prices, stocks, images, categories, mappings."""

from tasks.integration import commands_in

COMMANDS = commands_in(__name__)
