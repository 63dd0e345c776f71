"""The requirements of each category of the channel, as an attribute set in Omnitron."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from clients.errors import ItemError, RefusedError
from dto.base import wire_date
from dto.enums import ContentType
from dto.omnitron import IntegrationAction
from dto.omnitron_setup import AttributeRule, AttributeSet, AttributeSetConfig, AttributeValueConfig
from dto.setup import CategoryAttributeDto, CategoryDto
from dto.text import comparable
from tasks.batch import version_of
from tasks.concurrency import KeyedLocks, for_each, side_by_side
from tasks.omnitron.setup.attribute_cache import AttributeCache, AttributeKey, usable
from tasks.omnitron.setup.changes import ChangeCommand, Changes, Tally
from tasks.omnitron.setup.known_names import Entry, NameAmbiguousError, Values
from tasks.omnitron.setup.rows import RULE, SET, SET_CONFIG, VALUE_CONFIG, corrected, make

CATEGORIES_AT_ONCE = 32
"""Categories handled at once: each makes a few requests in sequence, to two systems."""

GetCategory = Callable[[IntegrationAction], Awaitable[CategoryDto | None]]
CategoryEntry = IntegrationAction | tuple[IntegrationAction, CategoryDto | None]


@dataclass(slots=True)
class AllowedValues:
    """The values of one attribute that a category allows."""

    attribute: AttributeKey
    values: frozenset[str]
    compared_with: int = -1
    """The number of values that the attribute had at the last comparison; negative before the first one."""


@dataclass(slots=True)
class Visit:
    """One category, and the writes made for it."""

    action: IntegrationAction
    tally: Tally = field(default_factory=Tally)
    allowed: list[AllowedValues] = field(default_factory=list)


@dataclass(slots=True)
class SetContent:
    """The content of one set in Omnitron: its rules for attributes, and the values to which it is limited."""

    rules: dict[int, AttributeRule] = field(default_factory=dict)
    values: set[int] = field(default_factory=set)


class CreateOrUpdateCategoryAttributes(ChangeCommand[CategoryEntry | Sequence[CategoryEntry]]):
    """Creates or updates the attribute set of every category: its attributes, their requirements, and their values.

    Takes pairs of a category node's action and the channel's category, or actions alone with `get_category`, which reads
    the category from the channel. A category without attributes gets no set. Each ends with a touch of its node and action,
    which moves it to the end of the queue: after a run that died, the next one continues there.
    """

    key = "create_or_update_category_attributes"
    content_type = ContentType.attribute_set
    kind = "category"
    get_category: GetCategory | None = None

    def validated_data(self, data: CategoryEntry | Sequence[CategoryEntry]) -> list[CategoryEntry]:
        is_pair = isinstance(data, tuple) and len(data) == 2 and not isinstance(data[1], IntegrationAction)  # noqa: PLR2004
        return [data] if is_pair or isinstance(data, IntegrationAction) else list(data)  # type: ignore[arg-type,list-item]

    def name_of(self, item: CategoryEntry | Visit) -> str:
        action = item.action if isinstance(item, Visit) else item[0] if isinstance(item, tuple) else item
        return f"{action.remote_id} (node {action.object_id})"

    async def send(self, entries: list[CategoryEntry]) -> Changes:
        if not entries:
            return self.changes
        self._cache = AttributeCache(self.integration)
        self._locks = KeyedLocks()
        self._visits: list[Visit] = []
        self._value_sets: dict[frozenset[str], frozenset[str]] = {}
        await side_by_side(self._cache.read(), self._read_sets())
        await self.each(entries, self._visit, "attributes of categories", CATEGORIES_AT_ONCE)
        await self._complete()
        for visit in self._visits:
            try:
                visit.tally.raise_problems()
            except (ItemError, RefusedError) as error:
                self._failed(visit, error)
            else:
                self.changes.counts[visit.tally.outcome] += 1
        return self.changes

    async def _read_sets(self) -> None:
        client = self.integration.client
        self._sets: dict[str, AttributeSet] = {}
        self._set_configs: set[tuple[int, int | None]] = set()

        async def read_sets() -> None:
            async for page in client.setup_rows(SET.resource, AttributeSet).pages():
                for row in page:
                    if row.remote_id:
                        self._sets.setdefault(row.remote_id, row)

        async def read_configs() -> None:
            filters = {"content_type__model__exact": ContentType.category_node}
            async for page in client.setup_rows(SET_CONFIG.resource, AttributeSetConfig).pages(**filters):
                self._set_configs.update((row.attribute_set, row.object_id) for row in page)

        await side_by_side(read_sets(), read_configs())

    # -- one category ----------------------------------------------------------------------------------------------

    async def _visit(self, item: CategoryEntry) -> None:
        if isinstance(item, tuple):
            action, category = item
        else:
            action, category = item, await self._fetch(item)
        visit = Visit(action)
        if category is not None and (attributes := self._usable(category, visit.tally)):
            await self._write(visit, category.model_copy(update={"attributes": attributes}))
        await self._touch(action)
        self._visits.append(visit)

    async def _fetch(self, action: IntegrationAction) -> CategoryDto | None:
        if self.get_category is None:
            return None
        return await self.get_category(action)

    def _usable(self, category: CategoryDto, tally: Tally) -> list[CategoryAttributeDto]:
        """The category's attributes with names and ids. Of two with one name, which Omnitron does not allow, the first counts;
        another spelling makes no other name."""
        attributes: dict[str, CategoryAttributeDto] = {}
        for asked in category.attributes:
            named = usable(asked, tally)
            if named and attributes.setdefault(comparable(named.name), named) is not named:
                self._tell_of_twins(category, named)
        return list(attributes.values())

    def _tell_of_twins(self, category: CategoryDto, second: CategoryAttributeDto) -> None:
        self.log.warning(
            "Category %s lists the attribute `%s` [%s] twice: the first counts.",
            category.name,
            second.name,
            second.remote_id,
        )

    async def _write(self, visit: Visit, category: CategoryDto) -> None:
        remote_id, name = str(visit.action.remote_id), category.name.strip()
        known = self._sets.get(remote_id)
        content = await self._content(known.pk) if known else SetContent()
        visit.tally.is_new = known is None
        if await self.write_in_bulk(visit, category, known, content):
            return
        attribute_set = known or await self._make_set(remote_id, name, visit.tally)
        if attribute_set.name != name:
            attribute_set = await corrected(self.integration.client, SET, attribute_set, {"name": name})
            visit.tally.writes += 1
        self._sets[remote_id] = attribute_set
        attributes, _ = await side_by_side(
            self._write_attributes(visit, category, attribute_set, content),
            visit.tally.attempt(self._assign(visit, attribute_set)),
        )
        visit.allowed = [self._allowed(asked) for _, asked in attributes]
        await visit.tally.attempt(self._limit(visit, attribute_set, content))

    async def write_in_bulk(
        self,
        visit: Visit,  # noqa: ARG002  # of a command that has a bulk request
        category: CategoryDto,  # noqa: ARG002
        known: AttributeSet | None,  # noqa: ARG002
        content: SetContent,  # noqa: ARG002
    ) -> bool:
        """Whether the whole category was written in few requests. False if it has to be written, or compared, row by row."""
        return False

    async def _make_set(self, remote_id: str, name: str, tally: Tally) -> AttributeSet:
        client = self.integration.client
        async with self._locks.hold(remote_id):
            if remote_id not in self._sets:
                tally.writes += 1
                fields = {"name": name, "remote_id": remote_id, "channel": client.channel_id}
                self._sets[remote_id] = await make(self.integration, SET, fields)
        return self._sets[remote_id]

    async def _assign(self, visit: Visit, attribute_set: AttributeSet) -> None:
        """Assigns the set to the category's node."""
        pair = (attribute_set.pk, visit.action.object_id)
        if pair not in self._set_configs:
            fields = {"attribute_set": pair[0], "object_id": pair[1], "content_type": ContentType.category_node}
            await make(self.integration, SET_CONFIG, fields)
            self._set_configs.add(pair)
            visit.tally.writes += 1

    async def _write_attributes(
        self, visit: Visit, category: CategoryDto, attribute_set: AttributeSet, content: SetContent
    ) -> list[tuple[Entry, CategoryAttributeDto]]:
        """Writes the category's attributes and their values; returns each with its attribute in Omnitron."""
        cache, tally = self._cache, visit.tally
        entries = await for_each(category.attributes, lambda asked: tally.attempt(cache.ensure(asked, tally)))
        of_entry: dict[int, tuple[Entry, CategoryAttributeDto]] = {}
        for entry, asked in zip(entries, category.attributes, strict=True):
            if entry is not None and of_entry.setdefault(entry.pk, (entry, asked))[1] is not asked:
                self._tell_of_twins(category, asked)
        pairs = list(of_entry.values())
        await side_by_side(
            for_each(pairs, lambda pair: tally.attempt(self._rule(*pair, attribute_set.pk, content, tally))),
            for_each(
                [(entry, value) for entry, asked in pairs for value in asked.values],
                lambda pair: tally.attempt(cache.ensure_value(*pair, tally)),
            ),
        )
        return pairs

    async def _rule(
        self, entry: Entry, asked: CategoryAttributeDto, attribute_set: int, content: SetContent, tally: Tally
    ) -> None:
        """Writes the set's rule for one attribute."""
        client, fields = self.integration.client, rule_of(asked)
        row = content.rules.get(entry.pk)
        if row is None:
            others = {"is_meta": False, "is_image_attribute": False}
            row = await make(
                self.integration, RULE, {"attribute_set": attribute_set, "attribute": entry.pk, **fields, **others}
            )
            tally.writes += 1
        right = await corrected(client, RULE, row, fields)
        tally.writes += right is not row

    async def _touch(self, action: IntegrationAction) -> None:
        """Marks the category as checked: it goes to the end of the queue."""
        client = self.integration.client
        node = await client.category_nodes.update(action.object_id, {})
        await client.actions.update(action.pk, {"version_date": wire_date(version_of(node))})
        self.changes.counts["touched"] += 1

    # -- allowed values --------------------------------------------------------------------------------------------

    def _allowed(self, asked: CategoryAttributeDto) -> AllowedValues:
        values = frozenset(value.remote_id for value in asked.values)
        # Most categories allow the same values of an attribute: they are kept once.
        return AllowedValues(AttributeKey(asked.name, asked.remote_id), self._value_sets.setdefault(values, values))

    async def _limit(self, visit: Visit, attribute_set: AttributeSet, content: SetContent) -> None:
        """Limits the set to the category's values if an attribute has further ones, or if the set is limited already."""
        missing: list[int] = []
        for allowed in visit.allowed:
            attribute = self._cache.attribute(allowed.attribute)
            whole = self._cache.values(attribute.pk) if attribute else Values()
            allowed.compared_with = len(whole)
            wanted = {value.pk for remote_id in allowed.values if (value := whole.get(remote_id)) is not None}
            is_limited = any(entry.pk in content.values for entry in whole)
            if wanted and (len(wanted) < len(whole) or is_limited):
                missing += sorted(wanted - content.values)

        async def allow(value: int) -> None:
            fields = {"attribute_set": attribute_set.pk, "attribute_value": value}
            await make(self.integration, VALUE_CONFIG, fields)
            visit.tally.writes += 1

        await for_each(missing, allow)

    async def _content(self, attribute_set: int) -> SetContent:
        client = self.integration.client
        rules, values = await side_by_side(
            client.setup_rows(RULE.resource, AttributeRule).find(attribute_set=attribute_set),
            client.setup_rows(VALUE_CONFIG.resource, AttributeValueConfig).find(attribute_set=attribute_set),
        )
        return SetContent(
            {row.attribute: row for row in rules if row.attribute_set == attribute_set},
            {row.attribute_value for row in values if row.attribute_set == attribute_set},
        )

    async def _complete(self) -> None:
        """Compares categories again whose attributes have gained values since."""
        if any(allowed.compared_with < 0 for visit in self._visits for allowed in visit.allowed):  # written in bulk
            await side_by_side(self._cache.read(), self._read_sets())
        outdated = [visit for visit in self._visits if any(self._is_outdated(allowed) for allowed in visit.allowed)]
        await self.each(outdated, self._compare, "values of categories", CATEGORIES_AT_ONCE)

    def _is_outdated(self, allowed: AllowedValues) -> bool:
        try:
            attribute = self._cache.attribute(allowed.attribute)
        except NameAmbiguousError:
            return True  # it is reported when its category is compared
        return attribute is not None and len(self._cache.values(attribute.pk)) != allowed.compared_with

    async def _compare(self, visit: Visit) -> None:
        attribute_set = self._sets.get(str(visit.action.remote_id))
        if attribute_set is None:
            return
        try:
            content = await self._content(attribute_set.pk)
            await visit.tally.attempt(self._limit(visit, attribute_set, content))
        except Exception:
            self._visits.remove(visit)  # it counts as failed, and only once
            raise


def rule_of(asked: CategoryAttributeDto) -> dict[str, Any]:
    """A set's rule for an attribute, in Omnitron's terms."""
    return {
        "attribute_remote_id": asked.remote_id,
        "is_required": asked.required,
        "is_variant": asked.variant,
        "is_custom": asked.allow_custom_value,
    }


class CreateOrUpdateCategoryAttributesAsync(CreateOrUpdateCategoryAttributes):
    """The same: all commands are asynchronous. The key exists for integrators who use it."""

    key = "create_or_update_category_attributes_async"
