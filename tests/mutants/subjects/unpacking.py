"""Mutants of the unpacking of answers."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "clients/unpacking.py",
    tests=("tests/clients/test_connections.py",),
    mutants=(
        Mutant("        if len(self._codings) > MOST_CODINGS:", "        if False:"),
        Mutant("bounded(_unpacked(pieces, coding), self._most)", "_unpacked(pieces, coding)"),
        Mutant("reversed(self._codings)", "self._codings"),
        Mutant("decoder.decompress(left, PIECE)", "decoder.decompress(left)"),
        Mutant("decoder.unconsumed_tail, len(plain) == PIECE", 'b"", False'),
        Mutant("    if has_begun and not decoder.eof:", "    if False:"),
        Mutant('coding == "deflate" and not _has_zlib_header(piece)', "False"),
    ),
)
