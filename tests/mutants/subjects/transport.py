"""Mutants of the one way to speak HTTP."""

from tests.mutants.table import Mutant, Subject

LOG_IN = ("tests/clients/test_log_in.py",)
RATES = ("tests/clients/test_rates.py",)
SHARED_RATES = ("tests/clients/test_shared_rates.py",)

SUBJECT = Subject(
    "clients/transport.py",
    tests=("tests/clients/test_transport.py", "tests/clients/test_connections.py"),
    mutants=(
        Mutant(
            "OVERLOAD = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})",
            "OVERLOAD = frozenset({429})",
        ),
        Mutant(
            "OVERLOAD = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})",
            "OVERLOAD = frozenset({503})",
        ),
        Mutant("            follow_redirects=False,\n", "            follow_redirects=True,\n"),
        Mutant(
            "            trust_env=False,\n",
            "",
            survives="httpx reads the environment only for connections of its own making; `Connections` is where it counts.",
        ),
        Mutant('            error.context["spent"] = True\n', ""),
        Mutant("{'&' if '?' in url else '?'}", "?"),
        Mutant(
            'urlencode(httpx.QueryParams(call.params).multi_items(), errors="replace")',
            '"&".join(f"{name}={value}" for name, value in httpx.QueryParams(call.params).multi_items())',
        ),
        Mutant("else min(self._read_timeout, left)", "else self._read_timeout"),
        Mutant(
            "return httpx.Timeout(read, connect=self._connect_timeout, pool=None)",
            "return httpx.Timeout(None, connect=self._connect_timeout)",
        ),
        Mutant("connect=self._connect_timeout, pool=None)", "connect=None, pool=None)"),
        Mutant("in bounded(response.aiter_bytes())", "in response.aiter_bytes()"),
        Mutant(
            "            if response.is_success:\n                raise", "            if True:\n                raise"
        ),
        Mutant("return replace(call, headers={**others, **signed})", "return call", tests=LOG_IN),
        Mutant("if not has_header(signed, name)}", "}", tests=LOG_IN),
        Mutant('error.context.get("status", HTTPStatus.UNAUTHORIZED) != HTTPStatus.UNAUTHORIZED:', "False:"),
        Mutant('error.context.get("status", HTTPStatus.UNAUTHORIZED)', 'error.context.get("status")', tests=LOG_IN),
        Mutant("            await self._pace.wait(group)\n", "", tests=RATES),
        Mutant(
            "                if self._pace.start(group):",
            "                if self._pace.start(group) or True:",
            tests=RATES,
        ),
        Mutant("self._shared.take if self._shared else None", "None", tests=SHARED_RATES),
        Mutant("            self._pace.refused(call.group)\n", "            pass\n"),
        Mutant("            self._pace.let_through(call.group)\n", "            pass\n"),
        Mutant("            self._pace.learn(call.group, rate)\n", "            pass\n", tests=RATES),
        Mutant(
            "(self._judge_of and self._verdicts.judgement(self._judge_of, call, reply)) or reply", "reply", tests=LOG_IN
        ),
        Mutant("            self._limiter.overloaded()", "            pass"),
        Mutant("            self._limiter.succeeded()", "            pass"),
        Mutant('        elif call.method == "GET" and status != HTTPStatus.NO_CONTENT:', "        elif False:"),
        Mutant('call.method == "GET" and status != HTTPStatus.NO_CONTENT:', 'call.method == "GET":'),
        Mutant("whole = asyncio.timeout(self._request_timeout)", "whole = asyncio.timeout(None)"),
        Mutant("self._verdicts.no_answer(call, error) from None", "self._verdicts.no_answer(call, error) from error"),
        Mutant("            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),\n", ""),
    ),
)
