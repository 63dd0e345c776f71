"""How a product is called in the channel's answers."""

from typing import Any

from dto.omnitron import ChannelConf, Product


def channel_key(product: Product, conf: ChannelConf) -> str | None:
    """The product's name in the channel's answers: its sku, or what stands at the conf's `remote_id_attribute`.

    The path's parts are joined with `__`: `attributes__barcode`. None where the product has nothing there.
    """
    path = conf.remote_id_attribute or "sku"
    value: Any = product
    for part in path.split("__"):
        value = value.get(part) if isinstance(value, dict) else getattr(value, part, None)
    return str(value) if value not in (None, "") else None
