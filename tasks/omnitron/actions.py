"""All commands of Omnitron's side, by key."""

from tasks.integration import Actions
from tasks.omnitron import catalogue, journal, orders, overview, setup

ACTIONS: Actions = {
    **journal.COMMANDS,
    **catalogue.COMMANDS,
    **orders.COMMANDS,
    **setup.COMMANDS,
    **overview.COMMANDS,
}
