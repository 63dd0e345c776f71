"""Mutants of the connections that do not wait for their senders."""

from tests.mutants.table import Mutant, Subject

SUBJECT = Subject(
    "deployments/slow_senders.py",
    tests=("tests/deployments/test_slow_senders.py",),
    mutants=(
        Mutant("        self._await_request()\n        self._make_room()\n", "        self._make_room()\n"),
        Mutant("        self._await_request()\n        self._make_room()\n", "        self._await_request()\n"),
        Mutant("            self._is_answering = True\n", ""),
        Mutant('            self._allow(self.answer_seconds, "it did not take its answer")\n', ""),
        Mutant("self._allow(self.answer_seconds, ", "self._allow(self.request_seconds, "),
        Mutant(
            "        self._is_answering = False\n        self._await_request()\n", "        self._await_request()\n"
        ),
        Mutant(
            "        self._is_answering = False\n        self._await_request()\n",
            "        self._is_answering = False\n",
        ),
        Mutant("return not self._is_answering or self.flow.write_paused", "return True"),
        Mutant("        self.connections.discard(self)  # it counts until the loop has told it of its end\n", ""),
        Mutant("        self.transport.abort()\n", ""),
        Mutant("        self.transport.abort()\n", "        self.transport.close()\n"),
        Mutant(" and other is not self)", ")"),
        Mutant("longest = min(waiting", "longest = max(waiting"),
        Mutant("MAX_CONNECTIONS = 256", "MAX_CONNECTIONS = 100"),
    ),
)
