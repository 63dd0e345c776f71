"""The receiver conforms to its own OpenAPI description for any request."""

import json
import re
import time
from http import HTTPStatus
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.checks import negative_data_rejection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from clients.webhooks import TIMESTAMP_PATTERN
from deployments.signatures import EVENT_ID, SIGNATURE, SIGNATURE_PATTERN, TIMESTAMP
from deployments.webhook import webhook_app
from tests.deployments.webhooks import MemoryBooking, signed_headers, webhook_settings

EXAMPLES = 100


class Signing:
    """A channel that signs any request with a well-formed signature."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body = await _body(receive)
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        if _could_be(headers, TIMESTAMP, TIMESTAMP_PATTERN) and _could_be(headers, SIGNATURE, SIGNATURE_PATTERN):
            signed = signed_headers(body, headers.get(EVENT_ID, ""), timestamp=int(time.time()))
            headers |= {TIMESTAMP: signed["X-Channel-Timestamp"], SIGNATURE: signed["X-Channel-Signature"]}

        async def again() -> Message:
            return {"type": "http.request", "body": body, "more_body": False}

        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers.items()]
        await self._app({**scope, "headers": raw}, again, send)


async def _body(receive: Receive) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body", False):
            return bytes(body)


def _could_be(headers: dict[str, str], name: str, pattern: str) -> bool:
    return re.fullmatch(pattern, headers.get(name, "")) is not None


app = Signing(webhook_app(webhook_settings(), MemoryBooking()))
schema = schemathesis.openapi.from_asgi("/openapi.json", app)


def an_accepted_event_is_one_that_the_description_knows(_: Any, response: Any, case: Any) -> None:
    """In place of schemathesis' own check, which takes an event of another type for a wrong one: it looks at the alternative
    that it changed, while the event may be right by the other."""
    if response.status_code == HTTPStatus.ACCEPTED:
        described = schema.raw_schema["paths"][case.path]["post"]["requestBody"]["content"]["application/json"][
            "schema"
        ]
        whole = {**described, "components": schema.raw_schema["components"]}
        assert jsonschema_rs.validator_for(whole).is_valid(json.loads(response.request.body)), response.request.body


@pytest.mark.slow
# Threads of other tests, such as Prefect's, draw their pauses meanwhile: Hypothesis takes that for a strategy's doing.
@pytest.mark.filterwarnings("ignore:Do not use the `random` module")
@schema.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
def test_the_receiver_is_what_its_description_says(case: Any) -> None:
    case.call_and_validate(
        additional_checks=[an_accepted_event_is_one_that_the_description_knows],
        excluded_checks=[negative_data_rejection],
    )
