"""The categories of products in the channel's tree."""

from clients.errors import ConfigError, MissingError
from dto.enums import ContentType
from dto.omnitron import Product
from tasks.omnitron.enrichment import Enrichment


class ProductCategoryNotFoundError(MissingError):
    """The product is in no category of the channel's tree."""

    code = "ProductCategoryNotFound"


class GetProductCategories(Enrichment[Product]):
    """Attaches to each product its nodes in the channel's tree, as `product.category_nodes`. A product without one fails:
    `ProductCategoryNotFound`."""

    key = "get_product_categories"
    content_type = ContentType.product
    attaches = ("category_nodes",)

    async def send(self, products: list[Product]) -> list[Product]:
        if not products:
            return []
        root = await self._root_path()

        async def attach(product: Product) -> Product:
            rows = await self.integration.client.product_categories.find(product.pk)
            nodes = [row.category for row in rows if row.category.path.startswith(root)]
            if not nodes:
                raise ProductCategoryNotFoundError(
                    f"Product {product.sku} is in no category of the channel's tree. Put it into one."
                )
            return product.model_copy(update={"category_nodes": nodes})

        attached = {product.pk: product for product in await self.for_each(products, attach, "looking up categories")}
        return [attached[product.pk] for product in products if product.pk in attached]

    async def _root_path(self) -> str:
        """The path of the channel's tree. Read once per run."""
        tree = self.integration.channel.category_tree
        if tree is None:
            raise ConfigError(
                f"Channel {self.integration.channel.pk} has no category tree. Set one in Omnitron, or send products with "
                "add_categories=false."
            )
        get = self.integration.client.category_trees.get
        found = await self.integration.once(("category tree", tree), lambda: get(tree))
        return found.category_root.path


class GetProductCategoriesWithIntegrationAction(GetProductCategories):
    """The same, with each node's integration action: its `remote_id` is the category's name on the channel."""

    key = "get_product_categories_with_integration_action"

    async def send(self, products: list[Product]) -> list[Product]:
        attached = await super().send(products)
        nodes = {node.pk for product in attached for node in product.category_nodes or ()}
        actions = await self.integration.client.actions.find(content_type=ContentType.category_node, object_ids=nodes)
        by_node = {action.object_id: action for action in actions}
        return [
            product.model_copy(
                update={
                    "category_nodes": [
                        node.model_copy(update={"integration_action": by_node.get(node.pk)})
                        for node in product.category_nodes or ()
                    ]
                }
            )
            for product in attached
        ]
