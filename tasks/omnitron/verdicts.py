"""Why a product is on sale, or is not: the cases, each with its sentence. The first that applies is the answer."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from dto.batch_states import OPEN_LOCALLY, OPEN_REMOTELY
from dto.enums import ContentType, IntegrationActionStatus
from dto.explanation import BatchStanding, ListedStanding, ObjectStanding, Verdict
from dto.omnitron import Channel, Product

SIMPLE = (None, "", "0")
"""Types of products that are offered to channels."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What was read about one product."""

    name: str
    """How the person who asked called it."""
    moment: datetime
    """By Omnitron's clock."""
    channel: Channel
    product: Product | None
    own: ObjectStanding | None
    """The product's own standing; none where neither it nor an action of it is there."""
    offers: Sequence[ObjectStanding] = ()
    removal: ObjectStanding | None = None
    """Its removal from the channel, where one was begun."""
    batch: BatchStanding | None = None
    has_category: bool | None = None
    """Whether it stands in a category of the channel's tree; none: it was not asked."""
    listed: ListedStanding | None = None
    older_than: float = 900.0

    @property
    def status(self) -> IntegrationActionStatus | None:
        return self.own.status if self.own else None

    @property
    def is_gone(self) -> bool:
        """It does not belong on the channel any more."""
        return self.product is None or self.product.is_active is False

    @property
    def is_due(self) -> bool:
        """A list offers it now."""
        return self.own is not None and self.own.due is not None

    @property
    def is_edited(self) -> bool:
        """It changed since the version that its status speaks of."""
        own = self.own
        return bool(own and own.version_date and own.modified_date and own.modified_date > own.version_date)


def judge(facts: Facts) -> tuple[Verdict, str]:
    """The verdict, and the sentence that says it."""
    return next((verdict, sentence(facts)) for verdict, applies, sentence in CASES if applies(facts))


# -- sentences ---------------------------------------------------------------------------------------------------------


def _unknown(facts: Facts) -> str:
    on_channel = ""
    if facts.listed is not None:
        on_channel = (
            f" The channel lists it all the same ({_remote(facts.listed.remote_id)}): somebody else put it there."
        )
    return (
        f"{facts.name} is not in Omnitron, which has no such product and no record of one on the channel: check how it is "
        f"written, or whether it was ever entered.{on_channel}"
    )


def _switched_off(facts: Facts) -> str:
    channel = facts.channel
    return (
        f"{facts.name} is left as it is ({facts.status or 'never sent'}), because channel {channel.pk} `{channel.name}` is "
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
    return f"{facts.name} {what}, and nothing of it is due: as far as Omnitron knows, the channel does not have it."


def _waiting(facts: Facts) -> str:
    batch = facts.batch
    assert batch is not None  # noqa: S101  # the case says so
    return (
        f"{facts.name} is waiting for the channel's answer since {_moment(batch.since)} ({_batch(facts)}): "
        "`channel-app verify` asks for it."
    )


def _in_work(facts: Facts) -> str:
    batch = facts.batch
    if batch is None or batch.status is None:
        return f"{facts.name} is processing in {_batch(facts)}: look that batch up in Omnitron."
    if batch.status not in OPEN_LOCALLY:
        return (
            f"{facts.name} is processing, but {_batch(facts)} has ended: no run is offered it. Ask who looks after Omnitron to "
            "end its integration action."
        )
    if (batch.age or 0.0) > facts.older_than:
        return (
            f"{facts.name} is held by {_batch(facts)}, untouched since {_moment(batch.since)}: its run has died. Run "
            "`channel-app recover`."
        )
    return f"{facts.name} is being sent: {_batch(facts)} was touched at {_moment(batch.since)}."


def _on_sale(facts: Facts) -> str:
    own = facts.own
    assert own is not None  # noqa: S101  # the case says so
    troubles = [trouble for offer in facts.offers if (trouble := _trouble(offer))]
    but = f", but {'; '.join(troubles)}" if troubles else ""
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
        f"{on_sale}; it was edited at {_moment(own.modified_date)}, but Omnitron does not offer that version now: a batch that "
        "held it was given up, so it is offered again after RETRY_INTERVAL, or its attempts are used up."
    )


def _due(facts: Facts) -> str:
    own = facts.own
    assert own is not None  # noqa: S101  # the case says so
    flow = "insert_products" if own.due == "inserts" else "update_products"
    before = ""
    if own.status is IntegrationActionStatus.error:
        before = f" It failed {_because(own)}, and was edited since."
    return f"{facts.name} is due and waits for the next run of {flow}.{before}"


def _failed(facts: Facts) -> str:
    own = facts.own
    assert own is not None  # noqa: S101  # the case says so
    return f"{facts.name} {_kept(own)}failed {_because(own)}; {_next(own)}."


def _abandoned(facts: Facts) -> str:
    own = facts.own
    assert own is not None  # noqa: S101  # the case says so
    return (
        f"{facts.name} {_kept(own)}failed {_because(own)}, and its attempts are used up: it was last tried at "
        f"{_moment(own.last_try)}, and is not offered any more. Mend that, then change the product in Omnitron."
    )


def _not_offered(facts: Facts) -> str:
    product = facts.product
    if product is not None and product.product_type not in SIMPLE:
        why = f"it is of product type {product.product_type}, and only simple products (0) are: sell its variants"
    elif product is not None and product.is_active is False:
        why = "it is switched off in Omnitron: switch it on there"
    elif facts.has_category is False:
        why = "it stands in no category of the channel's tree: put it into one"
    else:
        why = (
            "the hub does not list it as due and has no record of it: a batch that held it was released lately (it comes back "
            "after RETRY_INTERVAL), its attempts are used up, or the channel's catalog does not hold it"
        )
    return f"{facts.name} is not on sale and not offered, because {why}."


# -- parts of sentences ------------------------------------------------------------------------------------------------


def _moment(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC" if moment else "a time that the hub does not tell"


def _remote(remote_id: str | None) -> str:
    return f"there as {remote_id}" if remote_id else "without a remote id"


def _batch(facts: Facts) -> str:
    batch = facts.batch
    if batch is None:
        return "its batch"
    there = f", there {batch.remote_batch_id}" if batch.remote_batch_id else ""
    return f"batch {batch.local_batch_id} ({batch.status or 'not among those that were read'}{there})"


def _kept(own: ObjectStanding) -> str:
    return f"may be on sale in an older version ({_remote(own.remote_id)}), but the newest " if own.remote_id else ""


def _because(own: ObjectStanding) -> str:
    if own.reasons:
        return f"because of {own.reasons[0].text.rstrip('.')}"
    who = f" ({own.failed_reason_type})" if own.failed_reason_type else ""
    return f"for a reason that this Omnitron does not tell{who}"


def _next(own: ObjectStanding) -> str:
    if own.due:
        return "it is offered again, and the next run tries it"
    if own.next_try is None:
        return "when it is offered again is unknown"
    return f"the next attempt is not before {_moment(own.next_try)}, or at once when it is changed"


_NAMES = {ContentType.product_price: "price", ContentType.product_stock: "stock", ContentType.product_image: "image"}


def _trouble(offer: ObjectStanding) -> str | None:
    """What is not in order with a price, stock or image; none: all is."""
    name = f"its {_NAMES[offer.content_type]}" + (f" of list {offer.list_number}" if offer.list_number else "")
    if offer.status is IntegrationActionStatus.processing:
        return f"{name} is in a batch"
    if offer.is_current:
        return None
    if offer.due:
        return f"{name} waits for the next run"
    if offer.status is IntegrationActionStatus.error:
        return f"{name} failed {_because(offer)}"
    return f"{name} is not on the channel in its newest version, and not offered now"


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
