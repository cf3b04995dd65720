# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Send messages by Graph as MIME, which keeps Message-ID, thread and headers."""

from __future__ import annotations

import base64
import logging
import time
from dataclasses import replace
from urllib.parse import urlsplit

from catalog_mail.adapters.graph.apps import App, Apps, GraphRequest
from catalog_mail.adapters.graph.failing import Failed
from catalog_mail.adapters.graph.message_rate import MessageRate
from catalog_mail.adapters.graph.sent_items import SentItems, stamped
from catalog_mail.adapters.graph.web import Answer, user_path
from catalog_mail.domain.failures.failure import Cause, Failure, SendingFailed
from catalog_mail.domain.failures.graph import Operation
from catalog_mail.domain.settings.servers import GraphServer, SendingSettings
from catalog_mail.ports.diagnosis import ServerFacts
from catalog_mail.ports.sending import Evidence

log = logging.getLogger(__name__)

# The evidence of an accepted message: Graph puts it into the Sent Items, and delivers it later or not at all.
ACCEPTED = "202 Accepted by Microsoft Graph, which is not yet delivered"
FOUND = "found in the Sent Items: an earlier try was accepted by Microsoft Graph"
_UNKNOWN = (
    "Whether the message was taken is not known; in {seconds:g} seconds the Sent Items are looked at, before it is sent again."
)
# For a test message, which is not retried.
_TEST_UNKNOWN = "Whether the test message was taken is not known: see whether it arrives."
_TEST_AGAIN = "A test is not made again by itself: test once more {when}."
# Causes whose usual remedy says that the message is retried.
_PASSING = frozenset({Cause.CONNECTION_LOST, Cause.MICROSOFT_UNAVAILABLE, Cause.THROTTLED})


class GraphSender:
    """Implements ports.MailSender. The recipient is the one in the message's header: Graph knows no envelope.

    Exchange adds a Sender header to a message that is sent on behalf of somebody else.
    """

    def __init__(self, server: GraphServer, app: App, rate: MessageRate, settles_after: float, *, own: bool = False) -> None:
        self._server = server
        self._app = app
        self._rate = rate
        self._settles_after = settles_after
        self._own = own
        self._sent_items = SentItems(server, app)

    @property
    def settles_after(self) -> float:
        """The longest delay until the Sent Items show a sent message; Microsoft guarantees none."""
        return self._settles_after

    def reserve(self) -> float:
        """Reserve a turn within Exchange's rate limit, outside of pauses that Graph asks for."""
        return self._rate.reserve()

    def send(self, message: bytes, envelope_from: str, envelope_to: str, *, again: bool = False) -> Evidence:
        """Hand over one message. Raises SendingFailed.

        With `again` the Sent Items are searched first. If the application may not read them, or they do not show the message, it
        is sent again: a duplicate is better than a lost message. After an unknown outcome the failure asks for a pause, until
        the Sent Items are up to date.
        """
        started = time.monotonic()
        try:
            if again and self._was_sent(message, envelope_to):
                return self._evidence(FOUND, None, started)
        except Failed as failed:
            raise SendingFailed(self._heeded(failed)) from failed
        try:
            answer = self._hand_over(message, envelope_from)
        except Failed as failed:
            raise SendingFailed(self._failure(failed)) from failed
        request = answer.headers.get("request-id")
        response = f"{ACCEPTED}{f'; request-id {request[:100]}' if request else ''}"
        return self._evidence(response, answer, started)

    def log_in(self) -> ServerFacts:
        """Get a token. Raises SendingFailed."""
        try:
            return ServerFacts(urlsplit(self._server.authority_url).netloc, time=self._app.log_in())
        except Failed as failed:
            raise SendingFailed(_of_test(failed)) from failed

    def close(self) -> None:
        """Close the connections that belong to this sender alone."""
        if self._own:
            self._app.close()

    def _hand_over(self, message: bytes, sender: str) -> Answer:
        return self._app.request(
            GraphRequest(
                "POST",
                f"{user_path(self._server)}/sendMail",
                Operation.SEND,
                headers={"Content-Type": "text/plain"},
                body=base64.b64encode(stamped(message)),
                again=False,
                sender=sender,
            )
        )

    def _was_sent(self, message: bytes, recipient: str) -> bool:
        try:
            return self._sent_items.has(message, recipient)
        except Failed as failed:
            if failed.refusal is None or failed.refusal.status != 403:
                raise
            log.warning("a message is sent again without a look into the Sent Items: the application may not read them")
            return False

    def _failure(self, failed: Failed) -> Failure:
        """Return the failure of a hand-over."""
        if self._own:
            return _of_test(failed)
        failure = self._heeded(failed)
        if not failed.unknown:
            return failure
        wait = max(failure.retry_after or 0.0, self._settles_after)
        return replace(failure, remedy=f"{_UNKNOWN.format(seconds=wait)} {failure.remedy}", retry_after=wait)

    def _heeded(self, failed: Failed) -> Failure:
        """Return the failure, and pause sending for as long as Graph asks for.

        A pause for a test does not affect other senders: it may be about a registration that only the test uses.
        """
        if failed.failure.retry_after is not None and not self._own:
            self._rate.close(failed.failure.retry_after)
        return failed.failure

    def _evidence(self, response: str, answer: Answer | None, started: float) -> Evidence:
        return Evidence(
            server=urlsplit(self._server.graph_url).netloc,
            response=response,
            tls=answer.tls if answer else None,
            authenticated=self._server.client_id,
            seconds=round(time.monotonic() - started, 3),
        )


def _of_test(failed: Failed) -> Failure:
    """Return the failure of a test, with the remedies that apply to a test."""
    failure = failed.failure
    when = f"in {failure.retry_after:g} seconds" if failure.retry_after else "later"
    remedy = _TEST_AGAIN.format(when=when) if failure.code in _PASSING else failure.remedy
    return replace(failure, remedy=f"{_TEST_UNKNOWN} {remedy}" if failed.unknown else remedy)


class GraphSenders:
    """Implements ports.MailSenders."""

    def __init__(self, apps: Apps, settles_after: float) -> None:
        self._apps = apps
        self._settles_after = settles_after

    def sender(self, settings: SendingSettings) -> GraphSender:
        """Return a sender for these settings, with shared connections. Raises SendingFailed."""
        return self._make(settings, own=False)

    def make_email_test_sender(self, settings: SendingSettings) -> GraphSender:
        """Return a sender for a single test, with a token of its own. Raises SendingFailed."""
        return self._make(settings, own=True)

    def check_login(self, settings: SendingSettings) -> ServerFacts:
        """Get a token, which tests the login at Entra. Raises SendingFailed."""
        sender = self.make_email_test_sender(settings)
        try:
            return sender.log_in()
        finally:
            sender.close()

    def close(self) -> None:
        """Close all connections."""
        self._apps.close()

    def _make(self, settings: SendingSettings, *, own: bool) -> GraphSender:
        server = settings.server
        if not isinstance(server, GraphServer):
            raise TypeError(settings.transport)
        try:
            app = self._apps.fresh(server) if own else self._apps.app(server)
        except Failed as failed:
            raise SendingFailed(failed.failure) from failed
        return GraphSender(server, app, self._apps.rate(server), self._settles_after, own=own)
