# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Pages of the unsubscribe links in mails, for people and for mail programs that support RFC 8058."""

from __future__ import annotations

import logging
from html import escape
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Path, Query
from fastapi.responses import HTMLResponse

from catalog_mail.api.context import Services, services
from catalog_mail.api.problems import RETRY_AFTER, documented
from catalog_mail.domain.errors import NotFound, StorageFailed
from catalog_mail.services.unsubscribing import Choice

log = logging.getLogger(__name__)

router = APIRouter(tags=["unsubscribe"])

# Load nothing, submit only the page's own form, and keep the link, which is a secret, out of referrers, caches and indexes.
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; "
    "frame-ancestors 'none'; base-uri 'none'",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
}
_STYLE = (
    "body{font:18px/1.5 system-ui,sans-serif;max-width:34em;margin:3em auto;padding:0 1em}"
    "button{font:inherit;padding:.5em 1em}:root{color-scheme:light dark}"
)
_LABELS = {
    "subscribed_event": "events you subscribed to",
    "download_ready": "downloads that are ready",
    "download_failed": "downloads that failed",
    "scheduled_query_succeeded": "scheduled queries that succeeded",
    "scheduled_query_failed": "scheduled queries that failed",
    "system_health": "system health",
    "scheduled_job_status": "scheduled jobs",
    "mention": "conversations in which you are mentioned",
    "assignment": "conversations that are assigned to you",
    "message": "other matters of the catalog",
}

_PAGE: dict[str, Any] = {"description": "A page for people.", "content": {"text/html": {"schema": {"type": "string"}}}}
_RESPONSES: dict[int | str, dict[str, Any]] = {
    200: _PAGE,
    404: {**_PAGE, "description": "A page for a link that is not valid."},
    503: {**_PAGE, "description": "A page that asks to try again later.", "headers": RETRY_AFTER},
}
_Token = Annotated[str, Path(description="Last part of the link in a mail.")]
_Services = Annotated[Services, Depends(services)]


@router.get("/unsubscribe/{token}", response_class=HTMLResponse, responses=documented(422) | _RESPONSES)
def page(token: _Token, services: _Services) -> HTMLResponse:
    """Ask the recipient of a mail to confirm. Changes nothing, since mail scanners follow links."""
    try:
        return _answer(services, services.unsubscribing.look(token))
    except NotFound as error:
        return _invalid(error)
    except StorageFailed as error:
        return _later(error)


@router.post("/unsubscribe/{token}", response_class=HTMLResponse, responses=documented(422) | _RESPONSES)
def choose(
    token: _Token,
    services: _Services,
    undo: Annotated[Literal["yes"] | None, Query(description="Reverts an earlier choice.")] = None,
) -> HTMLResponse:
    """Stop mail of this kind to this address: by one click (RFC 8058), or by the button of the page.

    Idempotent. The request body is ignored.
    """
    try:
        unsubscribing = services.unsubscribing
        return _answer(services, unsubscribing.opt_in(token) if undo else unsubscribing.opt_out(token))
    except NotFound as error:
        return _invalid(error)
    except StorageFailed as error:
        return _later(error)


def _answer(services: Services, choice: Choice) -> HTMLResponse:
    about = f"about {_LABELS[choice.kind.value]}"
    address = f"<strong>{escape(choice.address)}</strong>"
    if choice.opted_out:
        said = f"{address} gets no more e-mails {about}."
        form = '<form method="post" action="?undo=yes"><button>Send them again</button></form>'
    else:
        said = f"{address} gets e-mails {about}."
        form = '<form method="post" action="?"><button>Stop these e-mails</button></form>'
    return _html(200, services.unsubscribing.catalog_name, f'<p role="status">{said}</p>{form}')


def _invalid(error: NotFound) -> HTMLResponse:
    return _html(404, "This link does not work", f"<p>{escape(error.cause)} {escape(error.remedy)}</p>")


def _later(error: StorageFailed) -> HTMLResponse:
    log.error("a link of a mail is answered with 503: %s", error)
    page = _html(503, "Please try again later", "<p>The choice cannot be stored at present. Nothing was changed.</p>")
    page.headers["Retry-After"] = str(error.retry_after)
    return page


def _html(status: int, title: str, content: str) -> HTMLResponse:
    page = (
        f'<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex">'
        f"<style>{_STYLE}</style></head><body><main><h1>{escape(title)}</h1>{content}</main></body></html>"
    )
    return HTMLResponse(page, status_code=status, headers=_HEADERS)
