"""The table of habits and the connectors for them."""

from deployments.sandbox.market.habits import HABITS
from tests.habits.cases import CASES, SIGNING


def test_every_habit_has_a_connector() -> None:
    assert {habit for case in CASES for habit in case.habits} | SIGNING.keys() == HABITS.keys()
