"""The nodes of the category trees in Omnitron, with the categories of the channel to which they are bound."""

from collections.abc import Collection, Iterable
from datetime import datetime

from dto.omnitron import IntegrationAction
from dto.omnitron_setup import TreeNode
from dto.text import are_alike


class NodeMap:
    """Omnitron's nodes, by key and by name below each parent, and their bindings.

    A name is claimed before the request that will use it, so that two categories of one name do not both take it.
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
        """Adds a node."""
        self.names[node.pk], self.versions[node.pk] = node.name, node.modified_date
        self.claim(parent, node.name, node.pk)

    def parent(self, node: int) -> int | None:
        """The key of the parent node."""
        return self._parents.get(node)

    def holder(self, parent: int | None, name: str) -> int | None:
        """The node of this name; 0 if one is being created."""
        return None if parent is None else self._children.get(parent, {}).get(name)

    def free_alike(self, parent: int | None, name: str, remote_id: str, siblings: Collection[str]) -> int | None:
        """The node whose name is another spelling of this one, if there is exactly one that no category of the channel has, and
        that is not meant for one of the `siblings`, which has exactly its name."""
        if parent is None:
            return None
        found = [
            node
            for taken, node in self._children.get(parent, {}).items()
            if are_alike(taken, name) and taken not in siblings and not self.is_foreign(node, remote_id)
        ]
        return found[0] if len(found) == 1 else None

    def is_foreign(self, node: int, remote_id: str) -> bool:
        """Whether a node belongs to another category that the channel still has, or is being created for one."""
        action = self.actions.get(node)
        return not node or (action is not None and action.remote_id in self._live - {remote_id})

    def claim(self, parent: int | None, name: str, node: int = 0) -> None:
        """Claims a name for a node, or for a request in progress if there is no node yet."""
        if parent is not None:
            self._children.setdefault(parent, {})[name] = node
            if node:
                self._parents[node] = parent

    def release(self, parent: int | None, name: str) -> None:
        """Frees a name."""
        if parent is not None:
            self._children[parent].pop(name, None)
