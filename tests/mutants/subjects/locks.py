"""Mutants of what may be installed: every package with its hashes."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "deployments/requirements.lock",
    tests=(
        "tests/house/test_lock.py::test_a_lock_holds_packages_with_hashes_and_nothing_else",
        "tests/house/test_lock.py::test_a_container_holds_the_same_versions_and_no_tool_for_developers",
    ),
    mutants=(
        Mutant("", "unhashed-package==1.0\n"),
        Mutant("", f"hashed-elsewhere==1.0 \\\n    --hash=sha256:{'0' * 64}\n"),
        Mutant("", "--extra-index-url https://packages.example.com/\n"),
    ),
)
