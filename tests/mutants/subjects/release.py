"""Mutants of the end of a batch whose run was stopped."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "flows/release.py",
    tests=("tests/flows/test_sending.py",),
    mutants=(
        Mutant("        if batch.is_open:\n", "        if False:\n"),
        Mutant("        await hub.tell([line])\n", ""),
        Mutant('        run.add_batch(batch, "released")\n', ""),
        Mutant("        await batch.fail()\n", ""),
        Mutant("when = later if costs_attempts else", "when ="),
        Mutant("    except ChannelAppError as second:", "    except ZeroDivisionError as second:"),
        Mutant(
            "            await _release(run, hub, batch, error)\n        raise",
            "            await _release(run, hub, batch, error)",
        ),
    ),
)
