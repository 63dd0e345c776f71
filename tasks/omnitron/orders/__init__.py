"""Orders in both directions, with their customers, addresses, places and cargo companies."""

from tasks.integration import commands_in

COMMANDS = commands_in(__name__)
