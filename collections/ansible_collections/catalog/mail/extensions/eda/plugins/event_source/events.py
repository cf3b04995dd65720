# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Source of events for event-driven Ansible: what the application of catalog.mail reports, by long polls of its API."""

from __future__ import annotations

import asyncio
import json
import logging
import ssl
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

DOCUMENTATION = r"""
---
short_description: Events of the application of catalog.mail
description:
  - Waits at C(GET /api/v1/events) of the application, and passes on each event within a second.
  - Kinds are V(settings) (the e-mail settings were changed), V(health) (a problem began or ended),
    V(mailbox_read_by_others) (something else marks replies as read) and V(drift) (a report names changes).
  - While the application is away, it asks again and again. It ends when the application refuses the token.
options:
  url:
    description: Address of the application, such as C(https://catalog.example.com).
    type: str
    required: true
  token_file:
    description: File with a token of the application; the role C(viewer) is enough.
    type: str
    required: true
  after:
    description: The id of the last event that was seen. Without it, only events from now on are passed on.
    type: str
    default: ""
  ca_file:
    description: The only certificate authorities to trust; by default those of the host.
    type: str
  wait:
    description: Seconds that each request waits for an event, at most 55.
    type: int
    default: 50
  retry:
    description: Seconds between requests while the application is away.
    type: float
    default: 5
"""

EXAMPLES = r"""
- name: Watch the catalog
  hosts: all
  sources:
    - catalog.mail.events:
        url: https://catalog.example.com
        token_file: /etc/catalog-mail-events-token
  rules:
    - name: Look for drift when somebody changes the settings
      condition: event.catalog_mail.kind == "settings"
      action:
        run_playbook:
          name: catalog.mail.drift
"""

LOGGER = logging.getLogger(__name__)
LONGEST_WAIT = 55
_OPTIONS = {"url", "token_file", "after", "ca_file", "wait", "retry"}


class OptionRefused(ValueError):
    """An option is wrong, or the application refuses the request; the text names the option and the remedy."""


class Events:
    """The application's events, by blocking requests."""

    def __init__(self, args: dict[str, Any]) -> None:
        """Raises OptionRefused."""
        unknown = sorted(set(args) - _OPTIONS)
        if unknown:
            raise OptionRefused(f"{unknown[0]}: there is no such option. The options are {', '.join(sorted(_OPTIONS))}.")
        url = str(args.get("url") or "")
        if urllib.parse.urlsplit(url).scheme not in ("http", "https"):
            raise OptionRefused("url: it is missing or no web address. Give the address of the application, https://...")
        self._wait = int(_seconds(args, "wait", 50, 0, LONGEST_WAIT))
        self.retry = _seconds(args, "retry", 5, 0.1, 3600)
        self._url = f"{url.rstrip('/')}/api/v1/events"
        self._token = _token(args.get("token_file"))
        self._context = _trusting(args.get("ca_file"))

    def ask(self, after: str, wait: int | None = None) -> dict[str, Any]:
        """Return the answer of one request. Raises OSError while the application is away, OptionRefused when it refuses."""
        query = urllib.parse.urlencode({"after": after, "wait": self._wait if wait is None else wait})
        request = urllib.request.Request(f"{self._url}?{query}", headers={"Authorization": f"Bearer {self._token}"})
        # No redirection, which would carry the token elsewhere.
        opener = urllib.request.build_opener(urllib.request.HTTPSHandler(context=self._context), _NoRedirect())
        try:
            with opener.open(request, timeout=self._wait + 30) as answer:
                found: dict[str, Any] = json.load(answer)
        except urllib.error.HTTPError as exc:
            if exc.code in (401, 403):
                raise OptionRefused(f"token_file: the application answered {exc.code}. Give a token of the role viewer.") from exc
            if exc.code == 422:
                raise OptionRefused(f"after: the application does not know the event {after}. Leave it out.") from exc
            raise
        except ValueError as exc:
            raise OSError(f"{self._url} answered something else than JSON.") from exc
        return found


def _seconds(args: dict[str, Any], name: str, default: float, least: float, most: float) -> float:
    value = args.get(name, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
        raise OptionRefused(f"{name}: {value!r} is not a number between {least} and {most}. Give a number of seconds.")
    return value


def _token(path: Any) -> str:
    if not path:
        raise OptionRefused("token_file: it is missing. Give a file with a token of the role viewer.")
    try:
        token = Path(path).read_text(encoding="ascii").strip()
    except OSError as exc:
        raise OptionRefused(f"token_file: {path}: {exc.strerror}. Give a file that this process may read.") from exc
    except ValueError:
        token = ""
    if not token or len(token.split()) > 1:
        raise OptionRefused(f"token_file: {path} does not hold one token. Write the output of 'catalog-mail token create' there.")
    return token


def _trusting(ca_file: Any) -> ssl.SSLContext:
    try:
        return ssl.create_default_context(cafile=ca_file)
    except OSError as exc:
        raise OptionRefused(f"ca_file: {ca_file}: {exc.strerror or exc}. Give a file with certificates in PEM form.") from exc


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_arguments: Any) -> None:
        return None


async def main(queue: asyncio.Queue[dict[str, Any]], args: dict[str, Any]) -> None:
    """Put each event into the queue, as ``catalog_mail``, until the task is cancelled."""
    events = Events(args)
    after, wait = str(args.get("after") or ""), None if args.get("after") else 0
    while True:
        try:
            # The first request without `after` returns at once where events begin, so that none is missed after it.
            answer = await asyncio.to_thread(events.ask, after, wait)
        except OSError as exc:
            LOGGER.warning("The application does not answer, and is asked again in %s s: %s", events.retry, exc)
            await asyncio.sleep(events.retry)
            continue
        for event in answer["events"]:
            await queue.put({"catalog_mail": event})
        after, wait = str(answer["next"]), None
