"""Mutants of the turns in which runs log in."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "clients/log_in_turns.py",
    tests=(
        "tests/flows/test_outages.py::test_a_run_does_not_wait_for_the_turn_that_it_has_itself",
        "tests/flows/test_outages.py::test_a_turn_whose_run_has_died_is_free_after_its_time",
        "tests/flows/test_outages.py::test_a_run_that_never_gets_its_turn_is_skipped_and_says_why",
        "tests/flows/test_outages.py::test_a_turn_that_was_taken_over_is_not_given_back_by_its_first_run",
        "tests/flows/test_outages.py::test_a_value_that_somebody_else_wrote_is_no_turn",
        "tests/flows/test_outages.py::test_twelve_runs_of_one_second_try_a_wrong_password_once",
    ),
    mutants=(
        Mutant("        await self.give_back(variables)  # a turn", "        # a turn"),
        Mutant("            if not is_mine and _is_over(known, now):\n", "            if False:\n"),
        Mutant("return _Lease.model_validate(value).until < now", "return True"),
        Mutant(
            "    except ValidationError:\n        return True\n", "    except ValidationError:\n        return False\n"
        ),
        Mutant(
            'delete_value(self._name, self._lease.model_dump(mode="json"))',
            "delete_value(self._name, (await variables.read(self._name)).get(self._name))",
        ),
        Mutant("POLLS = 45", "POLLS = 20"),
    ),
)
