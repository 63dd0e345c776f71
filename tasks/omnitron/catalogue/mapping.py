"""The mapping of a product to the channel's attributes, checked against the requirements of its attribute set."""

from dto.base import is_blank
from dto.enums import ContentType, FailedReasonType
from dto.omnitron import MappedAttributeValue, MappedProduct, Product
from dto.omnitron_setup import AttributeConfig
from dto.text import are_alike
from tasks.omnitron.enrichment import Enrichment


class GetMappedProductsWithoutCommit(Enrichment[Product]):
    """Attaches to each product its mapping. A product that cannot be mapped fails; the mapping is not checked further."""

    key = "get_mapped_products_without_commit"
    content_type = ContentType.product
    attaches = ("mapped_attributes",)
    language: str | None = None

    async def send(self, products: list[Product]) -> list[Product]:
        mapped = await self.for_each(products, self._map, "mapping products")
        by_key = {product.pk: product for product in mapped if product is not None}
        return [by_key[product.pk] for product in products if product.pk in by_key]

    async def _map(self, product: Product) -> Product | None:
        mapping = await self.integration.client.products.get_mapped(product.pk, self.language)
        return product.model_copy(update={"mapped_attributes": mapping})


class GetMappedProducts(GetMappedProductsWithoutCommit):
    """The same, with each mapping checked against the configs of its attribute set.

    A product fails if a required attribute has no value, or if the channel does not know a value. Configs that the
    mapping lacks are added to `mapped_attribute_values` with their flags.
    """

    key = "get_mapped_products"

    async def _map(self, product: Product) -> Product | None:
        mapped = await super()._map(product)
        mapping = mapped.mapped_attributes if mapped else None
        if mapped is None or mapping is None or mapping.attribute_set_id is None:
            return mapped
        configs = await self._configs_of(mapping.attribute_set_id)
        mapping = _in_their_spelling(mapping, configs)
        problem = next(filter(None, (_problem(product, mapping, config) for config in configs)), None)
        if problem:
            self.fail(product, FailedReasonType.channel_app, problem, "AttributeNotMapped")
            return None
        return mapped.model_copy(update={"mapped_attributes": _with_configs(mapping, configs)})

    async def _configs_of(self, attribute_set: int) -> list[AttributeConfig]:
        """The configs of an attribute set. Read once per run."""
        find = self.integration.client.attribute_configs.find
        return await self.integration.once(("attribute configs", attribute_set), lambda: find(attribute_set))


def _problem(product: Product, mapping: MappedProduct, config: AttributeConfig) -> str | None:
    """The reason why this attribute keeps the product off the channel, or None."""
    name = config.attribute.name
    names = _names_in(mapping, name)
    if len(names) > 1:
        return (
            f"Product {product.sku} has values for {', '.join(f'`{other}`' for other in names)}, and the attribute set "
            f"`{mapping.attribute_set_name}` has `{name}`. Leave one of them in Omnitron, or name it exactly like this."
        )
    value = mapping.mapped_attributes[names[0]] if names else None
    empty = is_blank(value)
    if config.is_required and empty:
        return (
            f"Product {product.sku} has no value for `{name}`, which the attribute set "
            f"`{mapping.attribute_set_name}` requires. Map it in Omnitron."
        )
    if not empty and not config.is_custom and str(config.attribute.pk) not in mapping.mapped_attribute_values:
        return (
            f"Product {product.sku} has `{value}` for `{name}`, which is not defined for the attribute set "
            f"`{mapping.attribute_set_name}`. Map it to one of the channel's values in Omnitron."
        )
    return None


def _names_in(mapping: MappedProduct, name: str) -> list[str]:
    """The names under which the mapping has an attribute: exactly its own, or else its other spellings."""
    known = mapping.mapped_attributes
    return [name] if name in known else [other for other in known if are_alike(other, name)]


def _in_their_spelling(mapping: MappedProduct, configs: list[AttributeConfig]) -> MappedProduct:
    """The mapping with the attribute set's own names, for which connectors look. What fits several stays as it is."""
    own = {}
    for name in (config.attribute.name for config in configs):
        found = _names_in(mapping, name)
        if len(found) == 1 and found[0] != name:
            own[found[0]] = name
    if not own:
        return mapping
    attributes = {own.get(name, name): value for name, value in mapping.mapped_attributes.items()}
    return mapping.model_copy(update={"mapped_attributes": attributes})


def _with_configs(mapping: MappedProduct, configs: list[AttributeConfig]) -> MappedProduct:
    """The mapping with the flags of every config of its set."""
    values = dict(mapping.mapped_attribute_values)
    for config in configs:
        flags = {
            "is_required": config.is_required,
            "is_variant": config.is_variant,
            "is_custom": config.is_custom,
            "is_meta": config.is_meta,
        }
        known = values.get(str(config.attribute.pk))
        if known is None:
            known = MappedAttributeValue(
                attribute_name=config.attribute.name, attribute_remote_id=config.attribute_remote_id
            )
        # Most mappings have the flags already, and a copy for each of a dozen attributes of each product adds up.
        if any(getattr(known, name) != flag for name, flag in flags.items()):
            known = known.model_copy(update=flags)
        values[str(config.attribute.pk)] = known
    return mapping.model_copy(update={"mapped_attribute_values": values})
