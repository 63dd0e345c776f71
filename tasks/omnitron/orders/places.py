"""Countries, cities, townships and districts: found by code, by name, or by the merchant's mapping."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import field
from typing import Any

from clients.errors import ChannelAppError, MissingError
from dto.base import is_blank
from dto.enums import ErrorType
from dto.omnitron_orders import Place
from dto.text import ByText, comparable, spellings, tidy
from tasks.omnitron.command import OmnitronCommand

INTEGRATION_TYPE = "sales_channel"
ACTIVE = {"is_active": "true"}
PARENTS = (ErrorType.country, ErrorType.city, ErrorType.township)
MOST_NAMED = 10
"""Rows that a message names."""
ERROR_CODES = {
    ErrorType.country: "Country was not found",
    ErrorType.city: "integrations_200_10_2",
    ErrorType.township: "integrations_200_10_1",
    ErrorType.district: "integrations_200_10_3",
}


class PlaceNotFoundError(MissingError):
    """Omnitron does not have exactly one such place. `context["report"]` holds the data to map it."""

    @property
    def kind(self) -> ErrorType:
        """The kind of place."""
        return ErrorType(self.context["kind"])

    @property
    def report(self) -> Mapping[str, Any]:
        """The fields of its address error report."""
        report: Mapping[str, Any] = self.context["report"]
        return report

    @property
    def code(self) -> str:  # type: ignore[override]  # named after its kind
        """`CityNotFound` and so on."""
        return f"{self.kind.capitalize()}NotFound"


class GetPlace(OmnitronCommand[str, int]):
    """Finds Omnitron's key of a place, by the channel's code or name. Each place is looked up once per run.

    A country is searched by its code, then by its name; the others by name within the place around them; then all of them by
    the merchant's mapping of the channel's name. A name that leads nowhere is compared with all names within the place
    around it, without letter case and blanks, and its other spellings are searched among the mappings.

    Raises:
        PlaceNotFoundError: there is not exactly one such place.
    """

    key = "get_place"
    kind: ErrorType = ErrorType.country
    parents: Mapping[str, int] = field(default_factory=dict)
    """Keys of the places around it: `country`, `city`, `township`."""

    async def send(self, name: str) -> int:
        known = (self.key, self.kind, name, self._within)
        found: list[Place] = await self.integration.once(known, lambda: self._find(name))
        if len(found) != 1:
            raise self._missing(name, found)
        return found[0].pk

    @property
    def _within(self) -> tuple[tuple[str, int], ...]:
        return tuple(sorted(self.parents.items()))

    async def _find(self, name: str) -> list[Place]:
        """The places that are meant: one; otherwise all that the name fits."""
        if is_blank(name):
            return []
        several: list[Place] = []
        for conditions in (*self._by_name(name), self._by_mapping(name)):
            rows = await self._rows(conditions)
            if len(rows) == 1:
                return rows
            several = several or rows
        around: ByText[Place] = await self.integration.once((self.key, self.kind, self._within), self._around)
        fitting = around.find(name)
        if len(fitting) == 1:
            return fitting
        for spelling in spellings(name)[1:]:  # the first is the name itself
            rows = await self._rows(self._by_mapping(spelling))
            if len(rows) == 1:
                return rows
        return fitting or several

    async def _rows(self, conditions: Mapping[str, Any]) -> list[Place]:
        rows: list[Place] = await self.integration.client.places.find(self.kind, conditions)
        return rows

    async def _around(self) -> ByText[Place]:
        """All places of this kind within the place around them, by their names; countries by their codes as well. Read once
        per run."""
        rows = await self._rows({**self.parents, **ACTIVE, "sort": "id"})
        inside = [row for row in rows if all(getattr(row, parent) in (None, pk) for parent, pk in self._within)]
        return ByText((text, row) for row in inside for text in _names_of(row))

    def _by_name(self, name: str) -> list[dict[str, Any]]:
        match self.kind:
            case ErrorType.country:
                return [{"code__exact": name, **ACTIVE}, {"name__exact": name, **ACTIVE}]
            case ErrorType.district:
                return [{"name__exact": name, **self.parents, **ACTIVE}]
            case _:
                return [{"name__iexact": name, **self.parents, **ACTIVE}]

    def _by_mapping(self, name: str) -> dict[str, Any]:
        conditions: dict[str, Any] = {
            "mapping__code__exact": self._remote_code(name),
            "mapping__integration_type": INTEGRATION_TYPE,
        }
        if self.kind in (ErrorType.township, ErrorType.district):
            within = {parent: pk for parent, pk in self.parents.items() if parent != ErrorType.country}
            conditions |= {**within, **ACTIVE}
        return conditions

    def _remote_code(self, name: str) -> str:
        return f"{self.integration.channel_id}_{name}"

    def _missing(self, name: str, fitting: Sequence[Place]) -> PlaceNotFoundError:
        code = self._remote_code(tidy(name))
        step = f"Map it to one of Omnitron's under the code `{code}`; the order is tried again until then."
        if is_blank(name):
            message = f"The address has no {self.kind}. Fill it in on the channel."
        elif fitting:
            rows = ", ".join(f"`{row.name}` ({row.pk})" for row in fitting[:MOST_NAMED])
            message = f"The {self.kind} `{name}` is {len(fitting)} places in Omnitron: {rows}. {step}"
        else:
            message = f"The {self.kind} `{name}` is not in Omnitron. {step}"
        within = {f"{parent}_id": pk for parent, pk in self.parents.items()}
        if self.kind is ErrorType.country:
            within = {"country_code": name}  # type: ignore[dict-item]  # the one parent that is text
        elif self.kind is not ErrorType.city:
            within.pop("country_id", None)
        report = {
            "type": self.kind,
            "remote_code": code,
            "name": name,
            **within,
            "integration_type": INTEGRATION_TYPE,
            "err_code": ERROR_CODES[self.kind],
            "err_desc": message,
        }
        return PlaceNotFoundError(message, kind=self.kind, report=report)


class CreateAddressErrorReport(OmnitronCommand[PlaceNotFoundError | Sequence[PlaceNotFoundError], int]):
    """Reports places that the merchant has to map, each once per run, and returns the number of reports. A report that
    fails never stops the work."""

    key = "create_address_error_report"

    def validated_data(self, data: PlaceNotFoundError | Sequence[PlaceNotFoundError]) -> list[PlaceNotFoundError]:
        problems = [data] if isinstance(data, PlaceNotFoundError) else list(data)
        return [
            problem for problem in problems if not is_blank(problem.report["name"])
        ]  # a place without a name cannot be mapped

    async def send(self, problems: list[PlaceNotFoundError]) -> int:
        places = {self._place(problem): problem for problem in problems}
        new = {place: problem for place, problem in places.items() if place not in self.integration.reported}
        self.integration.reported.update(new)
        return sum(await self.for_each(new.values(), self._report, "reporting places"))

    def _place(self, problem: PlaceNotFoundError) -> tuple[Any, ...]:
        # Several cities have townships of the same name, and each of these has to be mapped.
        within = (problem.report.get(f"{parent}_id") for parent in PARENTS)
        return (self.key, problem.kind, comparable(problem.report["remote_code"]), *within)

    async def _report(self, problem: PlaceNotFoundError) -> bool:
        try:
            await self.integration.client.places.report(problem.kind, problem.report)
        except ChannelAppError as error:
            self.log.warning("The report about a %s could not be written: %s", problem.kind, error.message)
            return False
        return True


def _names_of(place: Place) -> Iterable[str]:
    """Its name, and its code if that is another word."""
    return {comparable(text): text for text in (place.code, place.name) if text}.values()
