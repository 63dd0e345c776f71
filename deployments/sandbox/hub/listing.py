"""Lists as Django REST writes them: filters, order, pages."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from deployments.sandbox.base.http import HttpError, JsonResponse, page_url
from deployments.sandbox.hub.tables import Row, Table, text_of

DEFAULT_LIMIT = 10
MAX_LIMIT = 100

_CONTROLS = frozenset({"page", "limit", "sort"})
_FLAGS = {"1": "true", "0": "false", "true": "true", "false": "false"}
_KEPT_RESULTS = 64


@dataclass(frozen=True, slots=True)
class Filter:
    """One query parameter that selects rows.

    Args:
        field: the field that is compared; parts of a nested one joined with a dot. Of a list of rows any may match.
        is_list: the value holds several, joined with commas.
        is_repeatable: the parameter may be given more than once.
        most: the largest number of values.
        ignores_case: as a database compares, without knowledge of the Turkish i.
        is_flag: the value is a flag; older clients write `True` or `1` for `true`.
        needs: another parameter, without which this one selects too much.
        read: the value that is compared, where no field of the row holds it.
    """

    field: str
    is_list: bool = False
    is_repeatable: bool = False
    most: int | None = None
    ignores_case: bool = False
    is_flag: bool = False
    needs: str = ""
    read: Callable[[Row], Any] | None = None

    def values(self, given: list[str]) -> list[str]:
        if self.is_list:
            return [value for value in given[-1].split(",") if value]
        values = [value for value in (given if self.is_repeatable else given[-1:]) if value]
        return [_FLAGS.get(value.lower(), value) for value in values] if self.is_flag else values

    def select(self, rows: Iterable[Row], values: Iterable[str]) -> list[Row]:
        """The rows that have one of the values."""
        accepted = frozenset(map(self._spelt, values))
        if self.read is not None:
            return [row for row in rows if self._spelt(text_of(self.read(row))) in accepted]
        path = self.field.split(".")
        if len(path) == 1:
            return [row for row in rows if self._spelt(text_of(row[self.field])) in accepted]
        return [row for row in rows if any(self._spelt(text_of(value)) in accepted for value in _inside(row, path))]

    def _spelt(self, text: str) -> str:
        return text.upper() if self.ignores_case else text


def _inside(value: Any, path: list[str]) -> list[Any]:
    """The values at the end of the path: one, or one for each row of a list on the way."""
    values = [value]
    for part in path:
        values = [inner[part] for inner in values]
        values = [each for inner in values for each in (inner if isinstance(inner, list) else [inner])]
    return values


def filters(**fields: str) -> dict[str, Filter]:
    """Filters by parameter: `filters(product="product")`; one that ends in `__in` takes a list, `__iexact` any case."""
    return {
        name: Filter(field, is_list=name.endswith("__in"), ignores_case=name.endswith("__iexact"))
        for name, field in fields.items()
    }


_Conditions = tuple[tuple[Filter, tuple[str, ...]], ...]


class Listing:
    """A list path.

    Args:
        table: the rows.
        known: the filters by parameter.
        violation: takes a sentence about a filter without effect.
        members: the keys that the list is limited to; the whole table when absent.
        revision: changes whenever the members do.
        where: rows that it rejects are not listed.
        render: turns rows into those of the answer.
        sorts: the values of `sort`; `-` in front reverses.
    """

    def __init__(
        self,
        table: Table,
        known: Mapping[str, Filter],
        *,
        violation: Callable[[str], None],
        members: Callable[[], Iterable[int]] | None = None,
        revision: Callable[[], int] = lambda: 0,
        where: Callable[[Row], bool] | None = None,
        render: Callable[[Request, list[Row]], list[Row]] | None = None,
        sorts: Iterable[str] = ("id", "version_date"),
    ) -> None:
        self._table = table
        self._known = {"pk__in": Filter(table.key, is_list=True), **known}
        self._violation = violation
        self._members = members
        self._revision = revision
        self._where = where
        self._render = render
        self._sorts = frozenset(sorts)
        self._results: dict[tuple[Any, ...], list[Row]] = {}
        self._results_revision = (-1, -1)

    async def respond(self, request: Request) -> Response:
        """`GET` → `{"count", "next", "previous", "results"}`; 404 after the last page."""
        query = request.query_params
        page = _number(query.get("page"), default=1)
        limit = min(_number(query.get("limit"), default=DEFAULT_LIMIT) or DEFAULT_LIMIT, MAX_LIMIT)
        rows = self._rows(self._conditions(request), self._sort(request))
        start = (page - 1) * limit
        if page < 1 or (start >= len(rows) and page > 1):
            raise HttpError(404, {"detail": "Invalid page."})
        results = rows[start : start + limit]
        if self._render is not None:
            results = self._render(request, results)
        return JsonResponse(
            {
                "count": len(rows),
                "next": page_url(request, page + 1) if start + limit < len(rows) else None,
                "previous": page_url(request, page - 1) if page > 1 else None,
                "results": results,
            }
        )

    def _conditions(self, request: Request) -> _Conditions:
        """Each filter with its accepted values. A filter without effect is noted as a violation."""
        conditions = []
        query, route = request.query_params, f"{request.method} {request.scope['path']}"
        for name in query:
            if name in _CONTROLS:
                continue
            known = self._known.get(name)
            values = known.values(query.getlist(name)) if known else []
            if known is None or not values:
                problem = "unknown filter" if known is None else "empty filter"
                self._violation(f"{route}: {problem} `{name}`")
                continue
            if known.most is not None and len(values) > known.most:
                self._violation(f"{route}: {len(values)} values in `{name}`")
                raise HttpError(400, {name: [f"Ensure this list has at most {known.most} items."]})
            if known.needs and known.needs not in query:
                self._violation(f"{route}: `{name}` without `{known.needs}`")
            conditions.append((known, tuple(values)))
        return tuple(conditions)

    def _sort(self, request: Request) -> str:
        sort = request.query_params.get("sort")
        if sort is None:
            return "id"
        if sort not in self._sorts:
            self._violation(f"{request.method} {request.scope['path']}: unknown sort `{sort}`")
            return "id"
        return sort

    def _rows(self, conditions: _Conditions, sort: str) -> list[Row]:
        """The selected rows in order; kept until something changes, since a list is read page by page."""
        revision = (self._table.revision, self._revision())
        if revision != self._results_revision or len(self._results) >= _KEPT_RESULTS:
            self._results.clear()
            self._results_revision = revision
        question = (conditions, sort)
        rows = self._results.get(question)
        if rows is None:
            rows = self._results[question] = self._select(conditions, sort)
        return rows

    def _select(self, conditions: _Conditions, sort: str) -> list[Row]:
        table = self._table
        rest = list(conditions)
        rows: Iterable[Row]
        if self._members is not None:
            rows = [table[pk] for pk in self._members()]
        else:
            indexed = next(
                (found for found in rest if table.is_indexed(found[0].field) and not found[0].ignores_case), None
            )
            if indexed is None:
                rows = table
            else:
                rest.remove(indexed)
                rows = table.find(indexed[0].field, *indexed[1])
        if self._where is not None:
            rows = filter(self._where, rows)
        for known, values in rest:
            rows = known.select(rows, values)
        key = table.key
        if sort == "version_date":
            return sorted(rows, key=lambda row: (row.get("version_date") or row["modified_date"], row[key]))
        return sorted(rows, key=lambda row: row[key], reverse=sort.startswith("-"))


def _number(text: str | None, *, default: int) -> int:
    if text is None:
        return default
    return int(text) if text.isdecimal() else 0
