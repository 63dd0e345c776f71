"""What a person reads of a failure, and what to do about it: the hand-written part of `reference/errors.md`."""

from clients.errors import ChannelAppError, FatalError, ItemError, RetryableError, SkipError, TakenOverError

WHAT_HAPPENS: dict[type[ChannelAppError], str] = {
    RetryableError: "the transport tries again, within a budget; then the run ends as failed, and the next run goes on",
    FatalError: "the run stops: a person has to change something. The batch is failed, nothing stays locked",
    SkipError: "there is a reason to do nothing now: the run ends as skipped",
    TakenOverError: "somebody else ended this batch: it is dropped, and what is due is read again",
    ItemError: "one object fails with its reason; the others go on",
}
"""By the class whose name says it."""

Advice = dict[tuple[str, ...], str]
"""What to do, by the codes that ask for it."""

PRODUCTS: Advice = {
    ("MappingFailed", "AttributeNotMapped"): "map the attribute or value that the message names, in Omnitron",
    ("PriceNotFound", "StockNotFound", "OutOfStockOnInsert"): "add it to the catalog's list",
    ("ProductNotSent",): "the product is not on the channel: send it first, or see why it failed",
    ("ProductGone",): "the price, stock or image belongs to a product that was deleted: delete it too",
    ("ProductCategoryNotFound",): "put the product into a category of the channel's tree",
    ("NoRemoteIdAttribute", "DuplicatedKey"): "fill in or change the field that identifies the product on the channel",
    ("Rejected", "NoRemoteId", "ConflictingAnswers", "SharedRemoteId"): "the channel's answer; the message quotes it",
    ("NotAnswered", "BatchForgotten", "NeverFinished"): "the channel did not say: the object is sent again",
    (
        "ObjectGone",
    ): "it was deleted in Omnitron while an asynchronous channel worked on it: take it off the channel by "
    "hand, if it is there",
    ("Failed", "Missing"): "the connector's own reason; the message says what to do",
}
ORDERS: Advice = {
    ("CountryNotFound", "CityNotFound", "TownshipNotFound", "DistrictNotFound"): "map the channel's name to a place of "
    "Omnitron's, under the code that the message names",
    ("ProductNotFound",): "the order is of a product that Omnitron did not put on the channel: send it, or bind it",
    ("CargoCompanyNotFound", "RetailStoreNotFound"): "give the code that the message names to a company or shop in "
    "Omnitron",
    ("NoCargoCompany",): "give the order a cargo company in Omnitron: its shipping info is made with it",
    (
        "CustomerIncomplete",
        "AddressIncomplete",
        "OrderIncomplete",
        "KeyTooLong",
        "Unreadable",
    ): "the channel's own data; the message says which field",
    ("NumberTaken",): "two orders of the channel have one number",
    ("OrderNotFound", "OrderItemNotFound"): "its order is not in Omnitron yet; it is tried again",
    ("OrderItemAmbiguous",): "one item of the channel's is several in Omnitron: decide by hand",
    (
        "ReasonNotMapped",
        "NotBound",
    ): "fill in `reason_mapping` or `cancellation_reason_id`; bind what the message names",
    ("TextsCut",): "nothing failed: texts were longer than Omnitron takes, and were cut",
}
SETUP: Advice = {
    (
        "NoRemoteId",
        "NoName",
        "DuplicatedRemoteId",
        "Nameless",
    ): "the connector: every category, attribute and value has a name and an id of its own",
}
ANYWHERE: Advice = {
    (
        "Refused",
        "HubUnavailable",
        "ChannelUnavailable",
        "LostAnswer",
    ): "the message quotes the answer; one order, category or attribute failed, and the next run tries it again",
}
CODES: dict[str, Advice] = {
    "Products, prices, stocks and images": PRODUCTS,
    "Orders, cancellations and requests": ORDERS,
    "Setup": SETUP,
    "Anything that is taken in one by one": ANYWHERE,
}
"""By what failed."""
