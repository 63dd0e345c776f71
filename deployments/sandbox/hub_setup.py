"""What the local hub knows of the channel itself: its category tree, its attributes, their sets, values and configs."""

from collections.abc import Callable, Iterable
from typing import Any

from deployments.sandbox.catalogue import Catalogue
from deployments.sandbox.ledger import Key, Ledger
from deployments.sandbox.listing import Filter, Listing, filters
from deployments.sandbox.messages import HttpError, Request, Response, json_response
from deployments.sandbox.routing import Router, as_pk
from deployments.sandbox.tables import Row, Table, text_of
from deployments.sandbox.vocabulary import ATTRIBUTE_SETS
from dto.enums import ContentType

MOST_ATTRIBUTES, MOST_VALUES = 200, 500
"""What one bulk request may carry: attributes, and values of each."""

_STEP = 4
"""Characters of a node's path for each level."""
_LONGEST_NAME = 255
_FLAGS = ("is_required", "is_variant", "is_custom", "is_meta", "is_image_attribute")
_RULE_FIELDS = ("attribute_remote_id", *_FLAGS)


class Resource:
    """A plain resource: a table, and what a row of it has to be.

    Args:
        required: fields that a new row must have.
        unique: fields that together must be unlike those of every other row.
        known: its list's filters.
        references: fields that name a row of another table.
        key: the field that identifies a row.
        defaults: what a new row has where the request says nothing.
    """

    def __init__(
        self,
        *,
        stamp: Callable[[], str],
        required: Iterable[str],
        unique: Iterable[str] = (),
        known: dict[str, Filter],
        indexed: Iterable[str] = (),
        references: dict[str, Table] | None = None,
        key: str = "pk",
        defaults: Row | None = None,
    ) -> None:
        self.table = Table(key, indexed)
        self.known = known
        self._stamp = stamp
        self._required = tuple(required)
        self._unique = tuple(unique)
        self._references = references or {}
        self._defaults = defaults or {}
        self._taken: dict[tuple[str, ...], int] = {}

    def create(self, body: Row, pk: int | None = None) -> Row:
        """A new row.

        Raises:
            HttpError: 400, a field is missing or names nothing, or there is such a row.
        """
        missing = {field: ["This field is required."] for field in self._required if body.get(field) in (None, "")}
        if missing:
            raise HttpError(400, missing)
        row = {**self._defaults, **body, self.table.key: pk or self.table.next_key(), "modified_date": self._stamp()}
        self._check(row)
        self._claim(row)
        return self.table.add(row)

    def change(self, pk: int, body: Row) -> Row:
        """Fields of a row.

        Raises:
            HttpError: 400 or 404, as above.
        """
        old = self[pk]
        new = {**old, **body, self.table.key: pk}
        self._check(new)
        if self._unique:
            self._claim(new)
            if self._signature(new) != self._signature(old):
                del self._taken[self._signature(old)]
        return self.table.change(pk, **body, modified_date=self._stamp())

    def find(self, *values: Any) -> Row | None:
        """The row with these unique values."""
        pk = self._taken.get(tuple(map(text_of, values)))
        return None if pk is None else self.table[pk]

    def __getitem__(self, pk: int) -> Row:
        if pk not in self.table:
            raise HttpError(404, {"detail": "Not found."})
        return self.table[pk]

    def _check(self, row: Row) -> None:
        for field, table in self._references.items():
            if row[field] not in table:
                raise HttpError(400, {field: [f'Invalid pk "{row[field]}" - object does not exist.']})

    def _signature(self, row: Row) -> tuple[str, ...]:
        return tuple(text_of(row[field]) for field in self._unique)

    def _claim(self, row: Row) -> None:
        if self._unique and self._taken.setdefault(self._signature(row), row[self.table.key]) != row[self.table.key]:
            raise HttpError(
                400, {"non_field_errors": [f"The fields {', '.join(self._unique)} must make a unique set."]}
            )


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
        """Those directly below a node."""
        return [self.table[child] for child in self._children.get(pk, {}).values()]

    def parent(self, pk: int) -> int | None:
        """The node above."""
        return self._parent.get(pk)

    def create_tree(self, body: Row) -> Row:
        """A new tree with its root."""
        name = _name_of(body)
        root = self._add(name, _path_of(len(self.trees) + 1))
        return self.trees.add(
            {"pk": self.trees.next_key(), "name": name, "category_root": root, "modified_date": self._stamp()}
        )

    def create(self, body: Row) -> Row:
        """A new node below `node`.

        Raises:
            HttpError: 400, there is no such parent, or one of this name stands there.
        """
        name, parent = _name_of(body), body.get("node")
        if parent not in self.table:
            raise HttpError(400, {"node": [f'Invalid pk "{parent}" - object does not exist.']})
        self._refuse_twin(int(str(parent)), name)
        above = self.table[int(str(parent))]
        row = self._add(name, above["path"] + _path_of(above["numchild"] + 1))
        self._place(row, above)
        return row

    def change(self, pk: int, body: Row) -> Row:
        """Another name; nothing at all moves `modified_date` alone."""
        row = self[pk]
        fields: Row = {}
        if "name" in body:
            name, parent = _name_of(body), self._parent.get(pk)
            if parent is not None and name != row["name"]:
                self._refuse_twin(parent, name)
                del self._children[parent][row["name"]]
                self._children[parent][name] = pk
            fields["name"] = name
        return self.table.change(pk, **fields, modified_date=self._stamp())

    def __getitem__(self, pk: int) -> Row:
        if pk not in self.table:
            raise HttpError(404, {"detail": "Not found."})
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


class SetupState:
    """The tables of the setup, and the bulk routes' work on them.

    Args:
        goods: the shop that the hub begins with; its sets, attributes and configs are here as well.
        channel_id: whose attributes these are.
        stamp: makes modification dates.
        bulk: whether the hub has the bulk routes.
    """

    def __init__(self, *, goods: Catalogue, channel_id: int, stamp: Callable[[], str], bulk: bool) -> None:
        self.bulk = bulk
        self.nodes = Nodes(goods, stamp)
        self._channel_id = channel_id
        own: Row = {"channel": channel_id}
        self.sets = Resource(
            stamp=stamp,
            key="id",
            required=["name", "remote_id", "channel"],
            known=filters(remote_id__exact="remote_id", channel="channel"),
            indexed=["remote_id"],
        )
        self.set_configs = Resource(
            stamp=stamp,
            required=["attribute_set", "object_id", "content_type"],
            known=filters(
                attribute_set="attribute_set", object_id="object_id", content_type__model__exact="content_type"
            ),
            indexed=["attribute_set"],
            references={"attribute_set": self.sets.table},
        )
        self.attributes = Resource(
            stamp=stamp,
            required=["name", "channel"],
            unique=["name"],
            known=filters(name__exact="name", channel="channel"),
            indexed=["name"],
        )
        self.schemas = Resource(
            stamp=stamp,
            required=["name", "channel"],
            unique=["name"],
            known=filters(name__exact="name", channel="channel"),
            indexed=["name"],
            defaults={"schema": {}},
        )
        self.rules = Resource(
            stamp=stamp,
            required=["attribute_set", "attribute"],
            unique=["attribute_set", "attribute"],
            known=filters(attribute_set="attribute_set", attribute="attribute"),
            indexed=["attribute_set"],
            references={"attribute_set": self.sets.table, "attribute": self.attributes.table},
            defaults={"attribute_remote_id": None, **dict.fromkeys(_FLAGS, False)},
        )
        self.values = Resource(
            stamp=stamp,
            required=["attribute", "label", "value", "channel"],
            unique=["attribute", "value"],
            known=filters(attribute="attribute", label__exact="label", value__exact="value"),
            indexed=["attribute"],
            references={"attribute": self.attributes.table},
        )
        self.value_configs = Resource(
            stamp=stamp,
            required=["attribute_set", "attribute_value"],
            known=filters(attribute_set="attribute_set", attribute_value="attribute_value"),
            indexed=["attribute_set"],
            references={"attribute_set": self.sets.table, "attribute_value": self.values.table},
        )
        for number, name in ATTRIBUTE_SETS.items():
            self.sets.create({"name": name, "remote_id": str(1000 + number), **own}, number)
        for config in goods.attribute_configs:
            attribute = config["attribute"]
            if attribute["pk"] not in self.attributes.table:
                self.attributes.create({"name": attribute["name"], **own}, attribute["pk"])
            self.rules.create(
                {
                    "attribute_set": config["attribute_set"]["id"],
                    "attribute": attribute["pk"],
                    **{field: config[field] for field in _RULE_FIELDS if field in config},
                },
                config["pk"],
            )

    def in_detail(self, _request: Request, rule: Row) -> Row:
        """A row of `attribute_configs/detailed/`."""
        attribute = self.attributes.table[rule["attribute"]]
        belongs_to = self.sets.table[rule["attribute_set"]]
        return {
            **rule,
            "attribute": {"pk": attribute["pk"], "name": attribute["name"]},
            "attribute_set": {"id": belongs_to["id"], "name": belongs_to["name"]},
        }

    def take_category(self, body: Row, ledger: Ledger) -> None:
        """`bulk_category_attributes/`: a category's set, its attributes and their values, each made where it is missing.

        Which values a category offers of an attribute is left to the client (assumed).
        """
        _require(body, "category_node_id", "remote_id", "attribute_set_name")
        entries = _entries(body)
        node = self.nodes[body["category_node_id"]]
        name, remote_id = body["attribute_set_name"], str(body["remote_id"])
        found = self.sets.table.find("remote_id", remote_id)
        if not found:
            found = [self.sets.create({"name": name, "remote_id": remote_id, "channel": self._channel_id})]
        elif found[0]["name"] != name:
            self.sets.change(found[0]["id"], {"name": name})
        attribute_set = found[0]["id"]
        configs = self.set_configs.table.find("attribute_set", attribute_set)
        if not any(row["object_id"] == node["pk"] for row in configs):
            self.set_configs.create(
                {"attribute_set": attribute_set, "object_id": node["pk"], "content_type": "categorynode"}
            )
        for entry in entries:
            attribute = self._take_attribute(entry, ledger)
            fields = {field: bool(entry.get(field, False)) for field in ("is_required", "is_variant", "is_custom")}
            fields["attribute_remote_id"] = entry["remote_id"]
            rule = self.rules.find(attribute_set, attribute)
            if rule is None:
                self.rules.create({"attribute_set": attribute_set, "attribute": attribute, **fields})
            else:
                self.rules.change(rule["pk"], fields)

    def take_attributes(self, body: Row, ledger: Ledger) -> None:
        """`bulk_attributes/`: attributes and their values, each made where it is missing."""
        for entry in _entries(body):
            self._take_attribute(entry, ledger)

    def _take_attribute(self, entry: Row, ledger: Ledger) -> int:
        name, remote_id = entry["name"], str(entry["remote_id"])
        bound = [
            row["object_id"]
            for row in ledger.actions.find("remote_id", remote_id)
            if row["content_type"]["model"] == ContentType.attribute
        ]
        row = self.attributes.find(name)
        if row is None and bound:
            row = self.attributes.change(bound[0], {"name": name})
        if row is None:
            row = self.attributes.create({"name": name, "channel": self._channel_id})
        key = Key(ContentType.attribute, row["pk"])
        if ledger.action_of(key) is None and not bound:
            ledger.put(key, remote_id=remote_id, version_date=row["modified_date"])
        schema = f"{self._channel_id} {name} Schema"
        if self.schemas.find(schema) is None:
            self.schemas.create({"name": schema, "channel": self._channel_id})
        for value in entry["values"]:
            self._take_value(row["pk"], value, ledger)
        pk: int = row["pk"]
        return pk

    def _take_value(self, attribute: int, value: Row, ledger: Ledger) -> None:
        row = self.values.find(attribute, value["value"])
        if row is None:
            fields = {"label": value["label"], "value": value["value"], "channel": self._channel_id}
            row = self.values.create({"attribute": attribute, **fields})
        elif row["label"] != value["label"]:
            self.values.change(row["pk"], {"label": value["label"]})
        key = Key(ContentType.attribute_value, row["pk"])
        if ledger.action_of(key) is None:
            ledger.put(key, remote_id=str(value["remote_id"]), version_date=row["modified_date"])


def add_setup_routes(
    router: Router,
    setup: SetupState,
    ledger: Ledger,
    channel: str,
    *,
    events: Table,
    violation: Callable[[str], None],
) -> None:
    """The routes of the setup, below `channel` (`/api/v1/channel/6/`)."""
    resources = {
        "attribute_sets": setup.sets,
        "attribute_set_configs": setup.set_configs,
        "attributes": setup.attributes,
        "attribute_schemas": setup.schemas,
        "attribute_configs": setup.rules,
        "attribute_values": setup.values,
        "attribute_value_configs": setup.value_configs,
    }
    for path, resource in resources.items():
        _add_resource(router, resource, f"{channel}{path}/", violation)
    nodes = setup.nodes
    for path, table in (("category_trees", nodes.trees), ("category_nodes", nodes.table)):
        router.add("GET", f"{channel}{path}/", Listing(table, {}, violation=violation))

    def detailed(_request: Request, pk: str) -> Response:
        return json_response({**nodes[as_pk(pk)], "children": nodes.children(as_pk(pk))})

    def bulk(take: Callable[[Row, Ledger], None]) -> Callable[[Request], Response]:
        def handler(request: Request) -> Response:
            if not setup.bulk:
                raise HttpError(404, {"detail": "Not found."})
            take(request.json(), ledger)
            return json_response({"detail": "done"}, 201)

        return handler

    base = f"{channel}category_nodes/"
    router.add(
        "POST", f"{channel}category_trees/", lambda request: json_response(nodes.create_tree(request.json()), 201)
    )
    router.add("POST", base, lambda request: json_response(nodes.create(request.json()), 201))
    router.add("GET", f"{base}{{}}/", lambda _request, pk: json_response(nodes[as_pk(pk)]))
    router.add("PATCH", f"{base}{{}}/", lambda request, pk: json_response(nodes.change(as_pk(pk), request.json())))
    router.add("GET", f"{base}{{}}/detailed/", detailed)
    in_detail = Listing(setup.rules.table, setup.rules.known, violation=violation, render=setup.in_detail)
    router.add("GET", f"{channel}attribute_configs/detailed/", in_detail)
    router.add("POST", f"{channel}bulk_category_attributes/", bulk(setup.take_category))
    router.add("POST", f"{channel}bulk_attributes/", bulk(setup.take_attributes))
    router.add("GET", f"{channel}operational_events/", Listing(events, {}, violation=violation))


def _add_resource(router: Router, resource: Resource, base: str, violation: Callable[[str], None]) -> None:
    router.add("GET", base, Listing(resource.table, resource.known, violation=violation))
    router.add("POST", base, lambda request: json_response(resource.create(request.json()), 201))
    router.add("GET", f"{base}{{}}/", lambda _request, pk: json_response(resource[as_pk(pk)]))
    router.add("PATCH", f"{base}{{}}/", lambda request, pk: json_response(resource.change(as_pk(pk), request.json())))


def _path_of(number: int) -> str:
    return f"{number:0{_STEP}d}"


def _name_of(body: Row) -> str:
    _require(body, "name")
    name = str(body["name"])
    if len(name) > _LONGEST_NAME:
        raise HttpError(400, {"name": [f"Ensure this field has no more than {_LONGEST_NAME} characters."]})
    return name


def _require(body: Row, *fields: str) -> None:
    missing = {field: ["This field is required."] for field in fields if body.get(field) in (None, "")}
    if missing:
        raise HttpError(400, missing)


def _entries(body: Row) -> list[Row]:
    """The attributes of a bulk request, checked before anything is written."""
    entries = body.get("attributes")
    if not isinstance(entries, list):
        raise HttpError(400, {"attributes": ["This field is required."]})
    if len(entries) > MOST_ATTRIBUTES:
        raise HttpError(400, {"attributes": [f"Ensure this field has no more than {MOST_ATTRIBUTES} elements."]})
    for entry in entries:
        _require(entry, "name", "remote_id")
        if len(entry.get("values", ())) > MOST_VALUES:
            raise HttpError(400, {"values": [f"Ensure this field has no more than {MOST_VALUES} elements."]})
        for value in entry.setdefault("values", []):
            _require(value, "label", "value", "remote_id")
    return entries
