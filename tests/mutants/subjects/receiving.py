"""Mutants of the receiving pipeline."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "flows/receiving.py",
    tests=("tests/flows/test_orders.py", "tests/tasks/test_cancellation_requests.py"),
    mutants=(
        Mutant("days=min(days, channel.max_lookback_days)", "days=days"),
        Mutant("        if days < 0:", "        if False:"),
        Mutant("            await self._record(batch, error)\n", ""),
        Mutant("BatchRequestStatus.fail if initialized else BatchRequestStatus.done", "BatchRequestStatus.done"),
        Mutant("if unreached and len(unreached) == len(arrivals):", "if unreached:"),
        Mutant("if unreached and len(unreached) == len(arrivals):", "if False:"),
        Mutant("if leaves is None or leaves - self.run.runtime.clock.now() > LAST_CHANCE:", "if True:"),
        Mutant("if leaves is None or leaves - self.run.runtime.clock.now() > LAST_CHANCE:", "if leaves is None:"),
        Mutant("        if places:\n", "        if False:\n"),
        Mutant("        if batch is not None and batch.pk is not None:\n", "        if batch is not None:\n"),
        Mutant("if entry.is_acknowledged is False]", "if True]", tests=("tests/flows/test_acknowledging.py",)),
        Mutant(
            "if not waiting or not self.channel.can(AcknowledgeOrders):",
            "if not waiting:",
            tests=("tests/flows/test_acknowledging.py",),
        ),
    ),
)
