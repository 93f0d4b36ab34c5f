"""The API page and the API say the same: every call on one is on the other."""

from __future__ import annotations

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "http-api.md"
NAMED = re.compile(r"`(GET|POST|PUT|DELETE)(?: (/[^ `?]*))?[^`]*`")
DESCRIBES = {"GET /openapi.json", "GET /docs"}


def _calls_on_the_page() -> set[str]:
    table = PAGE.read_text(encoding="utf-8").split("## Calls")[1].split("Outside `/api/v1`")[0]
    calls, path = set(), ""
    for method, named in NAMED.findall(table):
        # a second method without a path means the one before it
        path = named or path
        calls.add(f"{method} {_anonymous(path)}")
    return calls


def _anonymous(path: str) -> str:
    return re.sub(r"{[a-z_]+}", "{}", path)


async def test_page_and_description_list_the_same_calls(client):
    document = await (await client.get("/api/v1/openapi.json")).json()
    described = {
        f"{method.upper()} {_anonymous(path.removeprefix('/api/v1'))}"
        for path, methods in document["paths"].items()
        for method in methods
    }
    assert _calls_on_the_page() - DESCRIBES == described
