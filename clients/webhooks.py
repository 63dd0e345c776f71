"""How channels sign the events that they send, and how a connector names them.

A scheme only says what the headers claim, and which signature a key makes. The receiver does the rest for every scheme: it
limits the body, checks the time, compares in constant time, and parses nothing before.
"""

import base64
import hashlib
import hmac
import json
import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from pydantic import SecretStr

from clients.errors import FatalError
from dto.events import ChannelEvent

MOST_SIGNATURES = 8
"""Signatures in one request: a sender that is changing its key signs with both keys."""
TIMESTAMP_PATTERN = r"^[1-9][0-9]{0,11}$"
_PRINTABLE = r"[ -~]{1,4096}"


class NotSignedError(FatalError):
    """The headers claim no signature that could be right; the message says what is missing, without their content."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What the headers of a request claim, before its body is read.

    Attributes:
        signatures: the signatures, one of which has to be right.
        timestamp: the signed time, in seconds since 1970; None if the scheme has none.
        event_id: the event's id, if it is signed too.
    """

    signatures: tuple[str, ...]
    timestamp: int | None = None
    event_id: str | None = None


class SignatureScheme(ABC):
    """How a channel proves that a request is its own."""

    challenge: ClassVar[str] = "HMAC-SHA256"
    """What a refused sender is told to use, as the header `WWW-Authenticate`."""

    @abstractmethod
    def claim(self, headers: Mapping[str, str]) -> Claim:
        """What the headers claim. Their names are in lower case; a header that was sent twice is not among them.

        Raises:
            NotSignedError: they claim nothing that could be right.
        """

    @abstractmethod
    def signature(self, key: SecretStr, claim: Claim, body: bytes) -> str:
        """The right signature by this key. The receiver compares it with those of the claim."""


def hmac_sha256(key: SecretStr, message: bytes) -> bytes:
    """The HMAC-SHA256 of a message."""
    return hmac.new(key.get_secret_value().encode(), message, hashlib.sha256).digest()


def header_of(headers: Mapping[str, str], name: str) -> str:
    """The value of a header of a request that is not verified yet.

    Raises:
        NotSignedError: it was not given, or given twice, or holds more than printable ASCII.
    """
    value = headers.get(name.lower(), "")
    if not re.fullmatch(_PRINTABLE, value):
        raise NotSignedError(f"{name} has to be given once, in printable ASCII.")
    return value


@dataclass(frozen=True, slots=True)
class BodySignature(SignatureScheme):
    """HMAC-SHA256 of the body in one header, as WooCommerce, Shopify and GitHub have it. It holds for ever: it signs no time.

    Attributes:
        header: the header with the signature.
        encoding: how it is written.
        prefix: what stands before it, such as `sha256=`.
    """

    header: str
    encoding: Literal["hex", "base64"] = "hex"
    prefix: str = ""

    def claim(self, headers: Mapping[str, str]) -> Claim:
        return Claim((header_of(headers, self.header),))

    def signature(self, key: SecretStr, claim: Claim, body: bytes) -> str:
        digest = hmac_sha256(key, body)
        return self.prefix + (digest.hex() if self.encoding == "hex" else base64.b64encode(digest).decode())


@dataclass(frozen=True, slots=True)
class TimedSignature(SignatureScheme):
    """Time and signature in one header, `t=1767225600,v1=5257a8...`, as Stripe has it: the hexadecimal HMAC-SHA256 of
    `time.body`.

    Attributes:
        header: the header.
        time: the name of the time in it.
        version: the name of the signatures in it. Others are ignored.
    """

    header: str
    time: str = "t"
    version: str = "v1"

    def claim(self, headers: Mapping[str, str]) -> Claim:
        parts = [part.strip().partition("=") for part in header_of(headers, self.header).split(",")]
        times = [value for name, _, value in parts if name == self.time]
        signatures = tuple(value for name, _, value in parts if name == self.version)
        if len(times) != 1 or not re.fullmatch(TIMESTAMP_PATTERN, times[0]):
            raise NotSignedError(f"{self.header} has to hold one `{self.time}=`, with the seconds since 1970.")
        if not 1 <= len(signatures) <= MOST_SIGNATURES:
            raise NotSignedError(f"{self.header} has to hold 1 to {MOST_SIGNATURES} of `{self.version}=`.")
        return Claim(signatures, timestamp=int(times[0]))

    def signature(self, key: SecretStr, claim: Claim, body: bytes) -> str:
        return hmac_sha256(key, f"{claim.timestamp}.".encode() + body).hex()


@dataclass(frozen=True, slots=True)
class SharedToken(SignatureScheme):
    """The key itself in a header. It proves who sends, and nothing of the body or the time: whoever reads it once can send
    any event.

    Attributes:
        header: the header with the key.
        prefix: what stands before it.
    """

    challenge = "Bearer"
    header: str = "Authorization"
    prefix: str = "Bearer "

    def claim(self, headers: Mapping[str, str]) -> Claim:
        return Claim((header_of(headers, self.header),))

    def signature(self, key: SecretStr, claim: Claim, body: bytes) -> str:
        return self.prefix + key.get_secret_value()


class BasicCredentials(SignatureScheme):
    """`Authorization: Basic ...`; the key is `user:password`. It proves as little as a shared token."""

    challenge = "Basic"

    def claim(self, headers: Mapping[str, str]) -> Claim:
        return Claim((header_of(headers, "Authorization"),))

    def signature(self, key: SecretStr, claim: Claim, body: bytes) -> str:
        return f"Basic {base64.b64encode(key.get_secret_value().encode()).decode()}"


@dataclass(frozen=True, slots=True)
class Delivery:
    """A request that was verified, for the connector to name its event."""

    headers: Mapping[str, str] = field(repr=False)
    """By their names in lower case. A signature of the body covers none of them."""
    body: bytes = field(repr=False)

    def header(self, name: str) -> str | None:
        """The value of a header; None if it was not given, or given twice."""
        return self.headers.get(name.lower())

    def data(self) -> Any:
        """The body as JSON.

        Raises:
            ValueError: it is no JSON.
        """
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Webhook:
    """The events of a channel in its own form.

    Attributes:
        scheme: how it signs them.
        event_of: names the event of a verified request; None for one that starts nothing. Makes no request of its own.
    """

    scheme: SignatureScheme
    event_of: Callable[[Delivery], ChannelEvent | None]
