# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make server objects and paths of credentials from a checked document and its secrets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from catalog_mail.domain.settings.clouds import MicrosoftAccess
from catalog_mail.domain.settings.document import QUICK_LOOK, TLS, BounceTo, Cloud, IntentTracking, Receiver, Transport
from catalog_mail.domain.settings.reading import Secrets, value_at
from catalog_mail.domain.settings.servers import (
    ArchiveSettings,
    GraphServer,
    ImapServer,
    ReceivingSettings,
    SendingSettings,
    SmtpServer,
)


def smtp_server(document: Mapping[str, Any], secrets: Secrets) -> SmtpServer:
    """Return the corporate mail server of a checked document."""
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
    """Return the Graph mailbox of a checked document; `section` is notifications.microsoft or interactions.microsoft."""
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
        user=microsoft.get("mailbox_user"),
    )


def sending_settings(
    document: Mapping[str, Any], secrets: Secrets, builtin: SmtpServer, access: MicrosoftAccess
) -> SendingSettings:
    """Return the settings for sending from a checked document. `builtin` is the host's own Postfix."""
    notifications = document["notifications"]
    transport = Transport(notifications["transport"])
    sender = notifications["from"]
    if transport is Transport.MICROSOFT:
        account = notifications["microsoft"]["email_address"]
        graph = graph_server(document, secrets, "notifications.microsoft", account, access)
        return SendingSettings(transport, sender["address"] or account, "", graph)
    server = builtin if transport is Transport.BUILTIN else smtp_server(document, secrets)
    return SendingSettings(transport, sender["address"], sender["display_name"], server, _bounce_address(document))


def _bounce_address(document: Mapping[str, Any]) -> str | None:
    """Return the address to which mails come back, None for the sender's own."""
    chosen = document["notifications"].get("bounce_to") == BounceTo.REPLY_TO and document["interactions"]["enabled"]
    return document["interactions"]["reply_to"] if chosen else None


def receiving_settings(document: Mapping[str, Any], secrets: Secrets, access: MicrosoftAccess) -> ReceivingSettings:
    """Return the settings for receiving replies from a checked document."""
    interactions = document["interactions"]
    return ReceivingSettings(
        server=_mailbox_server(document, secrets, access),
        reply_to=interactions["reply_to"],
        tracking=IntentTracking(interactions["intent_tracking"]),
        sync_interval=interactions["sync_interval"],
        authserv_id=interactions.get("authserv_id"),
        archive=ArchiveSettings(interactions["archive"]["enabled"], interactions["archive"]["keep_days"]),
        sent_from=_sent_from(document),
        quick_look=interactions.get("quick_look", QUICK_LOOK),
    )


def _sent_from(document: Mapping[str, Any]) -> str | None:
    """Return the user of the sending account if the receiving app registration may belong to the same tenant; else None."""
    sending, receiving = document["notifications"], document["interactions"]
    if sending["transport"] != Transport.MICROSOFT or receiving["receiver"] != Receiver.MICROSOFT:
        return None
    first, second = sending["microsoft"], receiving["microsoft"]
    # A tenant has several names, its ID and its domains; an application with the same ID is, as a rule, in the same tenant.
    same = any(str(first[name]).lower() == str(second[name]).lower() for name in ("tenant_id", "client_id"))
    return first.get("mailbox_user") or first["email_address"] if same and first["cloud"] == second["cloud"] else None


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


def credentials(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the paths of the secrets with which this document's transport logs in; one of them is enough."""
    notifications = document["notifications"]
    if notifications["transport"] == Transport.MICROSOFT:
        return app_credentials("notifications.microsoft")
    by_login = notifications["transport"] == Transport.SMTP and notifications["smtp"]["username"]
    return ("notifications.smtp.password",) if by_login else ()


def mailbox_credentials(document: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the paths of the secrets with which this document's receiver logs in; one of them is enough."""
    if document["interactions"]["receiver"] == Receiver.MICROSOFT:
        return app_credentials("interactions.microsoft")
    return ("interactions.imap.password",)


def app_credentials(section: str) -> tuple[str, str]:
    """Return the paths of the two credentials of an app registration; one of them is enough."""
    return f"{section}.certificate", f"{section}.client_secret"
