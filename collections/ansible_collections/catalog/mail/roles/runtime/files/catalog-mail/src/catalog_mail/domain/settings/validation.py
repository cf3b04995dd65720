# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check that the settings of a candidate fit together."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from catalog_mail.domain.errors import InputRefused, ManagedByProvider
from catalog_mail.domain.mime.authserv import EXCHANGE_ONLINE, is_exchange_online
from catalog_mail.domain.settings import fields
from catalog_mail.domain.settings.connections import app_credentials
from catalog_mail.domain.settings.document import BounceTo, Deployment, Receiver, Transport
from catalog_mail.domain.settings.fields import InvalidValue
from catalog_mail.domain.settings.reading import DESTINATIONS, Candidate, Given, Kept, Secrets, combined_refusal, value_at

# The only settings of notifications that a customer of the cloud edition can change.
CUSTOMERS_OWN = ("enabled",)

# A tenant's GUID or one of its domains, and an application's GUID. Both become parts of URLs.
_TENANT = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")
_CLIENT = re.compile(r"[A-Za-z0-9-]{1,100}")
# Entra's names for any tenant; an application that acts without a user gets no token for them.
_NO_TENANT = frozenset({"common", "organizations", "consumers"})


def check_deployment(given: Mapping[str, Any], deployment: Deployment) -> None:
    """Check the fields that the deployment decides.

    Raises InputRefused when `deployment` differs, ManagedByProvider when a customer of the cloud edition sets the provider's
    fields.
    """
    wanted = given.get("deployment")
    if wanted is not None and wanted != deployment.value:
        raise InputRefused(
            "deployment",
            f"The application is deployed as {deployment.value}, which its settings do not change.",
            "Leave it out; it is set in the application's configuration file.",
        )
    notifications = given.get("notifications")
    if deployment is Deployment.ON_PREMISES or not isinstance(notifications, Mapping):
        return
    for name, value in notifications.items():
        if name not in CUSTOMERS_OWN and value is not None:
            raise ManagedByProvider(
                f"The provider of the cloud edition manages how mail is sent, so notifications.{name} cannot be set.",
                "Leave it out; notifications.enabled and the interactions are yours to set.",
                field=f"notifications.{name}",
            )


def check(candidate: Candidate, secrets: Secrets, before: Mapping[str, Any], deployment: Deployment) -> None:
    """Check that the fields fit together. `secrets` and `before` are the stored values.

    Raises InputRefused, whose `errors` has all errors, when fields are missing or contradict each other.
    """
    on_premises = deployment is Deployment.ON_PREMISES
    found = [
        *(_sending(candidate, secrets) if on_premises else ()),
        *_interactions(candidate, secrets, deployment),
        *_destinations(candidate, secrets, before),
    ]
    if found:
        first_of_each_field = {error.field: error for error in reversed(found)}
        raise combined_refusal([error for error in found if first_of_each_field[error.field] is error])


def _sending(candidate: Candidate, secrets: Secrets) -> Iterator[InputRefused]:
    transport = Transport(candidate.value("notifications.transport"))
    if candidate.value("notifications.bounce_to") == BounceTo.REPLY_TO:
        yield from _bounces_to_replies(candidate, transport)
    if transport is Transport.MICROSOFT:
        yield from _sending_by_microsoft(candidate, secrets)
    elif candidate.value("notifications.enabled") and not candidate.value("notifications.from.address"):
        yield InputRefused(
            "notifications.from.address", "It is missing.", "Give the address that the notifications come from."
        )
    if transport is Transport.SMTP and not candidate.value("notifications.smtp.host"):
        yield InputRefused("notifications.smtp.host", "It is missing.", "Give the mail server, or choose transport builtin.")
    yield from _login(candidate, secrets, "notifications.smtp", needed=transport is Transport.SMTP)


def _bounces_to_replies(candidate: Candidate, transport: Transport) -> Iterator[InputRefused]:
    if transport is Transport.MICROSOFT:
        yield InputRefused(
            "notifications.bounce_to",
            "Microsoft Graph cannot set the address of the envelope: Exchange returns mails to the account that sends.",
            "Leave it out, or send by transport smtp or builtin.",
        )
    elif not candidate.value("interactions.enabled"):
        yield InputRefused(
            "notifications.bounce_to",
            "Replies are switched off, so nothing reads what comes back to the address for replies.",
            "Switch replies on (interactions.enabled), or choose sender.",
        )


def _sending_by_microsoft(candidate: Candidate, secrets: Secrets) -> Iterator[InputRefused]:
    if not candidate.value("notifications.microsoft.email_address"):
        yield InputRefused(
            "notifications.microsoft.email_address", "It is missing.", "Give the account whose mailbox sends the notifications."
        )
    if candidate.value("notifications.from.display_name"):
        yield InputRefused(
            "notifications.from.display_name",
            "Transport microsoft does not use it: Exchange shows the display name of the sending account.",
            "Leave it out, and give the account that name in Exchange.",
        )
    yield from _app(candidate, secrets, "notifications.microsoft")


def _app(candidate: Candidate, secrets: Secrets, section: str) -> Iterator[InputRefused]:
    """Check tenant, client, and that there is one of the two credentials."""
    tenant, client = (candidate.value(f"{section}.{name}") for name in ("tenant_id", "client_id"))
    for name, value in (("tenant_id", tenant), ("client_id", client)):
        yield from _flaw(f"{section}.{name}", value, fields.identifier)
    if not tenant:
        yield InputRefused(f"{section}.tenant_id", "It is missing.", "Give the Directory (tenant) ID of the app registration.")
    elif not _TENANT.fullmatch(tenant) or tenant.lower() in _NO_TENANT:
        yield InputRefused(
            f"{section}.tenant_id", "It is not the ID of a tenant.",
            f"{_written(tenant, _TENANT)}Give the Directory (tenant) ID of the app registration, or a domain of the tenant, "
            "alone: without braces, quotation marks or a URL around it.",
        )  # fmt: skip
    if not client:
        yield InputRefused(f"{section}.client_id", "It is missing.", "Give the Application (client) ID of the app registration.")
    elif not _CLIENT.fullmatch(client):
        yield InputRefused(
            f"{section}.client_id", "It is not the ID of an application.",
            f"{_written(client, _CLIENT)}Give the Application (client) ID that the app registration's Overview shows, without "
            "braces or quotation marks.",
        )  # fmt: skip
    yield from _flaw(f"{section}.client_secret", _given(candidate, f"{section}.client_secret"), fields.client_secret)
    held = [path for path in app_credentials(section) if _is_held(candidate, secrets, path)]
    if not held:
        yield InputRefused(
            f"{section}.client_secret", "There is neither a client secret nor a certificate.", "Give one of the two."
        )
    elif all(isinstance(candidate.secrets[path], Kept) and secrets[path] is None for path in held):
        yield _lost(held[-1])


def _written(text: str, pattern: re.Pattern[str]) -> str:
    """Return a sentence with the text without the marks around it, if it is right then."""
    bare = text.strip("{}()[]<>\"'`.,; ")
    return f"Write {bare}. " if bare != text and pattern.fullmatch(bare) else ""


def _is_held(candidate: Candidate, secrets: Secrets, path: str) -> bool:
    update = candidate.secrets[path]
    return isinstance(update, Given) or (isinstance(update, Kept) and path in secrets)


def _given(candidate: Candidate, path: str) -> str | None:
    """Return a secret that came with the request."""
    update = candidate.secrets[path]
    return update.value if isinstance(update, Given) else None


def _flaw(path: str, value: str | None, check: Callable[[str], str]) -> Iterator[InputRefused]:
    """Yield the refusal of a value that has a small flaw, such as a blank that was copied along."""
    try:
        if value:
            check(value)
    except InvalidValue as flaw:
        yield InputRefused(path, flaw.cause, flaw.remedy)


def _lost(path: str) -> InputRefused:
    return InputRefused(
        path, "The stored secret cannot be decrypted: the key file was replaced.", "Give it again, or restore the key file."
    )


def _login(candidate: Candidate, secrets: Secrets, section: str, *, needed: bool) -> Iterator[InputRefused]:
    """Check that user name and password are both given or both left out."""
    username = candidate.value(f"{section}.username")
    path = f"{section}.password"
    update = candidate.secrets[path]
    if needed:
        yield from _flaw(f"{section}.username", username, fields.user_name)
        yield from _flaw(path, _given(candidate, path), fields.login_secret)
    if username and not _is_held(candidate, secrets, path) and needed:
        yield InputRefused(path, "There is a user name and no password.", "Give the password, or no user name.")
    if isinstance(update, Given) and not username:
        yield InputRefused(f"{section}.username", "There is a password and no user name.", "Give the user name, or no password.")
    if needed and username and isinstance(update, Kept) and path in secrets and secrets[path] is None:
        yield _lost(path)


def _interactions(candidate: Candidate, secrets: Secrets, deployment: Deployment) -> Iterator[InputRefused]:
    value = candidate.value
    receiver = Receiver(value("interactions.receiver"))
    if receiver is Receiver.MICROSOFT and value("interactions.intent_tracking") == "subaddress":
        yield InputRefused(
            "interactions.intent_tracking", "With receiver microsoft only message_id is possible.", "Leave it out."
        )
    if not value("interactions.enabled"):
        return
    if deployment is Deployment.ON_PREMISES and not value("notifications.enabled"):  # the provider has set up sending
        yield InputRefused(
            "interactions.enabled",
            "Replies can be switched on only where notifications are.",
            "Set up the notifications and enable them, or leave replies off.",
        )
    needed = {
        Receiver.IMAP: ("reply_to", "imap.host", "imap.username"),
        Receiver.MICROSOFT: ("reply_to",),
    }[receiver]
    for name in needed:
        if not value(f"interactions.{name}"):
            yield InputRefused(f"interactions.{name}", "It is missing.", "Give it, or leave replies off.")
    yield from _flaw("interactions.authserv_id", value("interactions.authserv_id"), fields.server_name)
    yield from _authserv_id(value("interactions.authserv_id"), receiver)
    if receiver is Receiver.MICROSOFT:
        yield from _app(candidate, secrets, "interactions.microsoft")
    else:
        yield from _login(candidate, secrets, "interactions.imap", needed=True)
        for name in ("mailbox", "archive_mailbox"):
            yield from _flaw(f"interactions.imap.{name}", value(f"interactions.imap.{name}"), fields.mailbox_name)
        mailbox, archive = (_mailbox_name(value(f"interactions.imap.{name}")) for name in ("mailbox", "archive_mailbox"))
        if mailbox == archive:
            yield InputRefused(
                "interactions.imap.archive_mailbox", "It is the mailbox itself.", "Give another, such as Archive."
            )


def _authserv_id(name: str | None, receiver: Receiver) -> Iterator[InputRefused]:
    """Check that the name fits the receiver: Exchange Online writes no name, and other servers must write one."""
    if receiver is Receiver.MICROSOFT and name and not is_exchange_online(name):
        yield InputRefused(
            "interactions.authserv_id",
            "Exchange Online writes Authentication-Results without the name of a server, so that no reply would be taken.",
            f"Write {EXCHANGE_ONLINE}, or leave it out.",
        )
    if receiver is Receiver.IMAP and is_exchange_online(name):
        yield InputRefused(
            "interactions.authserv_id",
            f"{EXCHANGE_ONLINE} goes with receiver microsoft alone; elsewhere any sender could write such a header.",
            "Give the name with which the mail server begins Authentication-Results, or leave it out.",
        )


def _mailbox_name(name: str) -> str:
    """Normalize INBOX, the only mailbox name without regard to case (RFC 3501, 5.1)."""
    return name.upper() if name.upper() == "INBOX" else name


def _destinations(candidate: Candidate, secrets: Secrets, before: Mapping[str, Any]) -> Iterator[InputRefused]:
    for path, names in DESTINATIONS.items():
        section = path.rpartition(".")[0]
        if isinstance(candidate.secrets[path], Given) and not candidate.has_destination(path):
            yield InputRefused(
                f"{section}.{names[0]}", f"It is missing, and there is a secret for it: {path}.", "Give it, or no secret."
            )
        if path not in secrets or not isinstance(candidate.secrets[path], Kept) or not candidate.has_destination(path):
            continue
        changed = [name for name in names if candidate.value(f"{section}.{name}") != value_at(before, f"{section}.{name}")]
        if changed:
            yield InputRefused(
                path,
                f"The stored secret was given for another destination: {', '.join(changed)} changed.",
                "Give the secret again, or null to remove it; it is never sent to a new destination by itself.",
            )
