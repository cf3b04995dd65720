# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The document of the e-mail settings: every field of the settings page."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, StrictBool, model_validator

from catalog_mail.domain.mime.authserv import EXCHANGE_ONLINE
from catalog_mail.domain.settings import fields


class Transport(StrEnum):
    """The service to which the application hands its mail."""

    BUILTIN = "builtin"      # the host's own Postfix
    SMTP = "smtp"            # a corporate server
    MICROSOFT = "microsoft"  # Graph sendMail


class TLS(StrEnum):
    """Protection of a connection (RFC 8314, RFC 3207)."""

    NONE = "none"
    STARTTLS = "starttls"
    IMPLICIT = "implicit"


class Receiver(StrEnum):
    """The protocol by which replies are read."""

    IMAP = "imap"
    MICROSOFT = "microsoft"


class IntentTracking(StrEnum):
    """The part of a reply that identifies the mail that it answers."""

    SUBADDRESS = "subaddress"
    MESSAGE_ID = "message_id"
    AUTO = "auto"


class BounceTo(StrEnum):
    """The address in the envelope of mails, to which servers return mails that they cannot deliver (RFC 5321, 4.4)."""

    SENDER = "sender"      # notifications.from.address
    REPLY_TO = "reply_to"  # interactions.reply_to, whose mailbox the service reads


class Cloud(StrEnum):
    """Microsoft's national clouds."""

    GLOBAL = "global"
    US_GOV = "us_gov"
    US_GOV_DOD = "us_gov_dod"
    CHINA = "china"


class Deployment(StrEnum):
    """The kind of deployment, set when the application is deployed and read-only afterwards."""

    ON_PREMISES = "on_premises"
    CLOUD = "cloud"


# Seconds between two looks for new mail by Graph, unless set.
QUICK_LOOK = 10

Address = Annotated[str, AfterValidator(fields.address)]
Host = Annotated[str, AfterValidator(fields.host)]
Line = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(fields.one_line)]
Port = Annotated[int, Field(strict=True, ge=1, le=65535)]


class Section(BaseModel):
    """A part of the document. Unknown names are rejected, so that a misspelt one is not overlooked."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class SecretState(Section):
    """A secret as it is read: whether it is set, and since when. Sent back unchanged, it keeps the secret."""

    present: StrictBool
    changed_at: datetime | None = None


def _hidden(check: Any) -> Any:
    def checked(value: SecretStr) -> SecretStr:
        check(value.get_secret_value())
        return value

    return AfterValidator(checked)


_MEANS = "A text sets the secret, null removes it; left out, or sent back as it was read, the secret is kept."
Secret = Annotated[Annotated[SecretStr, _hidden(fields.secret)] | SecretState | None, Field(description=_MEANS)]
Pem = Annotated[Annotated[SecretStr, _hidden(fields.pem)] | SecretState | None, Field(description=_MEANS)]


class From(Section):
    """The sender of the mails, in the header From."""

    address: Address | None = Field(default=None, examples=["noreply@example.com"])
    display_name: Annotated[str, AfterValidator(fields.display_name)] = ""


class Smtp(Section):
    """A corporate mail server. Without user name and password the application does not log in."""

    host: Host | None = Field(default=None, examples=["smtp.example.com"])
    port: Port = 587
    tls: TLS = TLS.STARTTLS
    username: Line | None = None
    password: Secret = None
    timeout: Annotated[int, Field(strict=True, ge=1, le=300, description="Seconds for one message, connection included.")] = 30
    ca_file: Annotated[str, AfterValidator(fields.absolute_path)] | None = Field(
        default=None, description="PEM file on the application's host. If set, only its certificate authorities are trusted."
    )


_KEPT = "Stored with the client secret: left out, it is kept while the secret is; a new secret without it removes it."
_DERIVED = "Read-only: taken from the certificate."


class Microsoft(Section):
    """An app registration with Graph permissions."""

    tenant_id: Line | None = None
    client_id: Line | None = None
    client_secret: Secret = None
    client_secret_key_id: Line | None = Field(default=None, description=f"The secret's ID in Entra. {_KEPT}")
    client_secret_expires_at: Annotated[str, AfterValidator(fields.timestamp)] | None = Field(
        default=None, description=f"Expiry date of the secret, in the format of RFC 3339. {_KEPT}",
        examples=["2027-05-01T10:00:00Z"],
    )  # fmt: skip
    certificate: Pem = None
    certificate_thumbprint: str | None = Field(default=None, description=f"SHA-1, as Entra shows it. {_DERIVED}")
    certificate_expires_at: str | None = Field(default=None, description=_DERIVED)
    cloud: Cloud = Cloud.GLOBAL
    mailbox_user: Annotated[str, AfterValidator(fields.mailbox_user)] | None = Field(
        default=None,
        description="User principal name or object ID of the mailbox's user, where the address of the mailbox is another one.",
        examples=["u4711@contoso.onmicrosoft.com"],
    )


class MicrosoftSender(Microsoft):
    """An app registration with Graph permissions, and the account that sends."""

    email_address: Address | None = None


class Imap(Section):
    """The mailbox in which replies arrive."""

    host: Host | None = None
    port: Port = 993
    tls: TLS = TLS.IMPLICIT
    username: Line | None = None
    password: Secret = None
    mailbox: Line = "INBOX"
    archive_mailbox: Line = "Archive"
    ca_file: Annotated[str, AfterValidator(fields.absolute_path)] | None = Field(
        default=None, description="PEM file on the application's host. If set, only its certificate authorities are trusted."
    )


class Archive(Section):
    """The archive of handled mail. `enabled` is true by default for IMAP, false for Microsoft."""

    enabled: StrictBool | None = None
    on_calendar: Annotated[str, AfterValidator(fields.calendar)] = "Sun 02:00"
    keep_days: Annotated[int, Field(strict=True, ge=1, le=3650)] = 30


class Notifications(Section):
    """Settings for sending. `enabled` false turns off all kinds of notifications except the two about downloads."""

    enabled: StrictBool = True
    transport: Transport = Transport.BUILTIN
    bounce_to: BounceTo = Field(
        default=BounceTo.SENDER,
        description="The address to which mail servers return undeliverable mails: that of the sender, or interactions.reply_to, "
        "where the service reads them and ties them to their deliveries.",
    )
    sender: From = Field(default_factory=From, alias="from")
    smtp: Smtp = Field(default_factory=Smtp)
    microsoft: MicrosoftSender = Field(default_factory=MicrosoftSender)


class Interactions(Section):
    """Settings for replies by e-mail."""

    enabled: StrictBool = False
    reply_to: Address | None = None
    receiver: Receiver = Receiver.IMAP
    imap: Imap = Field(default_factory=Imap)
    microsoft: Microsoft = Field(default_factory=Microsoft)
    intent_tracking: IntentTracking = IntentTracking.AUTO
    authserv_id: Host | None = Field(
        default=None,
        description=(
            "The server whose header Authentication-Results (RFC 8601) must confirm a reply's sender: the name at the start of "
            f"the header. With receiver microsoft only {EXCHANGE_ONLINE}, as Exchange Online writes no name. Null for no check."
        ),
        examples=["mx.example.com", EXCHANGE_ONLINE],
    )
    sync_interval: Annotated[int, Field(strict=True, ge=10, le=86400, description="Seconds.")] = 180
    quick_look: Annotated[int, Field(strict=True, ge=0, le=3600), AfterValidator(fields.quick_look)] = Field(
        default=QUICK_LOOK,
        description="With receiver microsoft: seconds between two small requests that look for new mail; 0 for none.",
    )
    archive: Archive = Field(default_factory=Archive)

    @model_validator(mode="after")
    def _follow_the_receiver(self) -> Self:
        """Set the defaults that depend on the receiver."""
        if self.archive.enabled is None:
            self.archive.enabled = self.receiver is Receiver.IMAP
        if self.receiver is Receiver.MICROSOFT and self.intent_tracking is IntentTracking.AUTO:
            self.intent_tracking = IntentTracking.MESSAGE_ID
        return self


class Document(Section):
    """The complete settings. A field that is left out gets its default; a secret that is left out is kept."""

    deployment: Deployment | None = Field(default=None, description="Read-only: set when the application was deployed.")
    notifications: Notifications = Field(default_factory=Notifications)
    interactions: Interactions = Field(default_factory=Interactions)
    # Accepted so that a document can be sent back as it was read; their values are ignored.
    changed_at: datetime | None = None
    changed_by: str | None = None
