"""One call to Omnitron, and its lists: log-in, paging, parsing. What is asked for stands in the modules beside this one."""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from types import TracebackType
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ValidationError

from clients.clock import http_date
from clients.errors import AuthError, ContractError, HubUnavailableError, RefusedError
from clients.runtime import Runtime
from clients.transport import Call, Reply, Transport

Row = TypeVar("Row", bound=BaseModel)

PAGE = 100
"""Rows asked for in one page: a server may cap it there (assumed)."""
_HEADER_VALUE = re.compile(r"[!-~]+")
"""What a header can carry as a key: neither blanks nor anything beyond ASCII."""
MOST_PAGES = 100_000
"""A list that goes on after so many pages never ends."""
LAST_PAGES = 6
"""Pages that are read at most of the end of a list."""
PAGES_AHEAD = 64
"""Pages that are asked for side by side: enough to keep a client busy, few enough to be held at once."""


def chunks(keys: Iterable[Any], size: int) -> list[list[Any]]:
    """`keys` in lists of at most `size`."""
    keys = list(keys)
    return [keys[start : start + size] for start in range(0, len(keys), size)]


def _signed(call: Call, token: str) -> Call:
    return replace(call, headers={**call.headers, "Authorization": f"Token {token}"})


class OmnitronConnection:
    """The way to one channel of one Omnitron.

    Every method raises what `Transport.send` raises, and ContractError where a row lacks a field or has another type.
    """

    def __init__(self, runtime: Runtime) -> None:
        settings = runtime.settings
        self.channel_id = settings.OMNITRON_CHANNEL_ID
        self.redactor = runtime.redactor
        self.redactor.learn(settings.OMNITRON_PASSWORD.get_secret_value())
        self._settings = settings
        self._clock = runtime.clock
        self._base = f"{settings.OMNITRON_URL}/api/v1/"
        self._transport = Transport(
            "Omnitron",
            self._base,
            runtime,
            unavailable=HubUnavailableError,
        )
        self.traffic = self._transport.traffic
        self.due = 0
        """Rows of the list of due objects that was read last, as Omnitron counted them; 0 where it did not."""
        self._token: str | None = None
        self._log_in_refused: AuthError | None = None
        self._logging_in = asyncio.Lock()
        self._date = ""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Closes the connections."""
        await self._transport.aclose()

    # -- one call ------------------------------------------------------------------------------------------------

    async def call(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        repeatable: bool = True,
    ) -> Reply:
        """One request as the channel's user; logs in first, and once more when the key has expired."""
        call = Call(method, path, params or {}, body, headers or {}, repeatable)
        token = await self._log_in()
        try:
            reply = await self._transport.send(_signed(call, token))
        except AuthError as error:
            if error.context.get("status") != 401:  # noqa: PLR2004
                raise
            token = await self._log_in(stale=token)
            reply = await self._transport.send(_signed(call, token))
        self._date = reply.headers.get("Date", self._date)
        return reply

    async def _log_in(self, stale: str | None = None) -> str:
        """The key. Many calls may find it expired at once: the first logs in, the others wait for it."""
        async with self._logging_in:
            if self._log_in_refused is not None:
                raise self._log_in_refused
            if self._token is None or self._token == stale:
                self._token = await self._fresh_token()
            return self._token

    async def _fresh_token(self) -> str:
        user = self._settings.OMNITRON_USERNAME
        credentials = {"username": user, "password": self._settings.OMNITRON_PASSWORD.get_secret_value()}
        self.traffic.log_ins += 1
        try:
            reply = await self._transport.send(Call("POST", "auth/login/", body=credentials))
        except (RefusedError, AuthError) as error:
            self._log_in_refused = AuthError(
                f"Omnitron refused the log-in of `{user}`: {error.message} Check OMNITRON_USERNAME and "
                "OMNITRON_PASSWORD; nothing was tried again, for an account locks after a few wrong tries.",
                **error.context,
            )
            raise self._log_in_refused from error
        key = reply.data.get("key") if isinstance(reply.data, dict) else None
        if not isinstance(key, str) or not _HEADER_VALUE.fullmatch(key):
            raise ContractError("Omnitron answered the log-in without a `key`. Is OMNITRON_URL an Omnitron's address?")
        self.redactor.learn(key)
        return key

    def _path(self, resource: str) -> str:
        return f"channel/{self.channel_id}/{resource}/"

    def _url(self, path: str) -> str:
        """The whole address of a path. Settings hold no credential in it."""
        return self._base + path

    def _parse(self, model: type[Row], data: Any, what: str) -> Row:
        try:
            return model.model_validate(data)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            # A way that leads through a mapping names its keys, and they may be anything.
            field = self.redactor.line(".".join(str(part) for part in first["loc"]), limit=200) or "the answer"
            raise ContractError(
                f"Omnitron's answer to {what} is not a {model.__name__}: {field}: {first['msg']}. "
                "Has its API changed? `channel-app check` compares it with the contract."
            ) from None  # pydantic's own error quotes the row, and customers' data with it

    # -- lists ---------------------------------------------------------------------------------------------------

    async def pages(
        self,
        path: str,
        model: type[Row],
        params: Mapping[str, Any] | None = None,
        *,
        wanted: int = PAGE,
        headers: Mapping[str, str] | None = None,
        is_due: bool = False,
    ) -> AsyncIterator[list[Row]]:
        """The pages of a list, in order. With `is_due` it is one of due objects, and `due` says how many there are.

        Once the first has told how many rows there are and how many come at a time, as many further pages as `wanted`
        rows need are asked for at once.
        """
        rows, count, more = await self._page(path, model, params, 1, headers)
        if is_due:
            self.due = count
        yield rows
        size, done = len(rows), 1
        while more:
            if done >= MOST_PAGES:
                raise ContractError(f"Omnitron's list {path} did not end after {done} pages.", path=path)
            missing = min(wanted, count) - done * size
            ahead = max(1, min(-(-missing // size), MOST_PAGES - done, PAGES_AHEAD)) if size else 1
            batch = await asyncio.gather(
                *(self._page(path, model, params, done + 1 + index, headers) for index in range(ahead))
            )
            for rows, _, more in batch:
                done += 1
                yield rows
                if not more:
                    return

    async def _page(
        self,
        path: str,
        model: type[Row],
        params: Mapping[str, Any] | None,
        number: int,
        headers: Mapping[str, str] | None,
    ) -> tuple[list[Row], int, bool]:
        """One page: its rows, how many rows the list has, and whether it goes on."""
        query = {"limit": PAGE, **(params or {})}
        if number > 1:
            query["page"] = number
        try:
            reply = await self.call("GET", path, params=query, headers=headers)
        except RefusedError as error:
            if number > 1 and error.status == 404:  # noqa: PLR2004  # the list has shrunk meanwhile
                return [], 0, False
            raise
        data = reply.data
        if isinstance(data, list):
            rows, count, more = data, len(data), False
        elif isinstance(data, dict) and isinstance(data.get("results"), list):
            rows, more = data["results"], bool(data.get("next"))
            count = data["count"] if isinstance(data.get("count"), int) else 0
        else:
            raise ContractError(f"Omnitron answered GET {path} with no list: `results` is missing.", path=path)
        return [self._parse(model, row, f"GET {path}") for row in rows], count, more

    async def every(self, path: str, model: type[Row], params: Mapping[str, Any] | None = None) -> list[Row]:
        """All rows of a list."""
        return [row async for page in self.pages(path, model, params, wanted=10 * PAGE) for row in page]

    async def count(
        self,
        path: str,
        model: type[Row],
        params: Mapping[str, Any] | None = None,
        *,
        is_asked: Callable[[Row], bool] = lambda _: True,
    ) -> int:
        """How many rows a list has, read off a page of one row. A bare list does not say: its rows are counted.

        Raises:
            ContractError: a row is none of those that were asked for, so the hub counted everything; or it did not count.
        """
        rows, count, more = await self._page(path, model, {**(params or {}), "limit": 1}, 1, None)
        if not all(map(is_asked, rows)):
            raise ContractError(f"Omnitron answered GET {path} with rows that were not asked for.", path=path)
        if more and count < len(rows):
            raise ContractError(f"Omnitron's list {path} goes on, and does not say how many rows it has.", path=path)
        return count if more else len(rows)

    async def last_rows(
        self, path: str, model: type[Row], params: Mapping[str, Any], wanted: int
    ) -> tuple[list[Row], int]:
        """The last rows of a list in the order of its keys, the newest first, and how many it has in all: at most `wanted`
        rows, and no more than a few pages hold."""
        query = {**params, "sort": "id"}
        rows, count, more = await self._page(path, model, query, 1, None)
        if not more or not rows:
            return rows[::-1][:wanted], len(rows)
        size = len(rows)
        last = max(1, -(-count // size))
        numbers = range(max(2, last - min(-(-wanted // size), LAST_PAGES - 1)), last + 1)
        pages = await asyncio.gather(*(self._page(path, model, query, number, None) for number in numbers))
        found = [*(rows if numbers.start == 2 else ()), *(row for page, _, _ in pages for row in page)]  # noqa: PLR2004
        return found[::-1][:wanted], count

    async def holds(self, path: str, model: type[Row], params: Mapping[str, Any], key: int) -> bool:
        """Whether a list in the order of its keys has a row with this one: its pages are halved, not read."""
        query = {**params, "sort": "id"}
        rows, count, more = await self._page(path, model, query, 1, None)
        first, last, number = 1, -(-count // len(rows)) if more and rows else 1, 1
        while True:
            keys = [getattr(row, "pk") for row in rows]  # noqa: B009  # every row has it, whatever its model
            if key in keys:
                return True
            if keys and key > keys[-1]:
                first = number + 1
            elif keys and key > keys[0]:
                return False
            else:
                last = number - 1
            if first > last:
                return False
            number = (first + last) // 2
            rows, _, _ = await self._page(path, model, query, number, None)

    async def _by_keys(
        self, path: str, model: type[Row], name: str, keys: Iterable[Any], size: int, params: Mapping[str, Any]
    ) -> list[Row]:
        """All rows whose `name` filter holds one of the keys, asked for in chunks of `size` side by side."""
        asked = (
            self.every(path, model, {**params, name: ",".join(map(str, chunk)), "sort": "id"})
            for chunk in chunks(keys, size)
        )
        return [row for rows in await asyncio.gather(*asked) for row in rows]

    @property
    def server_time(self) -> datetime:
        """Omnitron's own clock at its last answer: ages of its batches are measured against it."""
        return http_date(self._date) or self._clock.now()
