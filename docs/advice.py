"""The consequence and the next step of each failure: the hand-written part of `reference/errors.md`."""

from clients.errors import ChannelAppError, FatalError, ItemError, RetryableError, SkipError, TakenOverError

WHAT_HAPPENS: dict[type[ChannelAppError], str] = {
    RetryableError: "the transport tries again, within a budget; then the run fails, and the next run continues",
    FatalError: "the run stops, because a person has to change something. Its batch is failed, and nothing stays locked",
    SkipError: "there is a reason to do nothing now: the run is skipped",
    TakenOverError: "another process ended this batch: the run drops it, and reads the due objects again",
    ItemError: "one object fails with its reason; the others continue",
}
"""By class of error."""

Advice = dict[tuple[str, ...], str]
"""The next step, by the codes that call for it."""

PRODUCTS: Advice = {
    ("MappingFailed", "AttributeNotMapped"): "map the attribute or value in the message, in Omnitron",
    (
        "ChannelIdNotFound",
    ): "run the setup flow that the message names, or map the value or category in the message to one of the channel's",
    ("PriceNotFound", "StockNotFound", "OutOfStockOnInsert"): "add it to the catalog's list",
    ("ProductNotSent",): "no send of its product has succeeded: send that first, or look up its failure",
    ("NotBound",): "if it is still on sale, take it off the channel by hand; then delete the action in the message",
    ("ProductGone",): "the price, stock or image belongs to a product that was deleted: delete it too",
    ("ProductCategoryNotFound",): "put the product into a category of the channel's tree",
    ("NoRemoteIdAttribute", "DuplicatedKey"): "fill in or correct the field that identifies the product on the channel",
    ("Rejected", "NoRemoteId", "ConflictingAnswers", "SharedRemoteId"): "the channel's answer; the message quotes it",
    (
        "UnreadableAnswer",
    ): "one line of the channel's answer makes no sense; the message names its field. The object is sent again",
    ("NotAnswered", "BatchForgotten", "NeverFinished"): "the channel gave no result: the object is sent again",
    (
        "ObjectGone",
    ): "it was deleted in Omnitron while an asynchronous channel worked on it: remove it from the channel by "
    "hand, if it is there",
    (
        "SwappedResult",
    ): "the connector gave the channel's id as the name of the product or order, and the name as the id: correct it; the object "
    "is sent again",
    ("InWork",): "nothing: the channel has taken the product off, and another batch still holds a record of it",
    ("Failed", "Missing"): "the connector's own reason; the message names the next step",
}
ORDERS: Advice = {
    ("CountryNotFound", "CityNotFound", "TownshipNotFound", "DistrictNotFound"): "map the channel's name to a place in "
    "Omnitron, under the code in the message",
    ("ProductNotFound",): "Omnitron did not put this product on the channel: send it, or bind it",
    ("CargoCompanyNotFound", "RetailStoreNotFound"): "give the code in the message to a company or shop in Omnitron",
    ("NoCargoCompany",): "give the order a cargo company in Omnitron: its shipping info needs one",
    (
        "CustomerIncomplete",
        "AddressIncomplete",
        "OrderIncomplete",
        "RequestIncomplete",
        "KeyTooLong",
        "Unreadable",
    ): "the channel's data are wrong; the message names the field",
    (
        "RowsDiffer",
    ): "the channel lists one thing in several rows that contradict one another: correct the connector, or the data",
    ("RowsApart",): "the rows of one order stand on different pages: the message says what to write into the connector",
    (
        "NotAcknowledged",
    ): "the order is in Omnitron; the channel refused to hear of it, and the next run tells it again",
    ("NumberTaken",): "two orders on the channel have the same number",
    ("OrderNotFound", "OrderItemNotFound"): "its order is not in Omnitron yet; the next run tries again",
    ("CancelledByUpdate",): "the channel cancelled an item: the connector has to list it among the cancellations",
    ("ChangesRefused",): "the message has one reason for each field that was not written; the others were",
    ("OrderItemAmbiguous",): "one item on the channel is several items in Omnitron: decide by hand",
    (
        "ReasonNotMapped",
        "NotBound",
    ): "fill in `reason_mapping` or `cancellation_reason_id`; bind the object in the message",
    (
        "NotNoted",
    ): "a server in front of Omnitron refused a note that belongs to the order; it was not told, and is offered again",
    ("TextsCut",): "nothing failed: texts longer than Omnitron's limit were cut",
}
SETUP: Advice = {
    (
        "NoRemoteId",
        "NoName",
        "DuplicatedRemoteId",
        "Nameless",
    ): "correct the connector: every category, attribute and value needs a name and its own id",
    ("LinesFailed",): "the message has the reason of each value or attribute that was not written; the others were",
    (
        "NameAmbiguous",
    ): "several attributes or values in Omnitron differ only in spelling: rename all but one, or give one exactly the "
    "channel's name",
}
ANYWHERE: Advice = {
    (
        "Refused",
        "HubUnavailable",
        "ChannelUnavailable",
        "LostAnswer",
    ): "the message quotes the answer; one order, category or attribute failed, and the next run tries again",
    (
        "UnreadableRow",
    ): "one row of Omnitron's does not fit: the message names its list, its key and the field. Correct it there; the others "
    "go on without it",
    ("Contract",): "Omnitron's answer about one object does not fit; the message names the request and the field",
    (
        "Unforeseen",
    ): "a mistake in the connector or in this program: the message names the error and its line; report it, the "
    "next run tries again",
}
CODES: dict[str, Advice] = {
    "Products, prices, stocks and images": PRODUCTS,
    "Orders, cancellations and requests": ORDERS,
    "Setup": SETUP,
    "Anything that is processed one by one": ANYWHERE,
}
"""By subject."""
