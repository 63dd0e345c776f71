"""JSON over Starlette, as both systems speak it."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import orjson
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ExceptionHandler


class HttpError(Exception):
    """Ends the handling of a request with `status`, a JSON body, and further headers."""

    def __init__(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, body)
        self.status = status
        self.body = body
        self.headers = dict(headers or {})


class JsonResponse(Response):
    """A response of JSON."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return orjson.dumps(content)


def not_found() -> HttpError:
    """The refusal of a path or a key that is unknown."""
    return HttpError(404, {"detail": "Not found."})


async def json_object(request: Request) -> dict[str, Any]:
    """The body as an object; an empty one when there is no body.

    Raises:
        HttpError: 400, the body is not a JSON object.
    """
    try:
        body = orjson.loads(await request.body() or b"{}")
    except orjson.JSONDecodeError as error:
        raise HttpError(400, {"detail": f"JSON parse error - {error}"}) from None
    if not isinstance(body, dict):
        raise HttpError(400, {"non_field_errors": ["Invalid data. Expected a dictionary."]})
    return body


def page_url(request: Request, page: int) -> str:
    """The address of another page of the same list."""
    # Three times as fast as `request.url.include_query_params`.
    query = request.query_params
    parameters = [(name, value) for name, value in query.multi_items() if name != "page"]
    host = request.headers["host"]
    return f"{request.scope['scheme']}://{host}{request.scope['path']}?{urlencode([*parameters, ('page', page)])}"


async def refusal(request: Request, error: Exception) -> Response:
    """The answer to a request that was refused: JSON."""
    match error:
        case HttpError():
            return JsonResponse(error.body, error.status, error.headers)
        case HTTPException(status_code=405):
            return JsonResponse({"detail": f'Method "{request.method}" not allowed.'}, 405)
        case _:
            return JsonResponse({"detail": "Not found."}, 404)


REFUSALS: dict[Any, ExceptionHandler] = {HttpError: refusal, HTTPException: refusal}
"""Exception handlers of an application: refusals are JSON, those of Starlette's routing too."""
