"""What no careful system sends: arbitrary JSON, good rows with one thing spoilt, and texts that are no JSON at all."""

import copy
import json
import os
from collections.abc import Iterator
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

FULL = os.environ.get("HARNESS") == "all"
EXAMPLES = 2_000 if FULL else 25

many = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=list(HealthCheck),
    print_blob=True,
)
"""So many cases, the same ones every time."""
some = settings(many, max_examples=EXAMPLES // 10 if FULL else 15)
"""Fewer, for cases that need a world of their own."""

PERSON = {
    "email": "ayse.canary@example.com",
    "phone_number": "+905321234567",
    "first_name": "Canaryfirst",
    "last_name": "Canarylast",
    "line": "Canarystreet 5",
    "tax_no": "canarytax77",
}
"""A customer, as the hub's rows carry one."""

# JSON that no value of Python's turns into: written in place of a marker.
RAW = {
    "@nan@": "NaN",
    "@infinity@": "-Infinity",
    "@large@": "1e400",
    "@huge@": "1e999999",
    "@long@": "9" * 5_000,
    "@surrogate@": '"\\ud83d"',
    "@zero@": '"\\u0000"',
    "@deep@": "[" * 200 + "]" * 200,
    "@deeper@": '{"a":' * 850 + "1" + "}" * 850,
    "@bottomless@": "[" * 100_000,
    "@twice@": '{"pk": 1, "pk": "two"}',
}

awkward = st.sampled_from(
    [
        *RAW,
        *("", " ", "NaN", "Infinity", "null", "1e5", "0x1", "１２", "9" * 400, "\u202eabc", "a\r\nb: c", "\x1b[31m"),
        *("2021-13-45T99:99:99Z", "0000-00-00", "9999-12-31T23:59:59.999999-23:59", "P1D", "<b>no</b>", "\ufeff"),
        *(0, -1, 2**31, 2**63, 2**64, 10**30, 1.5, -0.0, 1e308, True, False, None),
    ]
)
scalars = awkward | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=12)
names = st.text(max_size=8) | st.sampled_from(["pk", "id", "results", "next", "count", "error", "a\nb", "@surrogate@"])
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3), max_leaves=6
)
"""Anything that JSON can say, and a little more."""

tellable = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(), max_size=8)
    | st.datetimes().map(lambda moment: f"{moment.isoformat()}Z")
    | st.sampled_from(
        [
            *(
                "",
                " ",
                "\t\u00a0",
                "\ud83d",
                "Ay\ud83d",
                "\x00",
                "NaN",
                "1e400",
                "2.500",
                "9" * 300,
                "a,b",
                "..",
                "\u202e",
            ),
            *(2**63, 10**30, -1, 2.5, "0000-00-00", "9999-12-31T23:59:59.999999-23:59", "<b>no</b>", "a\r\nb: c"),
        ]
    ),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(st.characters(), max_size=4), inner, max_size=2)
    ),
    max_leaves=4,
)
"""Any text, number, date, list or null that JSON can hold, of a size that an answer may have."""


def written(value: Any) -> str:
    """The value as JSON, its markers replaced."""
    text = json.dumps(value, default=str)
    for marker, raw in RAW.items():
        text = text.replace(json.dumps(marker), raw)
    return text


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every field of a value, those of the person left out: they stay recognisable as what they are."""
    found: Any = ()
    if isinstance(value, dict):
        found = ((key, item) for key, item in value.items() if key not in PERSON)
    elif isinstance(value, list):
        found = enumerate(value)
    for key, item in found:
        yield (*path, key)
        yield from places(item, (*path, key))


@st.composite
def spoilt(draw: st.DrawFn, good: Any) -> Any:
    """A good value with one field gone, renamed, or of another kind."""
    value = copy.deepcopy(good)
    path = draw(st.sampled_from(list(places(value))))
    holder = value
    for key in path[:-1]:
        holder = holder[key]
    last = path[-1]
    match draw(st.sampled_from(["gone", "other", "other", "other", "listed", "wrapped", "renamed"])):
        case "gone":
            del holder[last]
        case "other":
            holder[last] = draw(values)
        case "listed":
            holder[last] = [holder[last]]
        case "wrapped":
            holder[last] = {draw(names): holder[last]}
        case _ if isinstance(holder, dict):
            holder[draw(names)] = holder.pop(last)
    return value


def texts(good: Any) -> st.SearchStrategy[bytes]:
    """Bodies that a system may answer where `good` was due."""
    whole = written(good)
    page = f"<!doctype html><html><head><title>Sign in</title></head><body>{'<p>wait</p>' * 9}</body></html>"
    return st.one_of(
        spoilt(good).map(written),
        spoilt(good).map(written),
        spoilt(good).map(written),
        values.map(written),
        st.sampled_from([whole, f"[{whole}]", f'{{"results": {whole}}}', "", "  ", "null", page, f"{whole}{whole}"]),
        st.integers(0, len(whole)).map(lambda end: whole[:end]),
    ).map(lambda text: text.encode("utf-8", "surrogatepass")) | st.binary(max_size=40)
