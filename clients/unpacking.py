"""Unpacks the bodies of answers piece by piece, so that a few bytes cannot fill the memory."""

import zlib
from collections.abc import AsyncIterable, AsyncIterator

import httpx

from clients.errors import ContractError

MAX_BODY_BYTES = 32 * 1024 * 1024
MOST_CODINGS = 3
"""Content codings of one answer. Servers use one; by mistake, a proxy adds a second."""
ACCEPTED = "gzip, deflate"
PIECE = 64 * 1024
"""Bytes that one step unpacks at most."""

_WINDOWS = {"gzip": zlib.MAX_WBITS | 16, "x-gzip": zlib.MAX_WBITS | 16, "deflate": zlib.MAX_WBITS}


class UnpackedStream(httpx.AsyncByteStream):
    """The body of an answer without its codings, of which the first was applied first; `most` bytes after each step.

    Raises (while it is read):
        ContractError: a step of its unpacking gives too much.
        httpx.DecodingError: a coding is unknown, or the body is not in it, or ends too early.
    """

    def __init__(self, packed: httpx.AsyncByteStream, codings: list[str], most: int | None = None) -> None:
        self._packed = packed
        self._codings = codings
        self._most = most

    async def __aiter__(self) -> AsyncIterator[bytes]:
        if len(self._codings) > MOST_CODINGS:
            raise httpx.DecodingError(f"the body is packed {len(self._codings)} times")
        pieces: AsyncIterable[bytes] = bounded(self._packed, self._most)
        for coding in reversed(self._codings):
            pieces = bounded(_unpacked(pieces, coding), self._most)
        async for piece in pieces:
            yield piece

    async def aclose(self) -> None:
        await self._packed.aclose()


def codings_of(headers: httpx.Headers) -> list[str]:
    """The content codings of a body, in the order in which they were applied."""
    named = (name.strip().lower() for name in headers.get("Content-Encoding", "").split(","))
    return [name for name in named if name not in ("", "identity")]


async def bounded(pieces: AsyncIterable[bytes], most: int | None = None) -> AsyncIterator[bytes]:
    """The same pieces.

    Raises:
        ContractError: together they are larger than `most` bytes, by default `MAX_BODY_BYTES`.
    """
    size, most = 0, MAX_BODY_BYTES if most is None else most
    async for piece in pieces:
        size += len(piece)
        if size > most:
            raise ContractError(f"An answer is larger than {most / 2**20:g} MiB.")
        yield piece


async def _unpacked(pieces: AsyncIterable[bytes], coding: str) -> AsyncIterator[bytes]:
    if coding not in _WINDOWS:
        raise httpx.DecodingError(f"the content coding `{coding}` was not asked for")
    decoder, has_begun = zlib.decompressobj(_WINDOWS[coding]), False
    async for piece in pieces:
        if not has_begun and coding == "deflate" and not _has_zlib_header(piece):
            decoder = zlib.decompressobj(-zlib.MAX_WBITS)  # some servers leave out the header that the standard wants
        has_begun = True
        left, is_full = piece, False
        while left or is_full:
            if decoder.eof:
                if coding == "deflate":
                    raise httpx.DecodingError("the body goes on after its deflate has ended")
                decoder = zlib.decompressobj(_WINDOWS[coding])  # a gzip may have several members
            try:
                plain = decoder.decompress(left, PIECE)
            except zlib.error as error:
                raise httpx.DecodingError(f"the body is not {coding}: {error}") from error
            left = decoder.unused_data or decoder.unconsumed_tail
            is_full = len(plain) == PIECE and not decoder.eof
            if plain:
                yield plain
    if has_begun and not decoder.eof:
        raise httpx.DecodingError(f"the body ends before its {coding} does")


def _has_zlib_header(piece: bytes) -> bool:
    return piece[0] & 0x0F == zlib.DEFLATED
