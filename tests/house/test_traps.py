"""What the program before this one fell into, and the tests that show that this one does not."""

from collections.abc import Mapping

from tests.house.sources import names_of_tests

CRASHES = "tests/harness/test_crash_points.py::"
FAULTS = "tests/harness/test_faults.py::"
SENDING = "tests/flows/test_sending.py::"
VERIFY = "tests/flows/test_verify.py::"
DELETE = "tests/flows/test_delete.py::"
RECOVER = "tests/flows/test_recover.py::"
COMMANDS = "tests/tasks/test_omnitron_commands.py::"
ANSWERS = "tests/tasks/test_channel_commands.py::"
SETTLEMENT = "tests/tasks/test_settlement.py::"

TRAPS: Mapping[str, tuple[str, ...]] = {
    "killed between commit and done": (
        CRASHES + "test_every_crash_point_recovers",
        RECOVER + "test_a_run_that_was_killed_at_the_send_is_recovered",
        "tests/deployments/test_sigkill.py::test_a_killed_run_is_mended_by_recover_and_the_next_run",
    ),
    "one passing trouble of the channel during a send": (
        FAULTS + "test_every_fault_recovers",
        SENDING + "test_a_short_trouble_during_the_send_is_survived",
        SENDING + "test_a_channel_that_dies_during_the_send_fails_the_batch_and_the_run",
    ),
    "accepted, and the answer was lost": (
        FAULTS + "test_every_fault_recovers",
        "tests/clients/test_transport.py::test_a_create_whose_answer_is_lost_is_sent_once",
    ),
    "edited between send and done": (
        FAULTS + "test_an_edit_at_any_moment_is_offered_again",
        SENDING + "test_an_edit_during_a_synchronous_send_is_offered_again_as_an_update",
        SENDING + "test_an_edit_between_send_and_verify_is_offered_again_as_an_update",
    ),
    "a status that is neither counts as success": (
        ANSWERS + "test_another_status_than_success_or_fail_is_an_error_and_no_success",
    ),
    "one product answers 404 at mapping": (
        COMMANDS + "test_unmapped_products_fail_one_by_one",
        "tests/clients/test_omnitron.py::test_a_product_without_a_mapping_is_that_products_failure",
    ),
    "an empty chunk ends the loop": (COMMANDS + "test_an_empty_chunk_does_not_end_the_loop",),
    "the first extra list is empty": (),
    "a later page fails": (FAULTS + "test_every_fault_recovers",),
    "a remote batch is unknown": (
        VERIFY + "test_a_forgotten_batch_has_a_grace",
        VERIFY + "test_a_forgotten_batch_delays_no_other",
    ),
    "a remote batch never finishes": (VERIFY + "test_a_batch_that_never_finishes_is_given_up_after_a_day",),
    "answers that do not fit the batch": (
        SETTLEMENT + "test_what_the_answer_does_not_mention_fails_with_a_message_that_says_so",
        SETTLEMENT + "test_a_line_that_fits_no_object_is_counted_and_harms_nobody",
        SETTLEMENT + "test_the_same_line_twice_counts_once_for_the_object",
        SETTLEMENT + "test_one_remote_id_for_two_objects_binds_neither",
        SETTLEMENT + "test_a_remote_id_that_belongs_to_another_object_binds_neither",
        "tests/tasks/test_bad_answers.py::test_any_results_settle_any_batch",
    ),
    "one order's cargo company is unknown": (),
    "a city or a product is unknown": (),
    "an order number is too long": (),
    "phone or notes are missing": (),
    "amounts are decimals": ("tests/dto/test_bad_values.py::test_money_keeps_its_value",),
    "a create is sent again after a lost answer": (),
    "a refused log-in shows the password": (
        "tests/runs/test_secrets.py::test_a_log_in_that_is_refused_leaves_no_password_in_the_database",
        "tests/clients/test_transport.py::test_no_secret_or_customer_is_in_any_text_whatever_is_answered",
    ),
    "a deletion that succeeds is never closed": (
        DELETE + "test_a_deleted_product_leaves_the_channel_and_all_its_actions",
    ),
    "no cancellation, and the batch is never closed": (),
}

PENDING: frozenset[str] = frozenset(
    {
        "the first extra list is empty",
        "one order's cargo company is unknown",
        "a city or a product is unknown",
        "an order number is too long",
        "phone or notes are missing",
        "a create is sent again after a lost answer",
        "no cancellation, and the batch is never closed",
    }
)
"""Traps that no test shows yet."""


def test_every_trap_is_shown_by_tests_that_exist():
    named = {test for tests in TRAPS.values() for test in tests}
    assert named - names_of_tests() == set()


def test_what_no_test_shows_is_said():
    """The list only gets shorter."""
    assert len(TRAPS) == 21
    assert {trap for trap, tests in TRAPS.items() if not tests} == PENDING
