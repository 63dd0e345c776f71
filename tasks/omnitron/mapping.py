"""A product in the channel's words: its mapping, checked against what the attribute set asks for."""

import asyncio
from typing import Any

from dto.enums import ContentType, FailedReasonType
from dto.omnitron import AttributeConfig, MappedAttributeValue, MappedProduct, Product
from tasks.command import OmnitronCommand


class GetMappedProductsWithoutCommit(OmnitronCommand[list[Product], list[Product]]):
    """Attaches to each product its mapping. A product that cannot be mapped fails; nothing else is checked."""

    key = "get_mapped_products_without_commit"
    content_type = ContentType.product
    language: str | None = None

    async def send(self, products: list[Product]) -> list[Product]:
        mapped = await self.for_each(products, self._map, "mapping products")
        by_key = {product.pk: product for product in mapped if product is not None}
        return [by_key[product.pk] for product in products if product.pk in by_key]

    async def _map(self, product: Product) -> Product | None:
        mapping = await self.integration.client.mapped_product(product.pk, self.language)
        return product.model_copy(update={"mapped_attributes": mapping})


class GetMappedProducts(GetMappedProductsWithoutCommit):
    """The same, with each mapping checked against the configs of its attribute set.

    A required attribute without a value, or a value that the channel does not know, fails its product; configs that
    the mapping lacks are added to `mapped_attribute_values` with their flags.
    """

    key = "get_mapped_products"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._configs: dict[int, asyncio.Task[list[AttributeConfig]]] = self.integration.shared.setdefault(
            "configs", {}
        )

    async def _map(self, product: Product) -> Product | None:
        mapped = await super()._map(product)
        mapping = mapped.mapped_attributes if mapped else None
        if mapped is None or mapping is None or mapping.attribute_set_id is None:
            return mapped
        configs = await self._configs_of(mapping.attribute_set_id)
        problem = next(filter(None, (_problem(product, mapping, config) for config in configs)), None)
        if problem:
            self.fail(product, FailedReasonType.channel_app, problem, "AttributeNotMapped")
            return None
        return mapped.model_copy(update={"mapped_attributes": _with_configs(mapping, configs)})

    async def _configs_of(self, attribute_set: int) -> list[AttributeConfig]:
        """Read once per run, whichever product asks first; a failed read is not kept."""
        reading = self._configs.get(attribute_set)
        if reading is None or (reading.done() and (reading.cancelled() or reading.exception())):
            reading = asyncio.ensure_future(self.integration.client.attribute_configs(attribute_set))
            self._configs[attribute_set] = reading
        return await asyncio.shield(reading)


def _problem(product: Product, mapping: MappedProduct, config: AttributeConfig) -> str | None:
    """What keeps the product off the channel as far as this attribute goes."""
    name = config.attribute.name
    value = mapping.mapped_attributes.get(name)
    empty = value is None or value == ""
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
        # Most mappings carry the flags already, and a copy for each of a dozen attributes of each product adds up.
        if any(getattr(known, name) != flag for name, flag in flags.items()):
            known = known.model_copy(update=flags)
        values[str(config.attribute.pk)] = known
    return mapping.model_copy(update={"mapped_attribute_values": values})
