"""Connectors for marketplaces that let themselves be called in a certain way: each says so once, to its transport."""

from collections.abc import Mapping
from typing import Any

from tasks.channel import (
    Call,
    ChannelAppError,
    ChannelUnavailableError,
    Key,
    LogIn,
    Rate,
    RateLimitedError,
    RefusedError,
    Reply,
    Send,
    Transport,
)
from tasks.channel.sandbox import ChannelIntegration as Sandbox

MEDIA_TYPE = "application/vnd.sandbox.v1+json"


class Calling(Sandbox):
    """The local marketplace, which wants more of the transport."""

    def wants(self) -> dict[str, Any]:
        """The arguments of the transport."""
        return {}

    def connect(self) -> Transport:
        self.is_sync = not self.conf.asynchronous
        unavailable = ChannelUnavailableError
        return Transport("The marketplace", self.conf.base_url, self.runtime, unavailable=unavailable, **self.wants())


class ManyCalls(Calling):
    """Two items a batch: more calls than a second allows."""

    max_batch_size = 2


class Rates(ManyCalls):
    """Keeps to the rate that the marketplace's pages tell."""

    name = "rates"

    def wants(self) -> dict[str, Any]:
        return {"rates": {"": Rate(2, 1.0)}}


class Unaware(ManyCalls):
    """Knows no rate; a refusal makes it slower."""

    name = "unaware"


def rate_of(headers: Mapping[str, str]) -> Rate | None:
    """`4;w=2`: a bucket of four calls, which fills up in two seconds. One call in half a second never finds it empty."""
    calls, _, seconds = headers.get("RateLimit-Policy", "").partition(";w=")
    return Rate(1, float(seconds) / int(calls)) if seconds else None


class Bucket(ManyCalls):
    """Learns the rate from the answers."""

    name = "bucket"

    def wants(self) -> dict[str, Any]:
        return {"rate_of": rate_of}


class FormLogIn(ManyCalls):
    """Logs in with a form, and again when the token has expired."""

    name = "form log-in"

    def wants(self) -> dict[str, Any]:
        return {"log_in": LogIn(self.log_in, self.runtime)}

    async def log_in(self, send: Send) -> Key:
        reply = await send(Call("POST", "token", form={"grant_type": "client_credentials"}, repeatable=True))
        return Key(reply.data["access_token"], reply.data["expires_in"])


class VendorMediaType(Calling):
    """Speaks the marketplace's own media type."""

    name = "vendor media type"

    def wants(self) -> dict[str, Any]:
        return {"headers": {"Content-Type": MEDIA_TYPE, "Accept": MEDIA_TYPE}}


def judge(call: Call, reply: Reply) -> ChannelAppError | None:
    """The error that an answer holds under its good status."""
    match reply.data:
        case {"errors": [{"code": 429}, *_]}:
            return RateLimitedError(f"The marketplace throttles {call}.")
        case {"errors": [{"code": int(code), "message": str(why)}, *_]}:
            return RefusedError(f"The marketplace refused {call}: {why}", status=code, body=reply.data)
    return None


class ErrorsUnder200(ManyCalls):
    """Finds the errors in good answers."""

    name = "errors under 200"

    def wants(self) -> dict[str, Any]:
        return {"judge": judge}
