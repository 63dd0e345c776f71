"""Mutants of the refusal to send credentials in clear."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "clients/prefect_address.py",
    tests=("tests/clients/test_prefect_address.py",),
    mutants=(
        Mutant('address.scheme != "http" or ', ""),
        Mutant("is_loopback(address.host) or ", ""),
        Mutant(" or _LABEL.fullmatch(address.host)", ""),
        Mutant("reads_secrets or api.auth_string", "api.auth_string"),
        Mutant("api.auth_string or ", ""),
        Mutant("api.key or ", ""),
        Mutant(" or address.userinfo", ""),
        Mutant("{address.copy_with(userinfo=b'')}", "{url}"),
        Mutant("(?i)[a-z][a-z0-9_-]*", "(?i)[a-z0-9_-]+"),
        Mutant("_LABEL.fullmatch(", "_LABEL.match("),
    ),
)
