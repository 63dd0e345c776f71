"""Mutants of the passes of a sending flow."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "flows/sending.py",
    tests=("tests/flows/test_sending.py", "tests/flows/test_offers.py"),
    mutants=(
        Mutant("if not pipeline.is_reading:", "if False:"),
        Mutant("                unread.append(error)\n", ""),
        Mutant("            run.reason = no_list", "            pass"),
        Mutant("        run.require(connector, *(sending.send for sending in sendings))\n", ""),
    ),
)
