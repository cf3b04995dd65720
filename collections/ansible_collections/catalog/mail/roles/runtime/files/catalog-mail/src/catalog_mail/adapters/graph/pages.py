"""Lists of Graph, page by page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from catalog_mail.adapters.graph.apps import App, GraphRequest
from catalog_mail.domain.failures.graph import Doing

# Ids that stay the same while a message is in its mailbox, whichever folder it is moved to.
IMMUTABLE = {"Prefer": 'IdType="ImmutableId"'}


def items(
    app: App, path: str, params: Mapping[str, str], doing: Doing, most_pages: int | None = None
) -> Iterator[dict[str, Any]]:
    """The items of all pages, or of so many. The address of a further page is Graph's own affair. Raises Failed."""
    page = app.json(GraphRequest("GET", path, doing, params, IMMUTABLE))
    number = 1
    while True:
        found = page.get("value")
        yield from (item for item in found if isinstance(item, dict)) if isinstance(found, list) else ()
        following = page.get("@odata.nextLink")
        if not isinstance(following, str) or number == most_pages:
            return
        page = app.json(GraphRequest("GET", following, doing, headers=IMMUTABLE))
        number += 1
