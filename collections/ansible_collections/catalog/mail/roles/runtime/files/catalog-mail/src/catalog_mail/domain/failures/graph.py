# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Translate error responses of Microsoft Graph into causes and remedies.

Only a request shows whether the application has a permission: with Exchange's RBAC for Applications the token names no
permission for mail.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from catalog_mail.domain.failures.connection import readable
from catalog_mail.domain.failures.entra import beginning
from catalog_mail.domain.failures.failure import Cause, Failure
from catalog_mail.domain.settings.servers import GraphServer


class Operation(StrEnum):
    """The operation requested of Graph; each value completes "while ..."."""

    SEND = "sending a message"
    LOOK = "looking into the Sent Items"
    OPEN = "opening the mailbox"
    READ = "reading messages"
    MARK = "marking messages as read"
    ARCHIVE = "archiving messages"


# The application permission for each operation. Whoever receives replies also marks them, so that reading needs no less: what is
# missing is named once, and not one permission after the other.
NEEDED: Mapping[Operation, str] = {
    Operation.SEND: "Mail.Send",
    Operation.LOOK: "Mail.Read",
    Operation.OPEN: "Mail.ReadWrite",
    Operation.READ: "Mail.ReadWrite",
    Operation.MARK: "Mail.ReadWrite",
    Operation.ARCHIVE: "Mail.ReadWrite",
}

_ROLE_MISSING = frozenset({"ErrorAccessDenied", "AccessDenied", "Authorization_RequestDenied", "Forbidden", "accessDenied"})
# An error of status 401: the token names no permission at all.
_NO_PERMISSION = "NoPermissionsInAccessToken"
_NO_MAILBOX = frozenset({"ErrorInvalidUser", "ErrorNonExistentMailbox", "Request_ResourceNotFound", "ResourceNotFound"})
_NOT_LICENSED = frozenset(
    {
        "MailboxNotEnabledForRESTAPI", "MailboxNotSupportedForRESTAPI", "MailboxNotHostedInExchangeOnline",
        "OrganizationFromTenantGuidNotFound",
    }
)  # fmt: skip
_ACCOUNT_BLOCKED = frozenset({"ErrorAccountSuspend", "ErrorMessageSubmissionBlocked"})
_RECIPIENT = frozenset({"ErrorInvalidRecipients", "ErrorRecipientNotFound"})
# Statuses that the same request would get again.
_FINAL_STATUSES = frozenset({400, 413, 422})
# Codes of states that pass, whatever their status: a mailbox that is being moved, a busy or failing store, a rate.
_PASSING_CODES = frozenset(
    {
        "ErrorConnectionFailed", "ErrorExceededConnectionCount", "ErrorExceededMessageLimit", "ErrorInsufficientResources",
        "ErrorInternalServerTransientError", "ErrorMailboxFailover", "ErrorMailboxMoveInProgress",
        "ErrorMailboxStoreUnavailable", "ErrorQuotaExceeded", "ErrorRateLimitExceeded", "ErrorServerBusy", "ErrorTimeoutExpired",
        "ErrorTooManyObjectsOpened",
    }
)  # fmt: skip
_TOO_LARGE = frozenset({"ErrorMessageSizeExceeded", "RequestBodyTooLarge"})
# Words of messages such as "Access to OData is disabled", which an Application Access Policy causes (Graph: "Limiting
# application permissions to specific mailboxes").
_BLOCKED_WORDS = ("odata is disabled", "appaccesspolicy", "apponly accesspolicy", "raop")


@dataclass(frozen=True)
class GraphRefusal:
    """An error response: the HTTP status, and `error.code` and `error.message` of its JSON.

    `retry_after` is in seconds, None when the response names no time.
    """

    status: int
    code: str
    message: str
    retry_after: float | None = None


def graph_failure(said: GraphRefusal, operation: Operation, server: GraphServer, sender: str | None = None) -> Failure:
    """Translate an error response; `sender` is the From address of the message to send."""
    return (
        _of_service(said, server)
        or _of_account(said, server)
        or _of_message(said, operation, server, sender)
        or _of_mailbox(said, operation, server)
        or _other(said, operation, server)
    )


def _of_service(said: GraphRefusal, server: GraphServer) -> Failure | None:
    if said.status == 429:
        when = f" for {said.retry_after:g} seconds" if said.retry_after is not None else ""
        return _failure(
            Cause.THROTTLED, None, f"Microsoft Graph asks to send no requests{when}: the limit of requests was reached",
            "Nothing has to be done: the request is repeated. If this goes on, see which other programs use this app.",
            said, server,
        )  # fmt: skip
    if said.status in {502, 503, 504}:
        return _failure(
            Cause.MICROSOFT_UNAVAILABLE, None, f"Microsoft Graph is not available at this moment ({said.status})",
            "Nothing has to be done: the request is repeated. Microsoft 365's service health shows incidents.", said, server,
        )  # fmt: skip
    if said.status == 401 and said.code != _NO_PERMISSION:
        return _failure(
            Cause.TOKEN_REFUSED, f"{server.section}.cloud", f"Microsoft Graph does not take the token ({_shown(said)})",
            "Choose the cloud that the tenant lives in, and check this host's clock.", said, server,
        )  # fmt: skip
    return None


def _of_account(said: GraphRefusal, server: GraphServer) -> Failure | None:
    if said.code == "ErrorQuotaExceeded":
        return _failure(
            Cause.OTHER_GRAPH_ANSWER, address_field(server), f"The mailbox {server.mailbox} is full",
            "Let its quota be raised, or delete mail from it; Exchange keeps a copy of each sent mail there. The message is sent "
            "then.", said, server,
        )  # fmt: skip
    if said.code in _ACCOUNT_BLOCKED:
        return _failure(
            Cause.ACCOUNT_BLOCKED, address_field(server), f"Exchange lets {server.mailbox} send no mail ({_shown(said)})",
            "Let the tenant's administrator look at the restricted users and the sending limits in Microsoft's Defender portal.",
            said, server,
        )  # fmt: skip
    return None


def _of_message(said: GraphRefusal, operation: Operation, server: GraphServer, sender: str | None) -> Failure | None:
    if operation is not Operation.SEND:
        return None
    if said.code == "ErrorSendAsDenied":
        return _failure(
            Cause.SEND_AS_DENIED, "notifications.from.address", f"{server.mailbox} may not send as {sender or 'another address'}",
            f"Give {server.mailbox} the right Send As or Send on Behalf for that address in Exchange (it takes up to an hour to "
            "take effect), or leave the From address out.", said, server,
        )  # fmt: skip
    if said.code in _RECIPIENT:
        return _failure(
            Cause.RECIPIENT_REFUSED, None, f"Exchange does not take the recipient ({_shown(said)})", "Check the address.",
            said, server,
        )  # fmt: skip
    if said.status == 413 or said.code in _TOO_LARGE:
        return _failure(
            Cause.OTHER_GRAPH_ANSWER, None, "The message is larger than Exchange takes", "Send less in one message.",
            said, server,
        )  # fmt: skip
    return None


def _of_mailbox(said: GraphRefusal, operation: Operation, server: GraphServer) -> Failure | None:
    place, mailbox, needed = address_field(server), server.mailbox, NEEDED[operation]
    if said.status == 403 and any(word in said.message.lower() for word in _BLOCKED_WORDS):
        return _failure(
            Cause.ACCESS_BLOCKED, place, f"A policy of the tenant blocks the application from the mailbox {mailbox}",
            "Let the Exchange administrator add this mailbox to the application's policy (Test-ApplicationAccessPolicy shows "
            "it); a change takes an hour or more to take effect.", said, server,
        )  # fmt: skip
    if said.code == _NO_PERMISSION or (said.status == 403 and said.code in _ROLE_MISSING):
        return _failure(
            Cause.PERMISSION_MISSING, f"{server.section}.client_id",
            f"The application may not use the mailbox {mailbox} for {operation}: {needed} is not granted to it",
            f"Grant it the application permission {needed} (not the delegated one) with admin consent; or, where Exchange's RBAC "
            "for Applications limits it, add this mailbox to the scope of that role, which takes up to two hours to take effect.",
            said, server,
        )  # fmt: skip
    if said.code in _NOT_LICENSED:
        return _failure(
            Cause.MAILBOX_NOT_LICENSED, place, f"{mailbox} has no mailbox in Exchange Online",
            "Give this user a licence that includes Exchange Online, or name an account that has a mailbox there; a mailbox on a "
            "server of your own cannot be used by Graph.", said, server,
        )  # fmt: skip
    if said.status in {400, 404} and said.code in _NO_MAILBOX:
        return _unknown_user(said, server)
    return None


def _unknown_user(said: GraphRefusal, server: GraphServer) -> Failure:
    """Graph finds a user, and a shared mailbox, by two names only; an address that is neither may still receive mail."""
    wanted = "the user principal name or the object ID of a user or shared mailbox of this tenant"
    place = f"{server.section}.mailbox_user"
    if server.user:
        return _failure(
            Cause.MAILBOX_UNKNOWN, place, f"The tenant has no user {server.user} with a mailbox",
            f"Give {wanted}; the user's page in Microsoft Entra shows both.", said, server,
        )  # fmt: skip
    return _failure(
        Cause.MAILBOX_UNKNOWN, address_field(server),
        f"The tenant has no user with the mailbox {server.mailbox}: Microsoft Graph looks for the user principal name",
        f"Correct the address; or, if {server.mailbox} is another address of a mailbox (its primary address or an alias), set "
        f"{place} to {wanted}.", said, server,
    )  # fmt: skip


def _other(said: GraphRefusal, operation: Operation, server: GraphServer) -> Failure:
    # A response of a proxy or a filter in Graph's place has no code, and the state of a mailbox may change.
    passing = said.status >= 500 or said.status in {408, 409, 412, 423} or said.code in _PASSING_CODES
    final = operation is Operation.SEND and said.status in _FINAL_STATUSES and bool(said.code) and not passing
    return Failure(
        Cause.OTHER_GRAPH_ANSWER, f"{beginning(server)} Microsoft Graph gave this answer while {operation}: {_shown(said)}.",
        f"{'It may work later. ' if passing else ''}Microsoft's page on Graph's error codes tells more.",
        temporary=not final, field=None, retry_after=said.retry_after,
    )  # fmt: skip


def address_field(server: GraphServer) -> str:
    """Return the path of the setting that names the mailbox."""
    return f"{server.section}.email_address" if server.section.startswith("notifications.") else "interactions.reply_to"


def not_understood(operation: Operation, server: GraphServer) -> Failure:
    """The response is not JSON, or not in Graph's format."""
    return Failure(
        Cause.OTHER_GRAPH_ANSWER, f"{beginning(server)} {server.graph_url} gave an answer that cannot be read while {operation}.",
        "Check graph_url of [microsoft] in the service's configuration file, and the proxies between this host and Microsoft: "
        "one of them may have answered.", temporary=True, field=None,
    )  # fmt: skip


def _shown(said: GraphRefusal) -> str:
    words = readable(f"{said.code} {said.message}".encode()).strip().rstrip(".")
    return f"{said.status} {words}".strip()


# Other causes last until an administrator removes them.
_PASSING = frozenset({Cause.MICROSOFT_UNAVAILABLE, Cause.THROTTLED})


def _failure(
    cause: Cause, field: str | None, sentence: str, remedy: str, said: GraphRefusal, server: GraphServer
) -> Failure:
    text = f"{beginning(server)} {sentence}."
    passes = cause in _PASSING or said.code in _PASSING_CODES
    return Failure(cause, text, remedy, temporary=passes, field=field, retry_after=said.retry_after)
