"""The traps that caught the Celery version, and the tests that show that this program avoids them."""

from collections.abc import Mapping

from tests.house.sources import names_of_tests

CRASHES = "tests/harness/test_crash_points.py::"
FAULTS = "tests/harness/test_faults.py::"
SENDING = "tests/flows/test_sending.py::"
VERIFY = "tests/flows/test_verify.py::"
DELETE = "tests/flows/test_delete.py::"
RECOVER = "tests/flows/test_recover.py::"
OFFERS = "tests/flows/test_offers.py::"
ORDERS = "tests/tasks/test_orders.py::"
IMPORTS = "tests/flows/test_orders.py::"
CANCELLATIONS = "tests/tasks/test_cancellations.py::"
COMMANDS = "tests/tasks/test_omnitron_commands.py::"
ANSWERS = "tests/tasks/test_channel_commands.py::"
SETTLEMENT = "tests/tasks/test_settlement.py::"

TRAPS: Mapping[str, tuple[str, ...]] = {
    "killed between commit and done": (
        CRASHES + "test_every_crash_point_recovers",
        RECOVER + "test_a_run_that_was_killed_at_the_send_is_recovered",
        "tests/deployments/test_sigkill.py::test_a_killed_run_is_mended_by_recover_and_the_next_run",
    ),
    "a short failure of the channel during a send": (
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
    "the first extra list is empty": (OFFERS + "test_first_extra_stock_list_empty_keeps_no_later_warehouse_waiting",),
    "a later page fails": (
        FAULTS + "test_every_fault_recovers",
        OFFERS + "test_a_page_that_fails_once_is_asked_for_again",
    ),
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
    "one order's cargo company is unknown": (
        ORDERS + "test_unknown_cargo_company_in_one_order_stops_that_order_alone",
        IMPORTS + "test_five_poison_orders_among_a_hundred_keep_no_other_out",
    ),
    "a city or a product is unknown": (
        "tests/tasks/test_addresses.py::test_unknown_city_or_other_place_is_said_by_kind_and_makes_no_address",
        ORDERS + "test_unknown_product_is_named_and_nothing_is_made",
        IMPORTS + "test_unknown_city_is_reported_once_per_run_for_the_merchant_to_map",
    ),
    "an order number is too long": (
        ORDERS + "test_number_longer_than_128_is_refused_and_the_order_with_that_prefix_not_touched",
    ),
    "phone or notes are missing": (
        ORDERS + "test_optional_phone_or_notes_missing_keeps_no_order_out",
        IMPORTS + "test_optional_fields_missing_altogether_keep_no_order_out",
    ),
    "amounts are decimals": (
        "tests/dto/test_bad_values.py::test_money_keeps_its_value",
        IMPORTS + "test_amounts_are_the_same_on_market_and_hub_to_the_cent",
    ),
    "a create is sent again after a lost answer": (
        ORDERS + "test_lost_response_to_a_post_makes_one_order",
        CANCELLATIONS + "test_lost_response_to_a_post_cancels_once",
        IMPORTS + "test_an_order_made_while_its_answer_was_lost_is_made_once",
        RECOVER + "test_a_lost_answer_to_the_creation_of_a_batch_costs_the_run_nothing",
    ),
    "a refused log-in shows the password": (
        "tests/runs/test_secrets.py::test_a_log_in_that_is_refused_leaves_no_password_in_the_database",
        "tests/clients/test_transport.py::test_no_secret_or_customer_is_in_any_text_whatever_is_answered",
    ),
    "a deletion that succeeds is never closed": (
        DELETE + "test_a_deleted_product_leaves_the_channel_and_all_its_actions",
    ),
    "no cancellation, and the batch is never closed": (
        CANCELLATIONS + "test_cancellations_when_idle_make_no_batch_and_no_write",
    ),
}


def test_the_tests_of_every_trap_exist():
    named = {test for tests in TRAPS.values() for test in tests}
    assert named - names_of_tests() == set()


def test_no_trap_is_left_out():
    """Twenty traps, the last one in two parts."""
    assert len(TRAPS) == 21
    assert [trap for trap, tests in TRAPS.items() if not tests] == []
