"""The channel's categories in Omnitron: a tree, its nodes, and which category of the channel each node is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from clients.errors import ConfigError, LostAnswerError, RefusedError
from dto.enums import ContentType
from dto.omnitron import CategoryTree, IntegrationAction
from dto.omnitron_setup import DetailedNode, TreeNode
from dto.setup import CategoryNodeDto, CategoryTreeDto
from tasks.command import OmnitronCommand
from tasks.concurrency import side_by_side
from tasks.omnitron.changes import ChangeCommand, Changes
from tasks.omnitron.integration_actions import CreateIntegration
from tasks.omnitron.setup_rows import Binding

NODES = "category_nodes"
LONG_AGO = datetime.min.replace(tzinfo=UTC)


@dataclass(slots=True, eq=False)
class Place:
    """A category of the channel, and the node that stands for it once it is known."""

    dto: CategoryNodeDto
    parent: "Place | None"
    node: int | None = None

    @property
    def remote_id(self) -> str:
        return self.dto.remote_id or ""

    @property
    def name(self) -> str:
        """As Omnitron keeps it."""
        return self.dto.name.strip()


class NodeMap:
    """The nodes that Omnitron has, by their keys and by their names below each parent; and which are bound.

    Names are claimed before a request that will use them, so that two categories of one name do not both ask for it.
    """

    def __init__(self, nodes: Iterable[TreeNode], actions: Iterable[IntegrationAction], live: set[str]) -> None:
        self.names: dict[int, str] = {}
        self.versions: dict[int, datetime | None] = {}
        self.actions: dict[int, IntegrationAction] = {action.object_id: action for action in actions}
        self.bound = {action.remote_id: action.object_id for action in self.actions.values() if action.remote_id}
        self._live = live
        self._parents: dict[int, int] = {}
        self._children: dict[int, dict[str, int]] = {}
        above: list[TreeNode] = []
        for node in sorted(nodes, key=lambda node: node.path):
            while above and not (node.path.startswith(above[-1].path) and node.path != above[-1].path):
                above.pop()
            self.put(node, above[-1].pk if above else None)
            above.append(node)

    def put(self, node: TreeNode, parent: int | None) -> None:
        """Takes a node in."""
        self.names[node.pk], self.versions[node.pk] = node.name, node.modified_date
        self.claim(parent, node.name, node.pk)

    def parent(self, node: int) -> int | None:
        """The node above."""
        return self._parents.get(node)

    def holder(self, parent: int | None, name: str) -> int | None:
        """The node of this name; 0 for one that is being made."""
        return None if parent is None else self._children.get(parent, {}).get(name)

    def is_foreign(self, node: int, remote_id: str) -> bool:
        """Whether a node stands for another category that the channel still has, or is being made for one."""
        action = self.actions.get(node)
        return not node or (action is not None and action.remote_id in self._live - {remote_id})

    def claim(self, parent: int | None, name: str, node: int = 0) -> None:
        """This name is taken from now on: by a node, or, without one, by a request under way."""
        if parent is not None:
            self._children.setdefault(parent, {})[name] = node
            if node:
                self._parents[node] = parent

    def release(self, parent: int | None, name: str) -> None:
        """It is free again."""
        if parent is not None:
            self._children[parent].pop(name, None)


class CreateOrUpdateCategoryTreeAndNodes(ChangeCommand[CategoryTreeDto]):
    """Gives every category of the channel a node, parents before children, and binds it to the category's remote id.

    Nodes are made, renamed and bound, never moved or deleted. Names are unique below one parent in Omnitron: a category
    whose name is taken by another one is called `name (remote id)`. A category without a name or a remote id, or one that
    is listed twice, fails with those below it.
    """

    key = "create_or_update_category_tree_and_nodes"
    content_type = ContentType.category_tree
    kind = "category"

    def name_of(self, thing: Place) -> str:
        return f"{thing.name or '(no name)'} [{thing.remote_id or 'no remote id'}]"

    def consequence_for(self, thing: Place) -> str:
        below = _count_below(thing.dto)
        return f"It is left out with the {below} categories below it." if below and thing.node is None else ""

    async def send(self, tree: CategoryTreeDto) -> Changes:
        levels = self._levels(tree)
        if not levels:
            self.log.warning("The channel answered a tree without categories: nothing was changed.")
            return self.changes
        root = await self._root()
        client = self.integration.client
        nodes, actions = await side_by_side(client.rows(NODES, TreeNode), self._actions())
        top = root.category_root
        if all(node.pk != top.pk for node in nodes):  # a hub may list what stands below it only
            nodes.append(TreeNode(pk=top.pk, name=top.name, path=top.path))
        self._map = NodeMap(nodes, actions, {place.remote_id for level in levels for place in level})
        self._root_pk = top.pk
        for depth, level in enumerate(levels, start=1):
            await self.each(level, self._put, f"categories of level {depth}")
        return self.changes

    async def _actions(self) -> list[IntegrationAction]:
        pages = self.integration.client.action_pages(ContentType.category_node)
        return [action async for page in pages for action in page]

    # -- the channel's side ----------------------------------------------------------------------------------------

    def _levels(self, tree: CategoryTreeDto) -> list[list[Place]]:
        """The categories level by level, without those that cannot be brought over."""
        levels: list[list[Place]] = []
        seen: set[str] = set()
        level = [Place(child, None) for child in tree.root.children]
        while level:
            kept = [place for place in level if self._is_usable(place, seen)]
            if kept:
                levels.append(kept)
            level = [Place(child, place) for place in kept for child in place.dto.children]
        return levels

    def _is_usable(self, place: Place, seen: set[str]) -> bool:
        name, more = self.name_of(place), self.consequence_for(place)
        if not place.remote_id:
            self.misfit(
                name, "NoRemoteId", f"The connector gave it no remote_id, which is its name on the channel. {more}"
            )
        elif not place.name:
            self.misfit(name, "NoName", f"The connector gave it no name. {more}")
        elif place.remote_id in seen:
            self.misfit(name, "DuplicatedRemoteId", f"Another category of the tree has the same remote_id. {more}")
        else:
            seen.add(place.remote_id)
            return True
        self.changes.counts["failed"] += _count_below(place.dto)
        return False

    # -- Omnitron's side -------------------------------------------------------------------------------------------

    async def _root(self) -> CategoryTree:
        """The channel's tree. It is made when there is none, or when a run died before the channel knew of it."""
        hub, client = self.integration, self.integration.client
        if hub.channel.category_tree is not None:
            return await client.category_tree(hub.channel.category_tree)  # type: ignore[no-any-return]
        name = f"{hub.channel.name or 'Channel'} ({hub.channel_id})"
        tree: CategoryTree = await self._tree_named(name) or await self._make_tree(name)
        hub.channel_object = await client.update_channel({"category_tree": tree.pk})
        self.log.info("Channel %s has the category tree `%s` now (%s).", hub.channel_id, name, tree.pk)
        return tree

    async def _tree_named(self, name: str) -> CategoryTree | None:
        trees = await self.integration.client.rows("category_trees", CategoryTree)
        return next((tree for tree in trees if tree.name == name), None)

    async def _make_tree(self, name: str) -> CategoryTree:
        client = self.integration.client
        try:
            return await client.create_row("category_trees", CategoryTree, {"name": name})  # type: ignore[no-any-return]
        except LostAnswerError:
            found = await self._tree_named(name)
            return found or await client.create_row("category_trees", CategoryTree, {"name": name})

    async def _put(self, place: Place) -> None:
        """One category: its node, under its name, bound."""
        parent = self._root_pk if place.parent is None else place.parent.node
        if parent is None:
            self.changes.counts["failed"] += 1  # the report of the one above speaks for it
            return
        found = self._map.bound.get(place.remote_id)
        if found is None or not await self._exists(found):
            outcome = await self._take_or_make(place, parent)
        else:
            place.node = found
            outcome = "changed" if await self._name(place) else "unchanged"
        self.changes.counts[outcome] += 1

    async def _exists(self, node: int) -> bool:
        """Whether a bound node is still there. One that was not listed is asked for; its binding goes with it."""
        if node in self._map.names:
            return True
        client = self.integration.client
        try:
            self._map.put(await client.row(NODES, TreeNode, node), None)
        except RefusedError as error:
            if error.status != 404 or error.body is None:  # noqa: PLR2004
                raise
            await client.delete_action(self._map.actions.pop(node).pk)
            return False
        return True

    async def _name(self, place: Place) -> bool:
        """Renames a node that is called otherwise. True when it was."""
        node = place.node
        assert node is not None  # noqa: S101  # it is bound
        parent, old = self._map.parent(node), self._map.names[node]
        name = place.name
        holder = self._map.holder(parent, name)
        if holder is not None and holder != node:
            name = _distinct(place)
        if name == old:
            return False
        self._map.claim(parent, name, node)
        try:
            await self.integration.client.change_row(NODES, TreeNode, node, {"name": name})
        except BaseException:
            self._map.release(parent, name)
            raise
        self._map.release(parent, old)
        self._map.names[node] = name
        return True

    async def _take_or_make(self, place: Place, parent: int) -> str:
        """A node for a category that has none: one of its name that is free, or a new one."""
        nodes, name = self._map, place.name
        holder = nodes.holder(parent, name)
        if holder is not None and nodes.is_foreign(holder, place.remote_id):
            name = _distinct(place)
            holder = nodes.holder(parent, name)
        # Claimed until it is bound: before that, another category of this name would take it for nobody's.
        nodes.claim(parent, name)
        node, is_new = holder, False
        try:
            if not node:
                made, is_new = await self._make(place, parent, name)
                nodes.put(made, None)
                node = made.pk
            await self._bind(place, node, nodes.versions[node])
        finally:
            if node:
                nodes.claim(parent, name, node)
            else:
                nodes.release(parent, name)
        return "created" if is_new else "changed"

    async def _make(self, place: Place, parent: int, name: str) -> tuple[TreeNode, bool]:
        """A new node, or the one that stands there already, and whether it is new."""
        client, fields = self.integration.client, {"name": name, "node": parent}
        try:
            return await client.create_row(NODES, TreeNode, fields), True
        except (LostAnswerError, RefusedError) as error:
            found = await self._child(parent, name)
            if found is not None and not self._map.is_foreign(found, place.remote_id):
                return await client.row(NODES, TreeNode, found), isinstance(error, LostAnswerError)
            if isinstance(error, RefusedError):
                raise
        return await client.create_row(NODES, TreeNode, fields), True

    async def _child(self, parent: int, name: str) -> int | None:
        """The node of this name below another, as Omnitron compares names: small and capital letters may be alike."""
        children = (await self.integration.client.row(NODES, DetailedNode, parent, "detailed")).children
        exact = [child.pk for child in children if child.name == name]
        alike = [child.pk for child in children if child.name.strip().casefold() == name.strip().casefold()]
        return next(iter(exact or alike), None)

    async def _bind(self, place: Place, node: int, version: datetime | None) -> None:
        hub, known = self.integration, self._map.actions.get(node)
        if known is None:
            binding = Binding(ContentType.category_node, node, place.remote_id, version)
            (action,) = await hub.do_action(CreateIntegration, objects=[binding])
        else:
            # It stood for a category that the channel has no more: the merchant's mapping stays with the name.
            action = await hub.client.update_action(known.pk, {"remote_id": place.remote_id})
        self._map.actions[node] = action
        place.node = node


def _distinct(place: Place) -> str:
    return f"{place.name} ({place.remote_id})"


def _count_below(node: CategoryNodeDto) -> int:
    """How many categories stand below one, each counted once: a connector may have made a circle."""
    seen: dict[int, CategoryNodeDto] = {}
    waiting = list(node.children)
    while waiting:
        child = waiting.pop()
        if id(child) not in seen and child is not node:
            seen[id(child)] = child
            waiting += child.children
    return len(seen)


class GetCategoryIds(OmnitronCommand[None, list[IntegrationAction]]):
    """The actions of all category nodes, those whose attributes were looked at longest ago first."""

    key = "get_category_ids"
    content_type = ContentType.category_node

    async def send(self, _: None) -> list[IntegrationAction]:
        require_tree(self.integration)
        # Read by key and put in order here: whoever touches a row meanwhile would move it from page to page.
        pages = self.integration.client.action_pages(ContentType.category_node)
        actions = [action async for page in pages for action in page if action.remote_id]
        return sorted(actions, key=lambda action: (action.version_date or LONG_AGO, action.pk))


class GetLeafCategoryNodeIds(OmnitronCommand[None, list[TreeNode]]):
    """The nodes of the channel's tree that have none below them."""

    key = "get_leaf_category_node_ids"
    content_type = ContentType.category_node

    async def send(self, _: None) -> list[TreeNode]:
        client = self.integration.client
        root, nodes = await side_by_side(
            client.category_tree(require_tree(self.integration)), client.rows(NODES, TreeNode)
        )
        path = root.category_root.path
        return [node for node in nodes if node.path.startswith(path) and node.path != path and not node.numchild]


def require_tree(hub: Any) -> int:
    """The key of the channel's category tree.

    Raises:
        ConfigError: it has none.
    """
    tree: int | None = hub.channel.category_tree
    if tree is None:
        raise ConfigError(
            f"Channel {hub.channel.pk} has no category tree. Run create_or_update_category_tree_and_nodes first."
        )
    return tree
