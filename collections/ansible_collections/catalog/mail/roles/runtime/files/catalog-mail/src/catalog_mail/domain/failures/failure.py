# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The failure of an attempt to send a mail or to read a mailbox, as one type for all transports."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from catalog_mail.domain.errors import CatalogMailError


class Cause(StrEnum):
    """The kinds of failure."""

    NAME_NOT_FOUND = "name-not-found"
    CONNECTION_REFUSED = "connection-refused"
    TIMED_OUT = "timed-out"
    UNREACHABLE = "unreachable"
    TLS_NOT_OFFERED = "tls-not-offered"
    TLS_FAILED = "tls-failed"
    TLS_REQUIRED = "tls-required"
    CERTIFICATE_NOT_TRUSTED = "certificate-not-trusted"
    CERTIFICATE_WRONG_NAME = "certificate-wrong-name"
    LOGIN_REFUSED = "login-refused"
    LOGIN_REQUIRED = "login-required"
    SENDER_REFUSED = "sender-refused"
    RECIPIENT_REFUSED = "recipient-refused"
    RELAY_DENIED = "relay-denied"
    HOST_REFUSED = "host-refused"
    ACCOUNT_BLOCKED = "account-blocked"
    GREYLISTED = "greylisted"
    NOT_SMTP = "not-smtp"
    NOT_IMAP = "not-imap"
    MAILBOX_MISSING = "mailbox-missing"
    MAILBOX_READ_ONLY = "mailbox-read-only"
    OTHER_IMAP_ANSWER = "other-imap-answer"
    OTHER_ANSWER = "other-smtp-answer"
    CONNECTION_LOST = "connection-lost"
    PROXY_FAILED = "proxy-failed"
    PROXY_LOGIN_REFUSED = "proxy-login-refused"
    # From Microsoft Entra, which issues the tokens:
    TENANT_UNKNOWN = "tenant-unknown"
    CLIENT_UNKNOWN = "client-unknown"
    CLIENT_DISABLED = "client-disabled"
    SECRET_WRONG = "secret-wrong"
    SECRET_EXPIRED = "secret-expired"
    CERTIFICATE_NOT_REGISTERED = "certificate-not-registered"
    CERTIFICATE_UNUSABLE = "certificate-unusable"
    CLOUD_WRONG = "cloud-wrong"
    CONDITIONAL_ACCESS = "conditional-access"
    OTHER_ENTRA_ANSWER = "other-entra-answer"
    # From Microsoft Graph; THROTTLED also from mail servers:
    TOKEN_REFUSED = "token-refused"
    PERMISSION_MISSING = "permission-missing"
    ACCESS_BLOCKED = "access-blocked"
    MAILBOX_UNKNOWN = "mailbox-unknown"
    MAILBOX_NOT_LICENSED = "mailbox-not-licensed"
    SEND_AS_DENIED = "send-as-denied"
    THROTTLED = "throttled"
    MICROSOFT_UNAVAILABLE = "microsoft-unavailable"
    OTHER_GRAPH_ANSWER = "other-graph-answer"
    # From a report about a mail that was sent and came back; BOUNCED for good:
    BOUNCED = "bounced"
    UNDELIVERED = "undelivered"
    # Before a server was contacted:
    NOT_CONFIGURED = "not-configured"
    NOT_RENDERED = "not-rendered"
    INTERNAL_ERROR = "internal-error"
    # From the catalog in which replies are posted:
    CATALOG_FAILED = "catalog-failed"


@dataclass(frozen=True)
class Failure:
    """One failed attempt to send, or to read a mailbox.

    `field` is the setting to check, such as `notifications.smtp.password`. `cause` and `remedy` are sentences without a
    secret. `temporary` says whether another attempt may succeed. `smtp_code` and `smtp_text` are the server's last reply
    (RFC 5321, 4.2), if any. `retry_after` is the time in seconds that a server asked to wait; it is not stored.
    """

    code: Cause
    cause: str
    remedy: str
    temporary: bool
    field: str | None = None
    smtp_code: int | None = None
    smtp_text: str | None = None
    retry_after: float | None = None


class SendingFailed(CatalogMailError):
    """A message was not sent; `failure` tells why."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.cause, failure.remedy, field=failure.field)
        self.failure = failure
        self.code = failure.code.value


class MailboxFailed(CatalogMailError):
    """A mailbox could not be reached, opened, read or written; `failure` tells why. Its connection cannot be used again."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.cause, failure.remedy, field=failure.field)
        self.failure = failure
        self.code = failure.code.value
