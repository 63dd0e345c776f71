"""The controls that keep secrets, customers and strangers apart: the tests of each, and the mutants that prove these tests."""

import ast
from collections.abc import Collection, Mapping
from typing import NamedTuple

import pytest

from tests.house.sources import ROOT, names_of_tests, place, tree_of
from tests.mutants.table import Case, cases

BINARY_FORMS = {"cPickle", "cloudpickle", "dill", "jsonpickle", "marshal", "pickle", "shelve"}
"""Modules whose reading runs what was written."""
PROGRAM = ("dto", "clients", "tasks", "flows", "deployments")

TRANSPORT = "tests/clients/test_transport.py::"
CONNECTIONS = "tests/clients/test_connections.py::"
SIGNATURES = "tests/deployments/test_webhook_signatures.py::"
WEBHOOK = "tests/deployments/test_webhook.py::"
SCHEMES = "tests/deployments/test_webhook_schemes.py::"
REDACTION = "tests/clients/test_redaction.py::"
SETTINGS = "tests/clients/test_settings.py::"
LOG = "tests/tasks/test_log.py::"
PATHS = "tests/clients/test_bad_paths.py::"
SANITIZING = "tests/tasks/test_sanitizing.py::"


class Control(NamedTuple):
    """The tests of a control, and the damages that they notice: files, and a part of what a mutant of each takes away, or of
    what it adds at the end."""

    tests: tuple[str, ...]
    mutants: tuple[tuple[str, str], ...]


CONTROLS: Mapping[str, Control] = {
    "secrets are masked where text is made": Control(
        (
            "tests/runs/test_secrets.py::test_no_fault_takes_a_secret_anywhere",
            "tests/deployments/test_secrets.py::test_served_runs_and_commands_leave_no_secret_anywhere",
            TRANSPORT + "test_no_secret_or_customer_is_in_any_text_whatever_is_answered",
            REDACTION + "test_a_learned_secret_is_masked_however_it_is_written",
            LOG + "test_lines_and_tracebacks_are_masked",
            SANITIZING + "test_an_error_takes_no_secret_along",
            "tests/clients/test_omnitron.py::test_the_password_and_the_key_are_learnt_by_the_redactor",
        ),
        (
            ("clients/redaction.py", "text = text.replace(secret, MASK)"),
            ("clients/log_in.py", "self._redactor.learn(key.value)"),
            ("clients/runtime.py", "self.redactor.learn(secret"),
            ("tasks/log.py", "record.exc_text"),
            ("tasks/sanitizing.py", "error.__cause__"),
        ),
    ),
    "a secret that a quotation cuts in half is not shown": Control(
        (
            REDACTION + "test_what_is_cut_in_half_where_the_reading_ends_is_not_shown",
            TRANSPORT + "test_a_secret_that_is_cut_at_the_end_of_a_quotation_is_not_shown_by_half",
        ),
        (("clients/redaction.py", "MARGIN = 200"), ("clients/redaction.py", "text[: -self._margin]")),
    ),
    "customers are in no log": Control(
        (
            "tests/flows/test_personal_data.py::test_nothing_of_a_buyer_is_told_whatever_goes_wrong",
            "tests/runs/test_personal_data.py::test_runs_that_bring_orders_in_or_fail_leave_no_buyer_in_the_database",
            TRANSPORT + "test_a_customer_in_a_query_is_not_logged",
            REDACTION + "test_a_field_is_masked_by_its_name",
            REDACTION + "test_an_e_mail_address_is_masked",
            REDACTION + "test_a_phone_number_is_masked",
            SANITIZING + "test_an_error_that_nobody_foresaw_names_its_place",
        ),
        (
            ("clients/redaction.py", "_PERSONAL_FIELD.sub"),
            ("clients/redaction.py", "_EMAIL.sub"),
            ("clients/redaction.py", "_PHONE.sub"),
            ("clients/calls.py", "self.path.partition"),
            ("tasks/sanitizing.py", "{place_of(error)}"),
        ),
    ),
    "no flow and no task takes a secret": Control(
        (
            "tests/house/test_flows.py::test_a_flow_takes_no_secret",
            "tests/house/test_flows.py::test_a_task_takes_an_envelope_alone",
        ),
        (("flows/verify.py", "verify_open_batches(is_success_log"), ("tasks/prefect_tasks.py", "envelope: Envelope")),
    ),
    "certificates are verified": Control(
        (CONNECTIONS + "test_a_certificate_that_nobody_vouches_for_ends_the_connection",),
        (("clients/connections.py", "ssl=self.ssl_context"),),
    ),
    "credentials travel by https, or stay on this machine": Control(
        (
            SETTINGS + "test_any_other_address_is_refused",
            SETTINGS + "test_userinfo_is_refused_and_not_repeated",
            "tests/tasks/test_channel_commands.py::test_the_sandbox_connector_needs_a_base_url",
        ),
        (
            ("clients/settings.py", 'parts.scheme == "http"'),
            ("clients/settings.py", "is_loopback"),
            ("tasks/channel/conf.py", "AfterValidator(checked_url)"),
        ),
    ),
    "no proxy and no cookie of somebody else": Control(
        (
            CONNECTIONS + "test_a_proxy_of_the_environment_is_not_used",
            CONNECTIONS + "test_cookies_are_not_sent_back",
        ),
        (
            ("clients/connections.py", "trust_env=False"),
            ("clients/connections.py", "DummyCookieJar"),
            ("clients/transport.py", "allowed_domains=()"),
        ),
    ),
    "credentials follow no redirect, and no path to another host": Control(
        (
            TRANSPORT + "test_a_redirect_is_not_followed",
            TRANSPORT + "test_a_call_to_another_host_is_not_sent",
            PATHS + "test_a_path_stays_below_its_base",
        ),
        (("clients/transport.py", "follow_redirects=False"), ("clients/paths.py", "|//|[^#]*#")),
    ),
    "refused credentials end a run": Control(
        (
            "tests/flows/test_verify.py::test_a_channel_that_refuses_the_credentials_fails_the_run",
            "tests/clients/test_omnitron.py::test_a_refused_log_in_is_tried_exactly_once",
        ),
        (
            ("flows/verify.py", "except (AuthError, HeldBackError):"),
            ("clients/log_in.py", "self._failure is not None"),
        ),
    ),
    "a webhook is signed, over its id, time and body": Control(
        (
            SIGNATURES + "test_no_request_that_was_changed_on_its_way_is_accepted",
            SIGNATURES + "test_the_parts_of_what_is_signed_cannot_be_moved",
        ),
        (
            ("deployments/signatures.py", ".encode() + body"),
            ("deployments/signatures.py", "for given in candidates) > 0"),
        ),
    ),
    "signatures are compared in constant time": Control(
        (SIGNATURES + "test_signatures_are_compared_in_constant_time",),
        (("deployments/signatures.py", "hmac.compare_digest(good, given)"),),
    ),
    "without a key nobody is let in": Control(
        (WEBHOOK + "test_without_a_key_nobody_is_let_in",),
        (("deployments/signatures.py", "if not self._keys"), ("deployments/signatures.py", ">= SHORTEST_SECRET")),
    ),
    "a signature holds for 300 seconds": Control(
        (SIGNATURES + "test_a_timestamp_holds_for_five_minutes",),
        (("deployments/signatures.py", "> WINDOW"), ("deployments/signatures.py", "WINDOW = 300")),
    ),
    "an event is booked once, and its id is good for one body": Control(
        (
            "tests/deployments/test_booking_receipts.py::test_another_body_under_a_used_id_books_nothing",
            "tests/deployments/test_booking_receipts.py::test_an_event_that_comes_again_has_the_same_key",
            "tests/deployments/test_webhook_prefect.py::test_of_several_bodies_at_once_one_gets_the_id",
        ),
        (("deployments/booking.py", "if digest not in"), ("deployments/booking.py", "self._leave_receipt(event)")),
    ),
    "an event in a marketplace's own form is verified, and sent again it starts nothing": Control(
        (
            SCHEMES + "test_a_body_that_was_altered_is_refused",
            SCHEMES + "test_an_event_that_is_sent_again_starts_nothing_new",
        ),
        (("clients/webhooks.py", "digest = hmac_sha256(key, body)"), ("deployments/deliveries.py", "// WINDOW")),
    ),
    "nothing unverified is parsed": Control(
        (SIGNATURES + "test_what_is_not_verified_is_not_parsed", WEBHOOK + "test_without_a_key_nobody_is_let_in"),
        (("deployments/webhook.py", "return Gate(app"), ("deployments/signatures.py", "OPEN_PATHS")),
    ),
    "a webhook's body has at most 1 MiB": Control(
        (
            SIGNATURES + "test_a_body_is_not_read_beyond_its_limit",
            SIGNATURES + "test_a_body_that_claims_to_be_larger_is_not_read_at_all",
        ),
        (("deployments/signatures.py", "len(body) > BODY_LIMIT"), ("deployments/signatures.py", "BODY_LIMIT = ")),
    ),
    "two keys are good while they change": Control(
        (WEBHOOK + "test_both_keys_are_good_while_they_change",),
        (("deployments/webhook.py", "keys=settings.secrets"), ("deployments/signatures.py", "for key in keys]")),
    ),
    "an answer has a largest size, packed or not": Control(
        (
            TRANSPORT + "test_an_answer_above_the_size_cap_is_not_read_to_its_end",
            CONNECTIONS + "test_a_few_bytes_do_not_fill_the_memory",
        ),
        (("clients/transport.py", "bounded(response"), ("clients/unpacking.py", "bounded(_unpacked")),
    ),
    "ids are encoded in paths and queries": Control(
        (
            TRANSPORT + "test_query_values_are_encoded",
            PATHS + "test_other_names_are_encoded",
            "tests/tasks/test_sandbox_connector.py::test_a_name_in_a_path_stays_one_part_of_it",
        ),
        (("clients/transport.py", "urlencode("), ("clients/paths.py", "quote(name")),
    ),
    "all problems of the settings are said at once, at start": Control(
        (
            SETTINGS + "test_missing_and_wrong_settings_are_reported_together",
            WEBHOOK + "test_it_does_not_start_with_settings_that_are_missing_or_wrong",
        ),
        (("clients/settings.py", "for row in error.errors"),),
    ),
    "JSON alone is read": Control(
        ("tests/house/test_controls.py::test_the_program_reads_no_form_that_runs_what_was_written",),
        (("clients/clock.py", "import pickle"), ("clients/clock.py", "from marshal import")),
    ),
    "control characters are escaped": Control(
        (
            REDACTION + "test_control_characters_are_escaped",
            TRANSPORT + "test_a_server_cannot_forge_lines_of_the_log",
            WEBHOOK + "test_a_line_of_the_log_cannot_be_forged",
        ),
        (
            ("clients/redaction.py", "text = visible(text)"),
            ("clients/redaction.py", "visible_line(self.text"),
            ("deployments/signatures.py", "unicode_escape"),
        ),
    ),
    "dependencies are pinned with hashes": Control(
        (
            "tests/house/test_lock.py::test_a_lock_holds_packages_with_hashes_and_nothing_else",
            "tests/house/test_lock.py::test_a_container_holds_the_same_versions_and_no_tool_for_developers",
        ),
        (("deployments/requirements.lock", "unhashed-package"), ("deployments/requirements.lock", "--extra-index-url")),
    ),
    "imports go one way": Control(
        ("tests/house/test_imports.py::test_imports_go_one_way",),
        (("clients/clock.py", "import tasks.batch"),),
    ),
    "one buyer's address is not another's": Control(
        ("tests/tasks/test_addresses.py::test_the_address_of_another_customer_is_not_taken_for_this_one",),
        (("tasks/omnitron/orders/addresses.py", "row.customer in"),),
    ),
}


def test_the_tests_of_every_control_exist() -> None:
    named = {test for control in CONTROLS.values() for test in control.tests}
    assert sorted(named - names_of_tests()) == []


@pytest.mark.parametrize("control", CONTROLS)
def test_every_control_has_mutants(control: str) -> None:
    """One of its own tests has to fail without it: `make mutants` shows that."""
    tests, wanted = CONTROLS[control]
    assert wanted
    assert [damage for damage in wanted if not any(_is_noticed(case, damage, tests) for case in cases())] == []


def _is_noticed(case: Case, damage: tuple[str, str], tests: Collection[str]) -> bool:
    """Whether a mutant does this damage, and runs against a test among these."""
    file, part = damage
    changed = case.mutant.text or case.mutant.replacement
    run = [test for test in tests if any(test == each or test.startswith(f"{each}::") for each in case.tests)]
    return case.file == file and part in changed and not case.mutant.survives and bool(run)


def test_the_program_reads_no_form_that_runs_what_was_written() -> None:
    """Only Prefect's own results are pickled, and no flow keeps one."""
    found = [
        place(path, node.lineno)
        for folder in PROGRAM
        for path in sorted((ROOT / folder).rglob("*.py"))
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Import | ast.ImportFrom) and BINARY_FORMS & _imported(node)
    ]
    assert found == []


def _imported(node: ast.Import | ast.ImportFrom) -> set[str]:
    names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else [node.module or ""]
    return {name.partition(".")[0] for name in names}
