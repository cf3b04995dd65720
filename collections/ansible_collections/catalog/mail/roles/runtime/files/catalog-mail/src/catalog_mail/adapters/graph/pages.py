# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Read lists of Graph page by page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from catalog_mail.adapters.graph.apps import App, GraphRequest
from catalog_mail.domain.failures.graph import Operation

# Ids that stay the same while a message is in its mailbox, in any folder.
IMMUTABLE = {"Prefer": 'IdType="ImmutableId"'}


def items(
    app: App, path: str, params: Mapping[str, str], operation: Operation, most_pages: int | None = None
) -> Iterator[dict[str, Any]]:
    """Yield the items of all pages, or of `most_pages`. Graph's link to the next page is used unchanged. Raises Failed."""
    page = app.json(GraphRequest("GET", path, operation, params, IMMUTABLE))
    number = 1
    while True:
        found = page.get("value")
        yield from (item for item in found if isinstance(item, dict)) if isinstance(found, list) else ()
        following = page.get("@odata.nextLink")
        if not isinstance(following, str) or number == most_pages:
            return
        page = app.json(GraphRequest("GET", following, operation, headers=IMMUTABLE))
        number += 1
