"""The channel's category tree in Omnitron: its nodes, each bound to a category of the channel."""

from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from clients.errors import ConfigError, RefusedError
from dto.base import HALF_A_CHARACTER, is_blank, is_writable
from dto.enums import ContentType
from dto.omnitron import IntegrationAction
from dto.omnitron_setup import CategoryTree, DetailedNode, TreeNode
from dto.setup import CategoryNodeDto, CategoryTreeDto
from dto.text import ByText
from tasks.concurrency import side_by_side
from tasks.create_once import create_once
from tasks.omnitron.command import OmnitronQuery
from tasks.omnitron.journal.integration_actions import CreateIntegration
from tasks.omnitron.setup.changes import ChangeCommand, Changes
from tasks.omnitron.setup.node_map import NodeMap
from tasks.omnitron.setup.rows import Binding

NODES = "category_nodes"
LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True, eq=False)
class ChannelCategory:
    """A category of the channel, and its node once that is known."""

    dto: CategoryNodeDto
    parent: "ChannelCategory | None"
    siblings: frozenset[str]
    """The names of all categories below the same parent, its own included."""
    node: int | None = None

    @property
    def remote_id(self) -> str:
        return "" if self.dto.remote_id is None or is_blank(self.dto.remote_id) else self.dto.remote_id

    @property
    def name(self) -> str:
        """The name as Omnitron keeps it."""
        return self.dto.name.strip()


class CreateOrUpdateCategoryTreeAndNodes(ChangeCommand[CategoryTreeDto]):
    """Creates a node for every category of the channel, parents first, and binds it to the category's remote id.

    Nodes are created, renamed and bound, never moved or deleted. Names are unique below one parent in Omnitron: a category
    whose name is taken is called `name (remote id)`. A category without a name or a remote id, or one that is listed
    twice, fails together with its subcategories.
    """

    key = "create_or_update_category_tree_and_nodes"
    content_type = ContentType.category_tree
    kind = "category"

    def name_of(self, item: ChannelCategory) -> str:
        return f"{item.name or '(no name)'} [{item.remote_id or 'no remote id'}]"

    def consequence_for(self, item: ChannelCategory) -> str:
        below = _count_below(item.dto)
        return f"It is left out with the {below} categories below it." if below and item.node is None else ""

    async def send(self, tree: CategoryTreeDto) -> Changes:
        levels = self._levels(tree)
        if not levels:
            self.log.warning("The channel answered a tree without categories: nothing was changed.")
            return self.changes
        root = await self._root()
        client = self.integration.client
        nodes, actions = await side_by_side(client.category_nodes.all(), self._actions())
        top = root.category_root
        if all(node.pk != top.pk for node in nodes):  # a hub may leave the root out
            nodes.append(TreeNode(pk=top.pk, name=top.name, path=top.path))
        self._map = NodeMap(nodes, actions, {category.remote_id for level in levels for category in level})
        self._root_pk = top.pk
        for depth, level in enumerate(levels, start=1):
            await self.each(level, self._put, f"categories of level {depth}")
        return self.changes

    async def _actions(self) -> list[IntegrationAction]:
        pages = self.integration.client.actions.pages(ContentType.category_node)
        return [action async for page in pages for action in page]

    # -- the channel's side ----------------------------------------------------------------------------------------

    def _levels(self, tree: CategoryTreeDto) -> list[list[ChannelCategory]]:
        """The categories level by level, without unusable ones."""
        levels: list[list[ChannelCategory]] = []
        seen: set[str] = set()
        level = _below(tree.root, None)
        while level:
            kept = [category for category in level if self._is_usable(category, seen)]
            if kept:
                levels.append(kept)
            level = [child for category in kept for child in _below(category.dto, category)]
        return levels

    def _is_usable(self, category: ChannelCategory, seen: set[str]) -> bool:
        name, more = self.name_of(category), self.consequence_for(category)
        if not category.remote_id:
            self.add_failure(
                name, "NoRemoteId", f"The connector gave it no remote_id, which is its name on the channel. {more}"
            )
        elif not is_writable(category.remote_id):
            self.add_failure(name, "NoRemoteId", f"Its remote_id cannot be stored: {HALF_A_CHARACTER}. {more}")
        elif not category.name:
            self.add_failure(name, "NoName", f"The connector gave it no name. {more}")
        elif category.remote_id in seen:
            self.add_failure(name, "DuplicatedRemoteId", f"Another category of the tree has the same remote_id. {more}")
        else:
            seen.add(category.remote_id)
            return True
        self.changes.counts["failed"] += _count_below(category.dto)
        return False

    # -- Omnitron's side -------------------------------------------------------------------------------------------

    async def _root(self) -> CategoryTree:
        """The channel's tree. If the channel has no tree, one of an earlier run that died is taken, or one is created."""
        hub, client = self.integration, self.integration.client
        if hub.channel.category_tree is not None:
            return await client.category_trees.get(hub.channel.category_tree)
        name = f"{hub.channel.name or 'Channel'} ({hub.channel_id})"
        tree: CategoryTree = await self._tree_named(name) or await self._make_tree(name)
        hub.channel_object = await client.channel.update({"category_tree": tree.pk})
        self.log.info("Channel %s now has the category tree `%s` (%s).", hub.channel_id, name, tree.pk)
        return tree

    async def _tree_named(self, name: str) -> CategoryTree | None:
        trees = await self.integration.client.category_trees.find()
        return next(iter(ByText((tree.name, tree) for tree in trees).find(name)), None)

    async def _make_tree(self, name: str) -> CategoryTree:
        trees, clock = self.integration.client.category_trees, self.integration.runtime.clock
        return await create_once(lambda: trees.create({"name": name}), lambda: self._tree_named(name), clock)

    async def _put(self, category: ChannelCategory) -> None:
        """Finds or creates the node of one category, names it and binds it."""
        parent = self._root_pk if category.parent is None else category.parent.node
        if parent is None:
            self.changes.counts["failed"] += 1  # the report of its parent covers it
            return
        found = self._map.bound.get(category.remote_id)
        if found is None or not await self._exists(found):
            outcome = await self._take_or_make(category, parent)
        else:
            category.node = found
            outcome = "changed" if await self._name(category) else "unchanged"
        self.changes.counts[outcome] += 1

    async def _exists(self, node: int) -> bool:
        """Whether a bound node still exists. An unlisted one is read; if it is gone, its binding is deleted."""
        if node in self._map.names:
            return True
        client = self.integration.client
        try:
            self._map.put(await client.category_nodes.get(node), None)
        except RefusedError as error:
            if error.status != HTTPStatus.NOT_FOUND or error.body is None:
                raise
            await client.actions.delete(self._map.actions.pop(node).pk)
            return False
        return True

    async def _name(self, category: ChannelCategory) -> bool:
        """Renames a node whose name differs. Returns whether it was renamed."""
        node = category.node
        assert node is not None  # noqa: S101  # it is bound
        parent, old = self._map.parent(node), self._map.names[node]
        name = category.name
        holder = self._map.holder(parent, name)
        if holder is not None and holder != node:
            name = _distinct(category)
        if name == old:
            return False
        self._map.claim(parent, name, node)
        try:
            await self.integration.client.category_nodes.update(node, {"name": name})
        except BaseException:
            self._map.release(parent, name)
            raise
        self._map.release(parent, old)
        self._map.names[node] = name
        return True

    async def _take_or_make(self, category: ChannelCategory, parent: int) -> str:
        """Takes the unbound node of the category's name, in whatever spelling, or creates one."""
        nodes, name = self._map, category.name
        holder = nodes.holder(parent, name)
        if holder is None:
            holder = nodes.free_alike(parent, name, category.remote_id, category.siblings)
            name = nodes.names[holder] if holder else name
        elif nodes.is_foreign(holder, category.remote_id):
            name = _distinct(category)
            holder = nodes.holder(parent, name)
        # Claimed until it is bound: before that, another category of this name would take it as unbound.
        nodes.claim(parent, name)
        node, is_new = holder, False
        try:
            if not node:
                made = await self._make(category, parent, name)
                node, is_new = made.pk, made.pk not in nodes.names
                nodes.put(made, None)
            await self._bind(category, node, nodes.versions[node])
        finally:
            if node:
                nodes.claim(parent, name, node)
            else:
                nodes.release(parent, name)
        await self._name(category)  # it may have another spelling
        return "created" if is_new else "changed"

    async def _make(self, category: ChannelCategory, parent: int, name: str) -> TreeNode:
        """Creates a node, or returns an existing one of its name."""
        nodes, clock = self.integration.client.category_nodes, self.integration.runtime.clock

        async def find() -> TreeNode | None:
            child = await self._child(parent, name)
            if child is None or self._map.is_foreign(child, category.remote_id):
                return None
            return await nodes.get(child)

        return await create_once(lambda: nodes.create({"name": name, "node": parent}), find, clock, may_exist=True)

    async def _child(self, parent: int, name: str) -> int | None:
        """The child node of this name; if there is none, the only one with another spelling of it, which Omnitron may refuse as
        equal."""
        children = (await self.integration.client.setup_rows(NODES, DetailedNode).get(parent, "detailed")).children
        found = ByText((child.name, child.pk) for child in children).find(name)
        return found[0] if len(found) == 1 else None

    async def _bind(self, category: ChannelCategory, node: int, version: datetime | None) -> None:
        hub, known = self.integration, self._map.actions.get(node)
        if known is None:
            binding = Binding(ContentType.category_node, node, category.remote_id, version)
            (action,) = await hub.do_action(CreateIntegration, objects=[binding])
        else:
            # It belonged to a category that the channel no longer has: the merchant's mapping stays with the name.
            action = await hub.client.actions.update(known.pk, {"remote_id": category.remote_id})
        self._map.actions[node] = action
        category.node = node


def _below(node: CategoryNodeDto, parent: ChannelCategory | None) -> list[ChannelCategory]:
    names = frozenset(child.name.strip() for child in node.children)
    return [ChannelCategory(child, parent, names) for child in node.children]


def _distinct(category: ChannelCategory) -> str:
    return f"{category.name} ({category.remote_id})"


def _count_below(node: CategoryNodeDto) -> int:
    """The number of categories below one, each counted once: a connector may have built a circle."""
    seen: dict[int, CategoryNodeDto] = {}
    waiting = list(node.children)
    while waiting:
        child = waiting.pop()
        if id(child) not in seen and child is not node:
            seen[id(child)] = child
            waiting += child.children
    return len(seen)


class GetCategoryIds(OmnitronQuery[list[IntegrationAction]]):
    """Reads the actions of all category nodes, least recently checked categories first."""

    key = "get_category_ids"
    content_type = ContentType.category_node

    async def send(self, _: None) -> list[IntegrationAction]:
        require_tree(self.integration)
        # Read by key and sorted here: a row that is touched meanwhile would move from page to page.
        pages = self.integration.client.actions.pages(ContentType.category_node)
        actions = [action async for page in pages for action in page if action.remote_id]
        return sorted(actions, key=lambda action: (action.version_date or LONG_AGO, action.pk))


class GetLeafCategoryNodeIds(OmnitronQuery[list[TreeNode]]):
    """Reads the leaf nodes of the channel's tree."""

    key = "get_leaf_category_node_ids"
    content_type = ContentType.category_node

    async def send(self, _: None) -> list[TreeNode]:
        client = self.integration.client
        root, nodes = await side_by_side(
            client.category_trees.get(require_tree(self.integration)), client.category_nodes.all()
        )
        path = root.category_root.path
        return [node for node in nodes if node.path.startswith(path) and node.path != path and not node.numchild]


def require_tree(hub: Any) -> int:
    """The key of the channel's category tree.

    Raises:
        ConfigError: the channel has no tree.
    """
    tree: int | None = hub.channel.category_tree
    if tree is None:
        raise ConfigError(
            f"Channel {hub.channel.pk} has no category tree. Run create_or_update_category_tree_and_nodes first."
        )
    return tree
