"""The channel's ids of what a product has, as the setup has bound them in Omnitron."""

from collections.abc import Iterable
from typing import Any

from clients.errors import MissingError
from dto.base import is_blank
from dto.enums import ContentType
from dto.omnitron import AttributeIds, CategoryNode, IntegrationAction, MappedAttributeValue, MappedProduct, Product
from dto.omnitron_setup import AttributeValue
from dto.text import ByText
from tasks.concurrency import for_each
from tasks.omnitron.enrichment import Enrichment


class ChannelIdNotFoundError(MissingError):
    """The setup has not bound a required attribute, its value, or a category of a product."""

    code = "ChannelIdNotFound"


class GetChannelIds(Enrichment[Product]):
    """Attaches the channel's ids to what a product has: `product.mapped_attributes.ids`, one for each value of an attribute, and
    the `remote_id` of its category nodes.

    A product fails if a required attribute or its value is not bound, or if no category of it is: `ChannelIdNotFound`. An id of
    an optional attribute is None then, and so is that of a custom value. The values of an attribute are read once per run.
    """

    key = "get_channel_ids"
    content_type = ContentType.product
    attaches = ("mapped_attributes", "category_nodes")

    async def send(self, products: list[Product]) -> list[Product]:
        actions = self.integration.client.actions
        nodes = {node.pk for product in products for node in product.category_nodes or ()}
        found = await actions.find(content_type=ContentType.category_node, object_ids=nodes)
        by_node = {action.object_id: action for action in found}
        asked = {pk for product in products for pk, _, _ in _values_of(product.mapped_attributes) if pk is not None}
        vocabularies = dict(await for_each(sorted(asked), self._vocabulary))

        async def attach(product: Product) -> Product:
            return product.model_copy(
                update={
                    "mapped_attributes": self._mapping(product, vocabularies),
                    "category_nodes": _nodes(product, by_node),
                }
            )

        attached = {product.pk: product for product in await self.for_each(products, attach, "looking up ids")}
        return [attached[product.pk] for product in products if product.pk in attached]

    async def _vocabulary(self, attribute: int) -> tuple[int, "_Vocabulary"]:
        return attribute, await self.integration.once(("channel's ids", attribute), lambda: self._read(attribute))

    async def _read(self, attribute: int) -> "_Vocabulary":
        client = self.integration.client
        values = await client.setup_rows("attribute_values", AttributeValue).all(attribute=attribute)
        rows = [row for row in values if row.attribute == attribute]
        return _Vocabulary(
            await client.actions.find(content_type=ContentType.attribute, object_ids=[attribute]),
            rows,
            await client.actions.find(content_type=ContentType.attribute_value, object_ids=[row.pk for row in rows]),
        )

    def _mapping(self, product: Product, vocabularies: dict[int, "_Vocabulary"]) -> MappedProduct | None:
        mapping = product.mapped_attributes
        if mapping is None:
            return None
        ids: list[AttributeIds] = []
        for pk, rules, value in _values_of(mapping):
            vocabulary = _Vocabulary() if pk is None else vocabularies[pk]
            found, problem = vocabulary.ids_of(rules, value)
            if problem and rules.is_required:
                raise ChannelIdNotFoundError(f"Product {product.sku} has `{value}` for `{found.name}`, {problem}")
            ids.append(found)
        return mapping.model_copy(update={"ids": ids})


def _values_of(mapping: MappedProduct | None) -> Iterable[tuple[int | None, MappedAttributeValue, Any]]:
    """Each value of a mapping, with its attribute's key in Omnitron, if the mapping has it, and the rules for it."""
    if mapping is not None:
        known = {rules.attribute_name: (int(pk), rules) for pk, rules in mapping.mapped_attribute_values.items()}
        for name, given in mapping.mapped_attributes.items():
            pk, rules = known.get(name, (None, MappedAttributeValue(attribute_name=name)))
            for value in given if isinstance(given, list) else [given]:
                if not is_blank(value):
                    yield pk, rules, value


def _nodes(product: Product, by_node: dict[int, IntegrationAction]) -> list[CategoryNode] | None:
    if product.category_nodes is None:
        return None
    nodes = [node.model_copy(update={"integration_action": by_node.get(node.pk)}) for node in product.category_nodes]
    if nodes and all(node.remote_id is None for node in nodes):
        names = ", ".join(f"`{node.name}` ({node.pk})" for node in nodes)
        raise ChannelIdNotFoundError(
            f"Product {product.sku} is in {names}, and no category of the channel is bound to that. Run the flow "
            "create_or_update_category_tree_and_nodes, or put the product into another category."
        )
    return nodes


class _Vocabulary:
    """One attribute of the channel and its values, with the channel's ids of both."""

    def __init__(
        self,
        own: Iterable[IntegrationAction] = (),
        rows: Iterable[AttributeValue] = (),
        actions: Iterable[IntegrationAction] = (),
    ) -> None:
        self._remote_id = next((action.remote_id for action in own), None)
        self._by_label = ByText((row.label, row) for row in rows)
        self._bound = {action.object_id: action.remote_id for action in actions}

    def ids_of(self, rules: MappedAttributeValue, value: Any) -> tuple[AttributeIds, str | None]:
        """The ids of the attribute and of a value, and what is wrong with them."""
        name = rules.attribute_name or ""
        # The attribute set's own id of the attribute is nearer than that of its action, which all sets share.
        attribute = self._remote_id if is_blank(rules.attribute_remote_id) else str(rules.attribute_remote_id)
        rows = self._find(str(value), rules.label)
        bound = {self._bound.get(row.pk) for row in rows} - {None}
        value_id = bound.pop() if len(bound) == 1 else None
        found = AttributeIds(name=name, value=value, attribute_id=attribute, value_id=value_id)
        if attribute is None:
            return (
                found,
                "an attribute that is not bound to one of the channel's. Run the flow that sets up attributes.",
            )
        if value_id is None and not rules.is_custom:
            return found, (
                f"and {'several values' if len(bound) > 1 else 'no value'} of the channel's attribute {attribute} "
                "can be meant. Map it to one of them in Omnitron; if it is there already, run the flow that sets up attributes."
            )
        return found, None

    def _find(self, value: str, label: Any) -> list[AttributeValue]:
        """The rows that a value may mean. Its label decides: a value may be an id, which is another value's label."""
        rows = self._by_label.find(label) if isinstance(label, str) else []
        rows = rows or self._by_label.find(value)
        return [row for row in rows if row.value == value] or rows
