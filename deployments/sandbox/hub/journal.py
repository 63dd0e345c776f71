"""Every create that must not happen twice, as clients asked for it."""

from collections import Counter
from collections.abc import Hashable
from typing import Literal, NamedTuple

Deed = Literal["order", "cancel", "request"]


class Post(NamedTuple):
    """A create that a client asked for.

    `subject` is what must not happen twice: an order's remote id, a cancelled item's key, a request's remote id.
    """

    deed: Deed
    subject: Hashable
    is_accepted: bool


class Journal:
    """Every order, cancellation and request that clients have asked for, the refused ones included."""

    def __init__(self) -> None:
        self.posts: list[Post] = []

    def note(self, deed: Deed, *subjects: Hashable, is_accepted: bool) -> None:
        self.posts += [Post(deed, subject, is_accepted) for subject in subjects]

    def asked(self, deed: Deed) -> Counter[Hashable]:
        """How often each was asked for."""
        return Counter(post.subject for post in self.posts if post.deed == deed)

    def accepted(self, deed: Deed) -> Counter[Hashable]:
        """How often each was done: more than once is a duplicate."""
        return Counter(post.subject for post in self.posts if post.deed == deed and post.is_accepted)
