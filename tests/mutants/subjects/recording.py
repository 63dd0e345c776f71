"""Mutants of what is recorded before the channel's whole answer is there."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "tasks/omnitron/journal/recording.py",
    tests=("tests/flows/test_sending.py",),
    mutants=(
        Mutant('"version_date": version, ', ""),
        Mutant('"remote_id": member.remote_id, ', ""),
        Mutant('"status": IntegrationActionStatus.success', '"status": IntegrationActionStatus.processing'),
        Mutant("        batch.drop(member.object_key)\n", "        pass\n"),
        Mutant("    return sum(member.content_type == batch.content_type for member in recorded)\n", "    return 0\n"),
        Mutant("[member for member in batch.members.values() if member.settled]", "list(batch.of_type())"),
    ),
)
