"""Mutants of the comparison of what was sent with what the channel lists."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "tasks/omnitron/catalogue/listing_comparison.py",
    tests=("tests/flows/test_compare_listing.py",),
    mutants=(
        Mutant("ListingState.rejected: ComparisonResult.rejected", "ListingState.rejected: ComparisonResult.delisted"),
        Mutant("if not is_wanted or self._counts_as_failed(sent):", "if not is_wanted:"),
        Mutant("if not is_wanted or self._counts_as_failed(sent):", "if self._counts_as_failed(sent):"),
        Mutant("if item.state is ListingState.delisted and not is_wanted:", "if False:"),
        Mutant(" and not is_edited", ""),
        Mutant("if not self._has_prices:", "if False:"),
        Mutant("if not self._has_stocks:", "if False:"),
        Mutant('f"{item.state}: {item.message}" if item.message else item.state', "item.state"),
    ),
)
