"""Mutants of the end of batches that nobody owns."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "flows/recover.py",
    tests=("tests/flows/test_recover.py", "tests/flows/test_orders.py"),
    mutants=(
        Mutant("return []  # not all of it is known", "continue  # not all of it is known"),
        Mutant(
            "if fresh.status not in OPEN_LOCALLY or fresh.modified_date != row.modified_date:",
            "if fresh.status not in OPEN_LOCALLY:",
        ),
        Mutant("if fresh.status not in OPEN_LOCALLY or fresh.modified_date != row.modified_date:", "if False:"),
        Mutant("if age >= patience else", "if True else"),
        Mutant("if age >= patience else", "if age > patience else"),
        Mutant(
            "if not any(action.content_type.model == ContentType.order_item for action in actions):", "if not actions:"
        ),
        Mutant("CHANNEL_APP_OLDER_THAN if older_than is None else older_than", "CHANNEL_APP_OLDER_THAN"),
        Mutant("    except RefusedError as error:", "    except ZeroDivisionError as error:"),
        Mutant("        batch.take_members(bindings)\n", ""),
        Mutant("    await hub.tell([reports", "    ([reports"),
        Mutant("        await batch.fail()\n", "        pass\n"),
        Mutant(", settled=True)", ")"),
        Mutant("statuses=OPEN_LOCALLY)", 'statuses=(*OPEN_LOCALLY, "sent_to_remote"))'),
    ),
)
