"""What each category of the channel asks of a product: its attribute set in Omnitron."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from clients.errors import RefusedError
from dto.enums import ContentType
from dto.omnitron import IntegrationAction
from dto.omnitron_setup import AttributeRule, AttributeSet, AttributeSetConfig, AttributeValueConfig, TreeNode
from dto.setup import CategoryAttributeDto, CategoryDto
from tasks.batch import version_of
from tasks.concurrency import Turns, for_each, side_by_side
from tasks.omnitron.attribute_book import AttributeBook, Entry, Known, require_names
from tasks.omnitron.bulk import rounds
from tasks.omnitron.category_tree import NODES
from tasks.omnitron.changes import ChangeCommand, Changes, Tally
from tasks.omnitron.setup_rows import RULE, SET, SET_CONFIG, VALUE_CONFIG, corrected, make

CATEGORIES_AT_ONCE = 32
"""Each makes a few requests one after the other, to two systems."""

GetCategory = Callable[[IntegrationAction], Awaitable[CategoryDto | None]]
Thing = IntegrationAction | tuple[IntegrationAction, CategoryDto | None]


@dataclass(slots=True)
class Offer:
    """The values that a category offers of one attribute."""

    attribute: Known
    values: frozenset[str]
    whole: int = -1
    """How many values the attribute had when the offer was last compared with them."""


@dataclass(slots=True)
class Visit:
    """One category, and what was done for it."""

    action: IntegrationAction
    tally: Tally = field(default_factory=Tally)
    offers: list[Offer] = field(default_factory=list)


@dataclass(slots=True)
class SetContent:
    """What Omnitron has of one set: what it asks of its attributes, and the values that it is limited to."""

    rules: dict[int, AttributeRule] = field(default_factory=dict)
    values: set[int] = field(default_factory=set)


class CreateOrUpdateCategoryAttributes(ChangeCommand[Sequence[Thing]]):
    """Gives every category its attribute set: the attributes that it asks for, how it asks for them, and their values.

    Takes pairs of a category node's action and what the channel answered for it, or actions alone with `get_category`,
    which asks the channel for one. A category that asks for nothing gets no set. Each ends with a touch of its node and
    action, which moves it to the end of the queue: a run that died is continued where it stopped.
    """

    key = "create_or_update_category_attributes"
    content_type = ContentType.attribute_set
    kind = "category"
    get_category: GetCategory | None = None

    _in_bulk = False

    def validated_data(self, data: Thing | Sequence[Thing]) -> list[Thing]:
        is_pair = isinstance(data, tuple) and len(data) == 2 and not isinstance(data[1], IntegrationAction)  # noqa: PLR2004
        return [data] if is_pair or isinstance(data, IntegrationAction) else list(data)  # type: ignore[arg-type,list-item]

    def name_of(self, thing: Thing | Visit) -> str:
        action = thing.action if isinstance(thing, Visit) else thing[0] if isinstance(thing, tuple) else thing
        return f"{action.remote_id} (node {action.object_id})"

    async def send(self, things: list[Thing]) -> Changes:
        if not things:
            return self.changes
        self._book = AttributeBook(self.integration)
        self._turns = Turns()
        self._visits: list[Visit] = []
        self._known_offers: dict[frozenset[str], frozenset[str]] = {}
        await side_by_side(self._book.read(), self._read_sets())
        await self.each(things, self._visit, "attributes of categories", CATEGORIES_AT_ONCE)
        await self._complete()
        for visit in self._visits:
            self.changes.counts[visit.tally.outcome] += 1
        return self.changes

    async def _read_sets(self) -> None:
        client = self.integration.client
        self._sets: dict[str, AttributeSet] = {}
        self._set_configs: set[tuple[int, int | None]] = set()

        async def read_sets() -> None:
            async for page in client.row_pages(SET.resource, AttributeSet):
                for row in page:
                    if row.remote_id:
                        self._sets.setdefault(row.remote_id, row)

        async def read_configs() -> None:
            filters = {"content_type__model__exact": ContentType.category_node}
            async for page in client.row_pages(SET_CONFIG.resource, AttributeSetConfig, **filters):
                self._set_configs.update((row.attribute_set, row.object_id) for row in page)

        await side_by_side(read_sets(), read_configs())

    # -- one category ----------------------------------------------------------------------------------------------

    async def _visit(self, thing: Thing) -> None:
        if isinstance(thing, tuple):
            action, category = thing
        else:
            action, category = thing, await self._fetch(thing)
        visit = Visit(action)
        if category is not None and category.attributes:
            require_names(category.attributes)
            await self._write(visit, self._without_twins(category))
        await self._touch(action)
        self._visits.append(visit)

    async def _fetch(self, action: IntegrationAction) -> CategoryDto | None:
        if self.get_category is None:
            return None
        return await self.get_category(action)

    def _without_twins(self, category: CategoryDto) -> CategoryDto:
        """Omnitron knows one attribute of a name: where a category lists two, the first counts."""
        attributes: dict[str, CategoryAttributeDto] = {}
        for asked in category.attributes:
            if attributes.setdefault(asked.name.strip(), asked) is not asked:
                self.log.warning(
                    "Category %s lists the attribute `%s` twice: the first counts.", category.name, asked.name
                )
        return category.model_copy(update={"attributes": list(attributes.values())})

    async def _write(self, visit: Visit, category: CategoryDto) -> None:
        remote_id, name = str(visit.action.remote_id), category.name.strip()
        known = self._sets.get(remote_id)
        content = await self._content(known.pk) if known else SetContent()
        visit.tally.is_new = known is None
        if self._in_bulk and self._lacks(visit.action, category, known, content):
            visit.tally.writes += 1
            if await self._write_in_bulk(visit, category):
                return
        attribute_set = known or await self._make_set(remote_id, name, visit.tally)
        if attribute_set.name != name:
            attribute_set = await corrected(self.integration.client, SET, attribute_set, {"name": name})
            visit.tally.writes += 1
        self._sets[remote_id] = attribute_set
        attributes, _ = await side_by_side(
            self._write_attributes(visit, category, attribute_set, content),
            self._hang(visit, attribute_set),
        )
        visit.offers = [self._offer(asked) for _, asked in attributes]
        await self._limit(visit, attribute_set, content)

    async def _make_set(self, remote_id: str, name: str, tally: Tally) -> AttributeSet:
        client = self.integration.client
        async with self._turns.of(remote_id):
            if remote_id not in self._sets:
                tally.writes += 1
                fields = {"name": name, "remote_id": remote_id, "channel": client.channel_id}
                self._sets[remote_id] = await make(client, SET, fields)
        return self._sets[remote_id]

    async def _hang(self, visit: Visit, attribute_set: AttributeSet) -> None:
        """The set belongs to the category's node."""
        place = (attribute_set.pk, visit.action.object_id)
        if place not in self._set_configs:
            fields = {"attribute_set": place[0], "object_id": place[1], "content_type": ContentType.category_node}
            await make(self.integration.client, SET_CONFIG, fields)
            self._set_configs.add(place)
            visit.tally.writes += 1

    async def _write_attributes(
        self, visit: Visit, category: CategoryDto, attribute_set: AttributeSet, content: SetContent
    ) -> list[tuple[Entry, CategoryAttributeDto]]:
        """The category's attributes with their values, each with the counterpart that it has."""
        book, tally = self._book, visit.tally
        entries = await for_each(category.attributes, lambda asked: book.ensure(asked, tally))
        pairs = list(
            {entry.pk: (entry, asked) for entry, asked in zip(entries, category.attributes, strict=True)}.values()
        )
        await side_by_side(
            for_each(pairs, lambda pair: self._rule(*pair, attribute_set.pk, content, tally)),
            for_each(
                [(entry, value) for entry, asked in pairs for value in asked.values],
                lambda pair: book.ensure_value(*pair, tally),
            ),
        )
        return pairs

    async def _rule(
        self, entry: Entry, asked: CategoryAttributeDto, attribute_set: int, content: SetContent, tally: Tally
    ) -> None:
        """What the set asks of one attribute."""
        client, fields = self.integration.client, _rule_of(asked)
        row = content.rules.get(entry.pk)
        if row is None:
            others = {"is_meta": False, "is_image_attribute": False}
            row = await make(client, RULE, {"attribute_set": attribute_set, "attribute": entry.pk, **fields, **others})
            tally.writes += 1
        right = await corrected(client, RULE, row, fields)
        tally.writes += right is not row

    async def _touch(self, action: IntegrationAction) -> None:
        """The category was looked at: it goes to the end of the queue."""
        client = self.integration.client
        node = await client.change_row(NODES, TreeNode, action.object_id, {})
        version = version_of(node).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        await client.update_action(action.pk, {"version_date": version})
        self.changes.counts["touched"] += 1

    # -- which values a category offers ----------------------------------------------------------------------------

    def _offer(self, asked: CategoryAttributeDto) -> Offer:
        values = frozenset(value.remote_id for value in asked.values)
        # Most categories offer the same values of an attribute: they are kept once.
        return Offer(Known(asked.name, asked.remote_id), self._known_offers.setdefault(values, values))

    async def _limit(self, visit: Visit, attribute_set: AttributeSet, content: SetContent) -> None:
        """Limits the set to the category's values where they are not all that an attribute has, or where it is limited to
        some of them already."""
        missing: list[int] = []
        for offer in visit.offers:
            attribute = self._book.attribute(offer.attribute)
            whole = self._book.values(attribute.pk) if attribute else {}
            offer.whole = len(whole)
            wanted = {whole[remote_id].pk for remote_id in offer.values if remote_id in whole}
            is_limited = any(entry.pk in content.values for entry in whole.values())
            if wanted and (len(wanted) < len(whole) or is_limited):
                missing += sorted(wanted - content.values)

        async def allow(value: int) -> None:
            fields = {"attribute_set": attribute_set.pk, "attribute_value": value}
            await make(self.integration.client, VALUE_CONFIG, fields)
            visit.tally.writes += 1

        await for_each(missing, allow)

    async def _content(self, attribute_set: int) -> SetContent:
        client = self.integration.client
        rules, values = await side_by_side(
            client.rows(RULE.resource, AttributeRule, attribute_set=attribute_set),
            client.rows(VALUE_CONFIG.resource, AttributeValueConfig, attribute_set=attribute_set),
        )
        return SetContent(
            {row.attribute: row for row in rules if row.attribute_set == attribute_set},
            {row.attribute_value for row in values if row.attribute_set == attribute_set},
        )

    async def _complete(self) -> None:
        """An attribute may have got values after a category was compared with them: those categories once more."""
        if any(offer.whole < 0 for visit in self._visits for offer in visit.offers):  # written in bulk
            await side_by_side(self._book.read(), self._read_sets())
        outdated = [visit for visit in self._visits if any(self._is_outdated(offer) for offer in visit.offers)]
        await self.each(outdated, self._compare, "values of categories", CATEGORIES_AT_ONCE)

    def _is_outdated(self, offer: Offer) -> bool:
        attribute = self._book.attribute(offer.attribute)
        return attribute is not None and len(self._book.values(attribute.pk)) != offer.whole

    async def _compare(self, visit: Visit) -> None:
        attribute_set = self._sets.get(str(visit.action.remote_id))
        if attribute_set is not None:
            await self._limit(visit, attribute_set, await self._content(attribute_set.pk))

    # -- in bulk ---------------------------------------------------------------------------------------------------

    def _lacks(
        self, action: IntegrationAction, category: CategoryDto, known: AttributeSet | None, content: SetContent
    ) -> bool:
        """Whether something of a category would be written."""
        if known is None or known.name != category.name.strip():
            return True
        if (known.pk, action.object_id) not in self._set_configs:
            return True
        for asked in category.attributes:
            attribute = self._book.attribute(asked)
            rule = content.rules.get(attribute.pk) if attribute else None
            if (
                rule is None
                or self._book.lacks(asked)
                or any(getattr(rule, k) != v for k, v in _rule_of(asked).items())
            ):
                return True
        return False

    async def _write_in_bulk(self, visit: Visit, category: CategoryDto) -> bool:
        """The whole category in as few requests as it takes. False where it has to be written bit by bit."""
        client, shared = self.integration.client, self.integration.shared
        fields = {
            "category_node_id": visit.action.object_id,
            "remote_id": visit.action.remote_id,
            "attribute_set_name": category.name.strip(),
        }
        for requests in rounds(category.attributes):
            for rows in requests:
                if "no_bulk_category_attributes" in shared:
                    return False
                try:
                    taken = await client.create_in_bulk("bulk_category_attributes", {**fields, "attributes": rows})
                except RefusedError as error:
                    self.log.warning("%s is written bit by bit: %s", self.name_of(visit), error.message)
                    return False
                if not taken:
                    shared["no_bulk_category_attributes"] = True
                    return False
        visit.offers = [self._offer(asked) for asked in category.attributes]
        return True


def _rule_of(asked: CategoryAttributeDto) -> dict[str, Any]:
    """What a set asks of an attribute, in Omnitron's words."""
    return {
        "attribute_remote_id": asked.remote_id,
        "is_required": asked.required,
        "is_variant": asked.variant,
        "is_custom": asked.allow_custom_value,
    }


class CreateOrUpdateCategoryAttributesAsync(CreateOrUpdateCategoryAttributes):
    """The same: all of them are asynchronous here. The name is kept for integrators who call it."""

    key = "create_or_update_category_attributes_async"


class BulkCreateOrUpdateCategoryAttributes(CreateOrUpdateCategoryAttributes):
    """The same with one request for each category that lacks something, where the hub has such a route."""

    key = "bulk_create_or_update_category_attributes"
    _in_bulk = True
