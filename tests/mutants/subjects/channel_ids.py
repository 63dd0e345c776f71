"""Mutants of the look-up of the channel's ids."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "tasks/omnitron/catalogue/channel_ids.py",
    tests=("tests/flows/test_channel_ids.py",),
    mutants=(
        Mutant("if problem and rules.is_required:", "if False:"),
        Mutant("if problem and rules.is_required:", "if problem:"),
        Mutant("if nodes and all(node.remote_id is None for node in nodes):", "if False:"),
        Mutant("if value_id is None and not rules.is_custom:", "if value_id is None:"),
        Mutant("value_id = bound.pop() if len(bound) == 1 else None", "value_id = bound.pop() if bound else None"),
        Mutant(
            "rows = self._by_label.find(label) if isinstance(label, str) else []", "rows: list[AttributeValue] = []"
        ),
        Mutant("return [row for row in rows if row.value == value] or rows", "return rows"),
        Mutant(
            'await self.integration.once(("channel\'s ids", attribute), lambda: self._read(attribute))',
            "await self._read(attribute)",
        ),
        Mutant("rows = [row for row in values if row.attribute == attribute]", "rows = values"),
    ),
)
