"""Which settings fit together, and what changes from one state to another."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from catalog_mail.domain.errors import InputRefused, ManagedByProvider
from catalog_mail.domain.settings.clouds import MicrosoftAccess
from catalog_mail.domain.settings.document import (
    TLS,
    ArchiveSettings,
    Cloud,
    Deployment,
    GraphServer,
    ImapServer,
    IntentTracking,
    Receiver,
    ReceivingSettings,
    SendingSettings,
    SmtpServer,
    Transport,
)
from catalog_mail.domain.settings.reading import BESIDE_THE_SECRET, DESTINATIONS, Candidate, Given, Kept, paths, several, value_at

# What a stored secret is known as: its text, or None where it can no longer be decrypted.
Secrets = Mapping[str, str | None]

# The only part of the notifications' settings that the cloud edition's customer has.
CUSTOMERS_OWN = ("enabled",)

# A tenant's GUID or one of its domains, an application's GUID: both become parts of addresses.
_TENANT = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,250}[A-Za-z0-9])?")
_CLIENT = re.compile(r"[A-Za-z0-9-]{1,100}")
# Entra's names for no tenant in particular, of which an application by itself gets no token.
_NO_TENANT = frozenset({"common", "organizations", "consumers"})


@dataclass(frozen=True)
class Change:
    """One value that changes. Of a secret only whether it was there, and that it is "changed" or "removed"."""

    path: str
    before: Any
    after: Any

    def plain(self) -> dict[str, Any]:
        """As JSON."""
        return {"path": self.path, "before": self.before, "after": self.after}


def check_deployment(given: Mapping[str, Any], deployment: Deployment) -> None:
    """What the deployment decides. Raises InputRefused, or ManagedByProvider in the cloud edition."""
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
    """What fits together. `secrets` and `before` are what is stored. Raises InputRefused, which names all that does not."""
    on_premises = deployment is Deployment.ON_PREMISES
    found = [
        *(_sending(candidate, secrets) if on_premises else ()),
        *_interactions(candidate, secrets, deployment),
        *_destinations(candidate, secrets, before),
    ]
    if found:
        first_of_each_field = {error.field: error for error in reversed(found)}
        raise several([error for error in found if first_of_each_field[error.field] is error])


def fates(candidate: Candidate, secrets: Secrets) -> dict[str, str | None]:
    """The secrets that change: their new text, or None for those to be removed. An equal one does not change."""
    changed: dict[str, str | None] = {}
    for path, fate in candidate.secrets.items():
        stored = secrets.get(path)
        if isinstance(fate, Given):
            if stored is None or not hmac.compare_digest(stored.encode(), fate.value.encode()):
                changed[path] = fate.value
        elif path in secrets and (not isinstance(fate, Kept) or not _has_destination(candidate, path)):
            changed[path] = None
    return changed


def changes(candidate: Candidate, secrets: Secrets, before: Mapping[str, Any]) -> list[Change]:
    """What saving the candidate would change, in the document's order, secrets last."""
    old = dict(paths(before))
    plain = [
        Change(path, old.get(path), value) for path, value in paths(candidate.document) if old.get(path) != value
    ]
    hidden = [
        Change(path, "present" if path in secrets else "absent", "removed" if value is None else "changed")
        for path, value in fates(candidate, secrets).items()
    ]
    return plain + hidden


def concerns_sending(change: Change) -> bool:
    """Whether a test message would tell anything about this change."""
    return change.path.startswith("notifications.") and change.path != "notifications.enabled" and not _is_a_note(change)


def concerns_receiving(change: Change, receiver: Receiver) -> bool:
    """Whether opening the mailbox would tell anything about this change. With Microsoft the mailbox is that of `reply_to`."""
    own = {
        Receiver.IMAP: ("interactions.imap.",),
        Receiver.MICROSOFT: ("interactions.microsoft.", "interactions.reply_to"),
    }[receiver]
    return change.path.startswith((*own, "interactions.receiver", "interactions.enabled")) and not _is_a_note(change)


def _is_a_note(change: Change) -> bool:
    """Whether it only tells of a secret, which the server at the other end does not hear."""
    return change.path.rpartition(".")[2] in BESIDE_THE_SECRET


def after(candidate: Candidate, secrets: Secrets) -> Secrets:
    """The secrets as they are once the candidate is saved."""
    result = dict(secrets)
    for path, value in fates(candidate, secrets).items():
        if value is None:
            del result[path]
        else:
            result[path] = value
    return result


def smtp_server(document: Mapping[str, Any], secrets: Secrets) -> SmtpServer:
    """The corporate server of a document that was checked."""
    smtp = document["notifications"]["smtp"]
    return SmtpServer(
        host=smtp["host"],
        port=smtp["port"],
        tls=TLS(smtp["tls"]),
        username=smtp["username"],
        password=secrets.get("notifications.smtp.password") if smtp["username"] else None,
        timeout=smtp["timeout"],
        ca_file=smtp["ca_file"],
    )


def graph_server(
    document: Mapping[str, Any], secrets: Secrets, section: str, mailbox: str, access: MicrosoftAccess
) -> GraphServer:
    """The mailbox behind Graph of a document that was checked; `section` is notifications.microsoft or interactions.microsoft."""
    microsoft = value_at(document, section)
    endpoints = access.endpoints(Cloud(microsoft["cloud"]))
    return GraphServer(
        mailbox=mailbox,
        tenant_id=microsoft["tenant_id"],
        client_id=microsoft["client_id"],
        authority_url=endpoints.authority,
        graph_url=endpoints.graph,
        section=section,
        client_secret=secrets.get(f"{section}.client_secret"),
        certificate=secrets.get(f"{section}.certificate"),
        ca_file=access.ca_file,
        proxy_url=access.proxy_url,
    )


def sending_settings(
    document: Mapping[str, Any], secrets: Secrets, builtin: SmtpServer, access: MicrosoftAccess
) -> SendingSettings:
    """What of a checked document is needed to send. `access` is how this host reaches Microsoft."""
    notifications = document["notifications"]
    transport = Transport(notifications["transport"])
    sender = notifications["from"]
    if transport is Transport.MICROSOFT:
        account = notifications["microsoft"]["email_address"]
        graph = graph_server(document, secrets, "notifications.microsoft", account, access)
        return SendingSettings(transport, sender["address"] or account, "", graph)
    server = builtin if transport is Transport.BUILTIN else smtp_server(document, secrets)
    return SendingSettings(transport, sender["address"], sender["display_name"], server)


def receiving_settings(document: Mapping[str, Any], secrets: Secrets, access: MicrosoftAccess) -> ReceivingSettings:
    """What of a checked document is needed to receive replies."""
    interactions = document["interactions"]
    return ReceivingSettings(
        server=_mailbox_server(document, secrets, access),
        reply_to=interactions["reply_to"],
        tracking=IntentTracking(interactions["intent_tracking"]),
        sync_interval=interactions["sync_interval"],
        authserv_id=interactions.get("authserv_id"),
        archive=ArchiveSettings(interactions["archive"]["enabled"], interactions["archive"]["keep_days"]),
        sent_from=_sent_from(document),
    )


def _sent_from(document: Mapping[str, Any]) -> str | None:
    """The account that sends, where the registration that receives can be one of the same tenant."""
    sending, receiving = document["notifications"], document["interactions"]
    if sending["transport"] != Transport.MICROSOFT or receiving["receiver"] != Receiver.MICROSOFT:
        return None
    first, second = sending["microsoft"], receiving["microsoft"]
    # A tenant has several names, its ID and its domains; an application of the same ID is, as a rule, in the same tenant.
    same = any(str(first[name]).lower() == str(second[name]).lower() for name in ("tenant_id", "client_id"))
    return first["email_address"] if same and first["cloud"] == second["cloud"] else None


def credentials(document: Mapping[str, Any]) -> tuple[str, ...]:
    """The paths of the secrets that sending by this document uses; one of them is enough."""
    notifications = document["notifications"]
    if notifications["transport"] == Transport.MICROSOFT:
        return _of_app("notifications.microsoft")
    by_login = notifications["transport"] == Transport.SMTP and notifications["smtp"]["username"]
    return ("notifications.smtp.password",) if by_login else ()


def mailbox_credentials(document: Mapping[str, Any]) -> tuple[str, ...]:
    """The same for receiving."""
    if document["interactions"]["receiver"] == Receiver.MICROSOFT:
        return _of_app("interactions.microsoft")
    return ("interactions.imap.password",)


def _of_app(section: str) -> tuple[str, str]:
    return f"{section}.certificate", f"{section}.client_secret"


def _mailbox_server(document: Mapping[str, Any], secrets: Secrets, access: MicrosoftAccess) -> ImapServer | GraphServer:
    interactions = document["interactions"]
    if interactions["receiver"] == Receiver.MICROSOFT:
        return graph_server(document, secrets, "interactions.microsoft", interactions["reply_to"], access)
    imap = interactions["imap"]
    return ImapServer(
        host=imap["host"],
        port=imap["port"],
        tls=TLS(imap["tls"]),
        username=imap["username"],
        password=secrets.get("interactions.imap.password") or "",
        mailbox=imap["mailbox"],
        archive_mailbox=imap["archive_mailbox"],
        ca_file=imap.get("ca_file"),
    )


def _sending(candidate: Candidate, secrets: Secrets) -> Iterator[InputRefused]:
    transport = Transport(candidate.value("notifications.transport"))
    if transport is Transport.MICROSOFT:
        yield from _sending_by_microsoft(candidate, secrets)
    elif candidate.value("notifications.enabled") and not candidate.value("notifications.from.address"):
        yield InputRefused(
            "notifications.from.address", "It is missing.", "Give the address that the notifications come from."
        )
    if transport is Transport.SMTP and not candidate.value("notifications.smtp.host"):
        yield InputRefused("notifications.smtp.host", "It is missing.", "Give the mail server, or choose transport builtin.")
    yield from _login(candidate, secrets, "notifications.smtp", needed=transport is Transport.SMTP)


def _sending_by_microsoft(candidate: Candidate, secrets: Secrets) -> Iterator[InputRefused]:
    if not candidate.value("notifications.microsoft.email_address"):
        yield InputRefused(
            "notifications.microsoft.email_address", "It is missing.", "Give the account whose mailbox sends the notifications."
        )
    if candidate.value("notifications.from.display_name"):
        yield InputRefused(
            "notifications.from.display_name",
            "With transport microsoft there is none: Exchange shows the name that the sending account has there.",
            "Leave it out, and give the account that name in Exchange.",
        )
    yield from _app(candidate, secrets, "notifications.microsoft")


def _app(candidate: Candidate, secrets: Secrets, section: str) -> Iterator[InputRefused]:
    """Tenant, client, and one of the two credentials."""
    tenant, client = (candidate.value(f"{section}.{name}") for name in ("tenant_id", "client_id"))
    if not tenant:
        yield InputRefused(f"{section}.tenant_id", "It is missing.", "Give the Directory (tenant) ID of the app registration.")
    elif not _TENANT.fullmatch(tenant) or tenant.lower() in _NO_TENANT:
        yield InputRefused(
            f"{section}.tenant_id", "It is not the ID of a tenant.",
            "Give the Directory (tenant) ID of the app registration, or a domain of the tenant.",
        )  # fmt: skip
    if not client:
        yield InputRefused(f"{section}.client_id", "It is missing.", "Give the Application (client) ID of the app registration.")
    elif not _CLIENT.fullmatch(client):
        yield InputRefused(
            f"{section}.client_id", "It is not the ID of an application.",
            "Give the Application (client) ID that the app registration's Overview shows.",
        )  # fmt: skip
    held = [path for path in _of_app(section) if _is_held(candidate, secrets, path)]
    if not held:
        yield InputRefused(
            f"{section}.client_secret", "There is neither a client secret nor a certificate.", "Give one of the two."
        )
    elif all(isinstance(candidate.secrets[path], Kept) and secrets[path] is None for path in held):
        yield _lost(held[-1])


def _is_held(candidate: Candidate, secrets: Secrets, path: str) -> bool:
    fate = candidate.secrets[path]
    return isinstance(fate, Given) or (isinstance(fate, Kept) and path in secrets)


def _lost(path: str) -> InputRefused:
    return InputRefused(
        path, "The stored secret cannot be decrypted: the key file was replaced.", "Give it again, or restore the key file."
    )


def _login(candidate: Candidate, secrets: Secrets, section: str, *, needed: bool) -> Iterator[InputRefused]:
    """A user name and a password, or neither."""
    username = candidate.value(f"{section}.username")
    path = f"{section}.password"
    fate = candidate.secrets[path]
    if username and not _is_held(candidate, secrets, path) and needed:
        yield InputRefused(path, "There is a user name and no password.", "Give the password, or no user name.")
    if isinstance(fate, Given) and not username:
        yield InputRefused(f"{section}.username", "There is a password and no user name.", "Give the user name, or no password.")
    if needed and username and isinstance(fate, Kept) and path in secrets and secrets[path] is None:
        yield _lost(path)


def _interactions(candidate: Candidate, secrets: Secrets, deployment: Deployment) -> Iterator[InputRefused]:
    value = candidate.value
    receiver = Receiver(value("interactions.receiver"))
    if receiver is Receiver.MICROSOFT and value("interactions.intent_tracking") == "subaddress":
        yield InputRefused(
            "interactions.intent_tracking", "With Microsoft it is message_id, and nothing else.", "Leave it out."
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
    if receiver is Receiver.MICROSOFT:
        yield from _app(candidate, secrets, "interactions.microsoft")
    else:
        yield from _login(candidate, secrets, "interactions.imap", needed=True)
        mailbox, archive = (_mailbox_name(value(f"interactions.imap.{name}")) for name in ("mailbox", "archive_mailbox"))
        if mailbox == archive:
            yield InputRefused(
                "interactions.imap.archive_mailbox", "It is the mailbox itself.", "Give another, such as Archive."
            )


def _mailbox_name(name: str) -> str:
    """INBOX is the only name without regard to capitals (RFC 3501, 5.1)."""
    return name.upper() if name.upper() == "INBOX" else name


def _destinations(candidate: Candidate, secrets: Secrets, before: Mapping[str, Any]) -> Iterator[InputRefused]:
    for path, names in DESTINATIONS.items():
        section = path.rpartition(".")[0]
        if isinstance(candidate.secrets[path], Given) and not _has_destination(candidate, path):
            yield InputRefused(
                f"{section}.{names[0]}", f"It is missing, and there is a secret for it: {path}.", "Give it, or no secret."
            )
        if path not in secrets or not isinstance(candidate.secrets[path], Kept) or not _has_destination(candidate, path):
            continue
        changed = [name for name in names if candidate.value(f"{section}.{name}") != value_at(before, f"{section}.{name}")]
        if changed:
            yield InputRefused(
                path,
                f"The stored secret was given for another destination: {', '.join(changed)} changed.",
                "Give the secret again, or null to remove it; it goes nowhere that nobody meant it for.",
            )


def _has_destination(candidate: Candidate, path: str) -> bool:
    """Without one a secret that is only kept has no use any more."""
    section = path.rpartition(".")[0]
    first = DESTINATIONS[path][0]
    return bool(candidate.value(f"{section}.{first}"))
