"""The nodes of the hub's category trees."""

from collections.abc import Callable

from pydantic import BaseModel, Field

from deployments.sandbox.base.http import HttpError, not_found
from deployments.sandbox.hub.bodies import WireKey
from deployments.sandbox.hub.catalogue import Catalogue
from deployments.sandbox.hub.tables import Row

_STEP = 4
"""Characters of a node's path for each level."""


class _Named(BaseModel):
    name: str = Field(min_length=1, max_length=255)


class _NewNode(_Named):
    node: WireKey | None = None


class Nodes:
    """The nodes of all trees: names are unique below one parent.

    Args:
        goods: holds the tables of trees and nodes; products refer to the same rows.
        stamp: makes modification dates.
    """

    def __init__(self, goods: Catalogue, stamp: Callable[[], str]) -> None:
        self.table, self.trees = goods.nodes, goods.trees
        self._stamp = stamp
        self._children: dict[int, dict[str, int]] = {}
        self._parent: dict[int, int] = {}
        by_path = {row["path"]: row for row in self.table}
        for row in self.table:
            parent = by_path.get(row["path"][:-_STEP])
            if parent is not None:
                self._place(row, parent)

    def children(self, pk: int) -> list[Row]:
        """The nodes directly below a node."""
        return [self.table[child] for child in self._children.get(pk, {}).values()]

    def parent(self, pk: int) -> int | None:
        """The node above."""
        return self._parent.get(pk)

    def create_tree(self, body: Row) -> Row:
        """A new tree with its root.

        Raises:
            ValidationError: the name is missing or too long.
        """
        name = _Named.model_validate(body).name
        root = self._add(name, _path_of(len(self.trees) + 1))
        return self.trees.add(
            {"pk": self.trees.next_key(), "name": name, "category_root": root, "modified_date": self._stamp()}
        )

    def create(self, body: Row) -> Row:
        """A new node below `node`.

        Raises:
            ValidationError: the name is missing or too long.
            HttpError: 400, there is no such parent, or a node of this name stands there.
        """
        new = _NewNode.model_validate(body)
        name, parent = new.name, new.node
        if parent is None or parent not in self.table:
            raise HttpError(400, {"node": [f'Invalid pk "{parent}" - object does not exist.']})
        above = self.table[parent]
        self._refuse_twin(parent, name)
        row = self._add(name, above["path"] + _path_of(above["numchild"] + 1))
        self._place(row, above)
        return row

    def change(self, pk: int, body: Row) -> Row:
        """Give a node another name; an empty change moves `modified_date` only."""
        row = self[pk]
        fields: Row = {}
        if "name" in body:
            name, parent = _Named.model_validate(body).name, self._parent.get(pk)
            if parent is not None and name != row["name"]:
                self._refuse_twin(parent, name)
                del self._children[parent][row["name"]]
                self._children[parent][name] = pk
            fields["name"] = name
        return self.table.change(pk, **fields, modified_date=self._stamp())

    def __getitem__(self, pk: int) -> Row:
        if pk not in self.table:
            raise not_found()
        return self.table[pk]

    def _refuse_twin(self, parent: int, name: str) -> None:
        if name in self._children.get(parent, {}):
            raise HttpError(400, {"non_field_errors": ["The fields node, name must make a unique set."]})

    def _add(self, name: str, path: str) -> Row:
        pk, moment = self.table.next_key(), self._stamp()
        return self.table.add(
            {
                "pk": pk,
                "name": name,
                "order": 1,
                "numchild": 0,
                "depth": len(path) // _STEP,
                "sort_option": 20,
                "uuid": f"cf461e84-1f19-497b-8fb8-{pk:012d}",
                "path": path,
                "created_date": moment,
                "modified_date": moment,
            }
        )

    def _place(self, row: Row, parent: Row) -> None:
        self._children.setdefault(parent["pk"], {})[row["name"]] = row["pk"]
        self._parent[row["pk"]] = parent["pk"]
        self.table.change(parent["pk"], numchild=parent["numchild"] + 1)


def _path_of(number: int) -> str:
    return f"{number:0{_STEP}d}"
