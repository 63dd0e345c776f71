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
        Mutant("decoder.unused_data or decoder.unconsumed_tail", "decoder.unused_data"),
        Mutant("decoder.unused_data or decoder.unconsumed_tail", "decoder.unconsumed_tail"),
        Mutant("is_full = len(plain) == PIECE and not decoder.eof", "is_full = False"),
        Mutant("len(plain) == PIECE and not decoder.eof", "len(plain) == PIECE"),
        Mutant("bounded(self._packed, self._most)", "self._packed"),
        Mutant("    if has_begun and not decoder.eof:", "    if False:"),
        Mutant('coding == "deflate" and not _has_zlib_header(piece)', "False"),
    ),
)
