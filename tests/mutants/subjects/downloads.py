"""Mutants of the files that a channel names."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "clients/downloads.py",
    tests=("tests/clients/test_downloads.py",),
    mutants=(
        Mutant('(url.scheme != "https" or not url.host or url.userinfo)', "(not url.host or url.userinfo)"),
        Mutant(" or url.userinfo)", ")"),
        Mutant("runtime.connect if _origin(url) == self._own else runtime.connect_elsewhere", "runtime.connect"),
        Mutant("            url = self._checked(str(url.join(target)))\n", "            url = url.join(target)\n"),
        Mutant("                self._runtime.redactor.learn(secret)\n", "                pass\n"),
        Mutant("            stored.truncate()\n", ""),
        Mutant("        self._left -= count\n", ""),
        Mutant("bounded(response.aiter_bytes(), most_bytes)", "response.aiter_bytes()"),
        Mutant('                error.context["spent"] = True\n', "                pass\n"),
        Mutant("return url.scheme, url.host, url.port", "return url.scheme, url.host, None"),
    ),
)
