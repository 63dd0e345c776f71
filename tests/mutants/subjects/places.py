"""Mutants of the search for places."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "tasks/omnitron/orders/places.py",
    tests=("tests/tasks/test_addresses.py", "tests/tasks/test_texts_of_orders.py"),
    mutants=(
        Mutant("(*self._by_name(name), self._by_mapping(name))", "self._by_name(name)"),
        Mutant("        if len(fitting) == 1:\n            return fitting\n", ""),
        Mutant("for spelling in spellings(name)[1:]:", "for spelling in []:"),
        Mutant("return fitting or several", "return fitting[:1]"),
        Mutant('{**self.parents, **ACTIVE, "sort": "id"}', '{**ACTIVE, "sort": "id"}'),
        Mutant("self._remote_code(tidy(name))", "self._remote_code(name)"),
        Mutant('comparable(problem.report["remote_code"])', 'problem.report["remote_code"]'),
    ),
)
