"""Countries, cities, townships and districts: found by code, by name, or by the merchant's mapping."""

from collections.abc import Mapping, Sequence
from typing import Any

from clients.errors import ChannelAppError, MissingError
from dto.enums import ErrorType
from dto.omnitron_orders import Place
from tasks.command import OmnitronCommand

INTEGRATION_TYPE = "sales_channel"
ACTIVE = {"is_active": "true"}
ERROR_CODES = {
    ErrorType.country: "Country was not found",
    ErrorType.city: "integrations_200_10_2",
    ErrorType.township: "integrations_200_10_1",
    ErrorType.district: "integrations_200_10_3",
}


class PlaceNotFoundError(MissingError):
    """Omnitron has not exactly one such place. `context["report"]` is what the merchant needs to map it."""

    @property
    def kind(self) -> ErrorType:
        """What it is."""
        return ErrorType(self.context["kind"])

    @property
    def report(self) -> Mapping[str, Any]:
        """The fields of its address error report."""
        return self.context["report"]  # type: ignore[no-any-return]

    @property
    def code(self) -> str:  # type: ignore[override]  # named after its kind
        """`CityNotFound` and so on."""
        return f"{self.kind.capitalize()}NotFound"


class GetPlace(OmnitronCommand[str, int]):
    """Omnitron's key of a place, by the channel's code or name of it. Read once per run.

    A country is looked for by its code, then by its name; the others by their name within what they lie in; each then by
    the merchant's mapping of the channel's name.

    Raises:
        PlaceNotFoundError: there is not exactly one.
    """

    key = "get_place"
    kind: ErrorType = ErrorType.country
    parents: Mapping[str, int] = {}
    """Keys of what it lies in: `country`, `city`, `township`."""

    async def send(self, name: str) -> int:
        known = (self.key, self.kind, name, tuple(sorted(self.parents.items())))
        found: int | None = await self.integration.once(known, lambda: self._find(name))
        if found is None:
            raise self._missing(name)
        return found

    async def _find(self, name: str) -> int | None:
        if not name:
            return None
        for conditions in (*self._by_name(name), self._by_mapping(name)):
            rows: list[Place] = await self.integration.client.places(self.kind, conditions)
            if len(rows) == 1:
                return rows[0].pk
        return None

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

    def _missing(self, name: str) -> PlaceNotFoundError:
        message = (
            f"The {self.kind} `{name}` is not in Omnitron, or more than once. Map it to one of Omnitron's under the code "
            f"`{self._remote_code(name)}`; the order is tried again until then."
            if name
            else f"The address names no {self.kind}. It has to be filled in on the channel."
        )
        within = {f"{parent}_id": pk for parent, pk in self.parents.items()}
        if self.kind is ErrorType.country:
            within = {"country_code": name}  # type: ignore[dict-item]  # the one parent that is text
        elif self.kind is not ErrorType.city:
            within.pop("country_id", None)
        report = {
            "type": self.kind,
            "remote_code": self._remote_code(name),
            "name": name,
            **within,
            "integration_type": INTEGRATION_TYPE,
            "err_code": ERROR_CODES[self.kind],
            "err_desc": message,
        }
        return PlaceNotFoundError(message, kind=self.kind, report=report)


class CreateAddressErrorReport(OmnitronCommand[Sequence[PlaceNotFoundError], int]):
    """Tells the merchant which places have to be mapped, each once per run. Telling never breaks the work that is told
    of. Answers how many were told."""

    key = "create_address_error_report"

    def validated_data(self, data: PlaceNotFoundError | Sequence[PlaceNotFoundError]) -> list[PlaceNotFoundError]:
        problems = [data] if isinstance(data, PlaceNotFoundError) else list(data)
        named = [problem for problem in problems if problem.report["name"]]  # what has no name cannot be mapped
        return list({(problem.kind, problem.report["remote_code"]): problem for problem in named}.values())

    async def send(self, problems: list[PlaceNotFoundError]) -> int:
        return sum(await self.for_each(problems, self._tell, "reporting places"))

    async def _tell(self, problem: PlaceNotFoundError) -> bool:
        try:
            await self.integration.client.create_place_report(problem.kind, problem.report)
        except ChannelAppError as error:
            self.log.warning("The report about a %s could not be written: %s", problem.kind, error.message)
            return False
        return True
