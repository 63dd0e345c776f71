"""The name of a product in the channel's answers."""

from typing import Any

from dto.base import is_blank
from dto.omnitron import ChannelConf, Product


def channel_key(product: Product, conf: ChannelConf) -> str | None:
    """The product's name in the channel's answers: its sku, or its value at the conf's `remote_id_attribute`.

    The parts of that path are joined with `__`: `attributes__barcode`. None if the product has no value there.
    """
    path = conf.remote_id_attribute or "sku"
    value: Any = product
    for part in path.split("__"):
        value = value.get(part) if isinstance(value, dict) else getattr(value, part, None)
    return None if is_blank(value) else str(value)
