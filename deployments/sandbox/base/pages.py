"""Pages for people, who watch a sandbox in a browser."""

import html
from collections.abc import Iterable, Sequence
from typing import Any

_STYLE = (
    "<style>body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:60rem;padding:0 1rem;color:#222}"
    "table{border-collapse:collapse;margin:.5rem 0 1.5rem}td,th{border-bottom:1px solid #ddd;padding:.25rem .75rem;"
    "text-align:left}th{font-weight:600}caption{text-align:left;font-weight:600;padding:.25rem 0}</style>"
)


def page_html(title: str, body: str) -> str:
    """A whole page that reloads itself; `body` is HTML."""
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><meta http-equiv=refresh content=2>"
        f"<title>{html.escape(title)}</title>{_STYLE}<h1>{html.escape(title)}</h1>{body}</html>"
    )


def table_html(caption: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table; every value is escaped."""
    cells = [[html.escape(str(value)) for value in row] for row in rows]
    if not cells:
        return f"<p>{html.escape(caption)}: no entries</p>"
    titles = "".join(f"<th>{html.escape(title)}</th>" for title in head)
    body = "".join(f"<tr>{''.join(f'<td>{cell}</td>' for cell in row)}</tr>" for row in cells)
    return f"<table><caption>{html.escape(caption)}</caption><tr>{titles}</tr>{body}</table>"
