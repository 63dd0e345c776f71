"""Mutants of reading the channel page by page."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "flows/reading.py",
    tests=("tests/flows/test_reading.py", "tests/flows/test_orders.py"),
    mutants=(
        Mutant('self.run.irregularities["duplicated"] += 1', "pass"),
        Mutant("            if content in self._rows:\n", "            if False:\n"),
        Mutant("rows[0] if len(rows) == 1 else (listing.joined or not_joined)(rows)", "rows[-1]"),
        Mutant(
            "                    await self._hand_over(take, together)\n                    raise\n",
            "                    raise\n",
        ),
        Mutant("        if page in self._pages:\n", "        if False:\n"),
        Mutant("            if key in self._taken:\n", "            if False:\n"),
        Mutant("                if key not in self._apart:\n", "                if True:\n"),
        Mutant("waits = self._rows_are_lines or self._listing.waits(item)", "waits = self._listing.waits(item)"),
        Mutant("waits = self._rows_are_lines or self._listing.waits(item)", "waits = self._rows_are_lines"),
        Mutant("        self._new |= self._waiting\n", ""),
        Mutant("+= key not in self._things  # once", "+= 1  # once"),
        Mutant(
            "            if isinstance(page, Continuation):\n                await page.aclose()\n",
            "            pass\n",
        ),
    ),
)
