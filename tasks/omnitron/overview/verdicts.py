"""The cases of a product that is or is not on sale, each with its sentence. The first that applies is the answer."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from dto.batch_states import OPEN_LOCALLY, OPEN_REMOTELY
from dto.enums import IntegrationActionStatus, ListingState
from dto.explanation import BatchStanding, ListedStanding, ObjectStanding, Verdict
from dto.omnitron import Channel, Product
from tasks.omnitron.catalogue.goods import SIMPLE
from tasks.omnitron.kinds import KINDS


@dataclass(frozen=True, slots=True)
class Facts:
    """The data about one product."""

    name: str
    """The name by which the user asked for it."""
    moment: datetime
    """By Omnitron's clock."""
    channel: Channel
    product: Product | None
    own: ObjectStanding | None
    """The product's own state; None if neither the product nor an action of it exists."""
    offers: Sequence[ObjectStanding] = ()
    removal: ObjectStanding | None = None
    """The state of its removal from the channel, if one was begun."""
    batch: BatchStanding | None = None
    has_category: bool | None = None
    """Whether it is in a category of the channel's tree; None if that was not read."""
    listed: ListedStanding | None = None
    older_than: float = 900.0

    @property
    def status(self) -> IntegrationActionStatus | None:
        return self.own.status if self.own else None

    @property
    def is_gone(self) -> bool:
        """Whether it no longer belongs on the channel."""
        return self.product is None or self.product.is_active is False

    @property
    def is_due(self) -> bool:
        """Whether a due list holds it now."""
        return self.own is not None and self.own.due is not None

    @property
    def is_live(self) -> bool:
        """Whether buyers can see it, as far as the channel tells."""
        return self.listed is None or self.listed.state in (None, ListingState.live)

    @property
    def is_edited(self) -> bool:
        """Whether it changed after the version of its action."""
        own = self.own
        return bool(own and own.version_date and own.modified_date and own.modified_date > own.version_date)


def judge(facts: Facts) -> tuple[Verdict, str]:
    """The verdict, and the sentence that explains it."""
    return next((verdict, sentence(facts)) for verdict, applies, sentence in CASES if applies(facts))


# -- sentences ---------------------------------------------------------------------------------------------------------


def _unknown(facts: Facts) -> str:
    on_channel = ""
    if facts.listed is not None:
        on_channel = (
            f" The channel lists it nevertheless ({_remote(facts.listed.remote_id)}): somebody else put it there."
        )
    return (
        f"{facts.name} is not in Omnitron, which has no such product and no record of one on the channel: check its "
        f"spelling, or whether it was ever entered.{on_channel}"
    )


def _switched_off(facts: Facts) -> str:
    channel = facts.channel
    return (
        f"{facts.name} stays unchanged ({facts.status or 'never sent'}), because channel {channel.pk} `{channel.name}` is "
        "switched off in Omnitron: no flow does anything until it is switched on there."
    )


def _deleted(facts: Facts) -> str:
    what = "was deleted in Omnitron" if facts.product is None else "is switched off in Omnitron"
    removal, own = facts.removal, facts.own
    remote = _remote(own.remote_id if own else None)
    if removal is not None and removal.status is IntegrationActionStatus.processing:
        return f"{facts.name} {what} and is being taken off the channel ({remote}): a batch holds it."
    if own is not None and own.due:
        return f"{facts.name} {what} and waits for the next run of delete_products, which takes it off the channel ({remote})."
    if removal is not None and removal.status is IntegrationActionStatus.error:
        return f"{facts.name} {what}, but taking it off the channel ({remote}) failed {_because(removal)}; {_next(removal)}."
    if facts.status is IntegrationActionStatus.processing:
        return f"{facts.name} {what} while {_batch(facts)} held it; delete_products takes it off when that batch has ended."
    return f"{facts.name} {what}, and no removal is due: as far as Omnitron knows, the channel does not have it."


def _waiting(facts: Facts) -> str:
    batch = facts.batch
    assert batch is not None  # noqa: S101  # the case says so
    return (
        f"{facts.name} has been waiting for the channel's answer since {_moment(batch.since)} ({_batch(facts)}): "
        f"`channel-app verify` asks for it.{_with_it(facts)}"
    )


def _in_work(facts: Facts) -> str:
    batch = facts.batch
    if batch is None or batch.status is None:
        return f"{facts.name} is processing in {_batch(facts)}: look that batch up in Omnitron."
    if batch.status not in OPEN_LOCALLY:
        return (
            f"{facts.name} is processing, but {_batch(facts)} has ended: it never becomes due again. Ask Omnitron's operator "
            "to end its integration action."
        )
    if (batch.age or 0.0) > facts.older_than:
        return (
            f"{facts.name} is held by {_batch(facts)}, untouched since {_moment(batch.since)}: its run has died. Run "
            f"`channel-app recover`.{_with_it(facts)}"
        )
    return f"{facts.name} is being sent: {_batch(facts)} was touched at {_moment(batch.since)}.{_with_it(facts)}"


def _not_live(facts: Facts) -> str:
    own, listed = facts.own, facts.listed
    assert own is not None and listed is not None  # noqa: S101, PT018  # the case says so
    sent = f"{facts.name} was sent ({_remote(own.remote_id)}) in the version of {_moment(own.version_date)}"
    why = f": {listed.message.rstrip('.')}" if listed.message else ""
    if listed.state is ListingState.in_review:
        return f"{sent}, and the channel is still looking at it{why}: there is nothing to do yet."
    deed = "rejected it" if listed.state is ListingState.rejected else "taken it off the market"
    return f"{sent}, but the channel has {deed} since{why}. Correct that, then `channel-app resend {facts.name}`."


def _on_sale(facts: Facts) -> str:
    own = facts.own
    assert own is not None  # noqa: S101  # the case says so
    problems = [problem for offer in facts.offers if (problem := _problem(offer))]
    but = f", but {'; '.join(problems)}" if problems else ""
    return f"{facts.name} is on sale ({_remote(own.remote_id)}) in the version of {_moment(own.version_date)}{but}."


def _edited(facts: Facts) -> str:
    own = facts.own
    assert own is not None  # noqa: S101  # the case says so
    on_sale = f"{facts.name} is on sale ({_remote(own.remote_id)}) in the version of {_moment(own.version_date)}"
    if own.due:
        return (
            f"{on_sale}; it was edited at {_moment(own.modified_date)} and waits for the next run of update_products."
        )
    return (
        f"{on_sale}; it was edited at {_moment(own.modified_date)}, but that version is not due now: a batch that held it was "
        "given up, so it becomes due after RETRY_INTERVAL, or its attempts are used up."
    )


def _due(facts: Facts) -> str:
    own = facts.own
    assert own is not None  # noqa: S101  # the case says so
    flow = "insert_products" if own.due == "inserts" else "update_products"
    before = ""
    if own.status is IntegrationActionStatus.error:
        before = f" It failed {_because(own)}, and has been edited since."
    return f"{facts.name} is due and waits for the next run of {flow}.{before}"


def _failed(facts: Facts) -> str:
    own = facts.own
    assert own is not None  # noqa: S101  # the case says so
    waiting = _names([offer for offer in facts.offers if offer.due == "inserts"])
    after = f" Waiting until it has been sent, at no cost of attempts: {waiting}." if waiting else ""
    return f"{facts.name} {_kept(own)}failed {_because(own)}; {_next(own)}.{after}"


def _abandoned(facts: Facts) -> str:
    own = facts.own
    assert own is not None  # noqa: S101  # the case says so
    return (
        f"{facts.name} {_kept(own)}failed {_because(own)}, and its attempts are used up: it was last tried at "
        f"{_moment(own.last_try)}, and is no longer due. Correct that, then `channel-app resend {facts.name}`."
    )


def _not_offered(facts: Facts) -> str:
    product = facts.product
    if product is not None and product.product_type not in SIMPLE:
        why = f"it is of product type {product.product_type}, and only simple products (0) are sent: sell its variants"
    elif product is not None and product.is_active is False:
        why = "it is switched off in Omnitron: switch it on there"
    elif facts.has_category is False:
        why = "it is in no category of the channel's tree: put it into one"
    else:
        why = (
            "the hub does not list it and has no record of it: a batch that held it was released lately (it becomes due after "
            "RETRY_INTERVAL), its attempts are used up, or the channel's catalog does not hold it"
        )
    return f"{facts.name} is neither on sale nor due, because {why}."


# -- parts of sentences ------------------------------------------------------------------------------------------------


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment else "an unknown time"


def _remote(remote_id: str | None) -> str:
    return f"there as {remote_id}" if remote_id else "without a remote id"


def _batch(facts: Facts) -> str:
    batch = facts.batch
    if batch is None:
        return "its batch"
    there = f", there {batch.remote_batch_id}" if batch.remote_batch_id else ""
    return f"batch {batch.local_batch_id} ({batch.status or 'not among the newest'}{there})"


def _kept(own: ObjectStanding) -> str:
    return f"may be on sale in an older version ({_remote(own.remote_id)}), but the newest " if own.remote_id else ""


def _because(own: ObjectStanding) -> str:
    if own.reasons:
        return f"because of {own.reasons[0].text.rstrip('.')}"
    who = f" ({own.failed_reason_type})" if own.failed_reason_type else ""
    return f"for a reason that this Omnitron does not show{who}"


def _next(own: ObjectStanding) -> str:
    if own.due:
        return "it is due again, and the next run tries it"
    if own.next_try is None:
        return "the time of the next attempt is unknown"
    return f"the next attempt is not before {_moment(own.next_try)}, or at once after a change"


def _with_it(facts: Facts) -> str:
    """The offers that are in the product's batch, and those that wait for it, in a sentence of their own."""
    own = facts.own
    batch = own.local_batch_id if own else None
    along = _names([offer for offer in facts.offers if batch is not None and offer.local_batch_id == batch])
    after = _names([offer for offer in facts.offers if offer.waits_for])
    return (f" Sent with it: {along}." if along else "") + (
        f" Waiting until that batch has ended, at no cost of attempts: {after}." if after else ""
    )


def _names(offers: Sequence[ObjectStanding]) -> str:
    """The offers in words: `price, stock of list 13, 2 images`."""
    counts = Counter((offer.content_type, offer.list_number) for offer in offers)
    return ", ".join(
        (KINDS[kind].noun if number == 1 else f"{number} {KINDS[kind].plural}")
        + (f" of list {of_list}" if of_list else "")
        for (kind, of_list), number in counts.items()
    )


def _problem(offer: ObjectStanding) -> str | None:
    """The problem of a price, stock or image; None if it is up to date."""
    name = f"its {KINDS[offer.content_type].noun}" + (f" of list {offer.list_number}" if offer.list_number else "")
    if offer.status is IntegrationActionStatus.processing:
        return f"{name} is in {f'batch {offer.local_batch_id}' if offer.local_batch_id else 'a batch'}"
    if offer.is_current:
        return None
    if offer.due:
        return f"{name} waits for the next run"
    if offer.status is IntegrationActionStatus.error:
        return f"{name} failed {_because(offer)}, and {_next(offer)}"
    return f"{name} is not on the channel in its newest version, and not due now"


# -- the table ---------------------------------------------------------------------------------------------------------

_Case = tuple[Verdict, Callable[[Facts], bool], Callable[[Facts], str]]
_PROCESSING = IntegrationActionStatus.processing

CASES: Sequence[_Case] = (
    (Verdict.unknown, lambda facts: facts.own is None, _unknown),
    (Verdict.switched_off, lambda facts: not facts.channel.is_active, _switched_off),
    (Verdict.deleted, lambda facts: facts.is_gone and facts.status is not None, _deleted),
    (
        Verdict.waiting,
        lambda facts: facts.status is _PROCESSING and facts.batch is not None and facts.batch.status in OPEN_REMOTELY,
        _waiting,
    ),
    (Verdict.in_work, lambda facts: facts.status is _PROCESSING, _in_work),
    (Verdict.not_live, lambda facts: facts.own is not None and facts.own.is_current and not facts.is_live, _not_live),
    (Verdict.on_sale, lambda facts: facts.own is not None and facts.own.is_current, _on_sale),
    (Verdict.edited, lambda facts: facts.status is IntegrationActionStatus.success, _edited),
    (Verdict.due, lambda facts: facts.is_due and (facts.status is None or facts.is_edited), _due),
    (Verdict.not_offered, lambda facts: facts.status is None, _not_offered),
    (
        Verdict.abandoned,
        lambda facts: (
            not facts.is_due
            and facts.own is not None
            and facts.own.next_try is not None
            and facts.own.next_try < facts.moment
        ),
        _abandoned,
    ),
    (Verdict.failed, lambda _: True, _failed),
)
