"""The document of the e-mail settings: all that the settings page holds."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, StrictBool, model_validator

from catalog_mail.domain.settings import fields


class Transport(StrEnum):
    """Who takes the application's mail."""

    BUILTIN = "builtin"      # the host's own Postfix
    SMTP = "smtp"            # a corporate server
    MICROSOFT = "microsoft"  # Graph sendMail


class TLS(StrEnum):
    """RFC 8314's and RFC 3207's ways to protect a connection."""

    NONE = "none"
    STARTTLS = "starttls"
    IMPLICIT = "implicit"


class Receiver(StrEnum):
    """Where replies are read."""

    IMAP = "imap"
    MICROSOFT = "microsoft"


class IntentTracking(StrEnum):
    """How a reply tells what it answers."""

    SUBADDRESS = "subaddress"
    MESSAGE_ID = "message_id"
    AUTO = "auto"


class Cloud(StrEnum):
    """Microsoft's national clouds."""

    GLOBAL = "global"
    US_GOV = "us_gov"
    US_GOV_DOD = "us_gov_dod"
    CHINA = "china"


class Deployment(StrEnum):
    """Set when the application is deployed, and read-only afterwards."""

    ON_PREMISES = "on_premises"
    CLOUD = "cloud"


Address = Annotated[str, AfterValidator(fields.address)]
Host = Annotated[str, AfterValidator(fields.host)]
Line = Annotated[str, Field(min_length=1, max_length=200), AfterValidator(fields.one_line)]
Port = Annotated[int, Field(strict=True, ge=1, le=65535)]


class Section(BaseModel):
    """A part of the document: unknown names are refused, so that a misspelt one is not overlooked."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class SecretState(Section):
    """A secret as it is read: whether there is one, and since when. Given back as it was read, it stays as it is."""

    present: StrictBool
    changed_at: datetime | None = None


def _hidden(check: Any) -> Any:
    def checked(value: SecretStr) -> SecretStr:
        check(value.get_secret_value())
        return value

    return AfterValidator(checked)


_MEANS = "A text sets it, null removes it; left out, or as it was read, it stays as it is."
Secret = Annotated[Annotated[SecretStr, _hidden(fields.secret)] | SecretState | None, Field(description=_MEANS)]
Pem = Annotated[Annotated[SecretStr, _hidden(fields.pem)] | SecretState | None, Field(description=_MEANS)]


class From(Section):
    """Who the mails come from."""

    address: Address | None = Field(default=None, examples=["noreply@example.com"])
    display_name: Annotated[str, AfterValidator(fields.display_name)] = ""


class Smtp(Section):
    """A corporate mail server. Without user name and password nothing logs in."""

    host: Host | None = Field(default=None, examples=["smtp.example.com"])
    port: Port = 587
    tls: TLS = TLS.STARTTLS
    username: Line | None = None
    password: Secret = None
    timeout: Annotated[int, Field(strict=True, ge=1, le=300, description="Seconds for one message, from connecting on.")] = 30
    ca_file: Annotated[str, AfterValidator(fields.absolute_path)] | None = Field(
        default=None, description="PEM on the application's host; only these authorities are trusted then."
    )


_KEPT = "Kept with the client secret: left out, it stays as long as the secret does; a new secret without it removes it."
_DERIVED = "Read-only: found in the certificate."


class Microsoft(Section):
    """An app registration with Graph permissions."""

    tenant_id: Line | None = None
    client_id: Line | None = None
    client_secret: Secret = None
    client_secret_key_id: Line | None = Field(default=None, description=f"The secret's ID in Entra. {_KEPT}")
    client_secret_expires_at: Annotated[str, AfterValidator(fields.moment)] | None = Field(
        default=None, description=f"Until when Entra takes the secret, as RFC 3339 writes it. {_KEPT}",
        examples=["2027-05-01T10:00:00Z"],
    )  # fmt: skip
    certificate: Pem = None
    certificate_thumbprint: str | None = Field(default=None, description=f"SHA-1, as Entra shows it. {_DERIVED}")
    certificate_expires_at: str | None = Field(default=None, description=_DERIVED)
    cloud: Cloud = Cloud.GLOBAL


class MicrosoftSender(Microsoft):
    """The same, and the account that sends."""

    email_address: Address | None = None


class Imap(Section):
    """The mailbox that replies come to."""

    host: Host | None = None
    port: Port = 993
    tls: TLS = TLS.IMPLICIT
    username: Line | None = None
    password: Secret = None
    mailbox: Line = "INBOX"
    archive_mailbox: Line = "Archive"
    ca_file: Annotated[str, AfterValidator(fields.absolute_path)] | None = Field(
        default=None, description="PEM on the application's host; only these authorities are trusted then."
    )


class Archive(Section):
    """What becomes of mail that was handled. `enabled` is true by default for IMAP, false for Microsoft."""

    enabled: StrictBool | None = None
    on_calendar: Annotated[str, AfterValidator(fields.calendar)] = "Sun 02:00"
    keep_days: Annotated[int, Field(strict=True, ge=1, le=3650)] = 30


class Notifications(Section):
    """Sending. `enabled` false turns off all kinds, the two about downloads excepted."""

    enabled: StrictBool = True
    transport: Transport = Transport.BUILTIN
    sender: From = Field(default_factory=From, alias="from")
    smtp: Smtp = Field(default_factory=Smtp)
    microsoft: MicrosoftSender = Field(default_factory=MicrosoftSender)


class Interactions(Section):
    """Replies by e-mail."""

    enabled: StrictBool = False
    reply_to: Address | None = None
    receiver: Receiver = Receiver.IMAP
    imap: Imap = Field(default_factory=Imap)
    microsoft: Microsoft = Field(default_factory=Microsoft)
    intent_tracking: IntentTracking = IntentTracking.AUTO
    authserv_id: Host | None = Field(
        default=None,
        description="The server whose Authentication-Results (RFC 8601) have to confirm a reply's sender; null for no check.",
    )
    sync_interval: Annotated[int, Field(strict=True, ge=10, le=86400, description="Seconds.")] = 180
    archive: Archive = Field(default_factory=Archive)

    @model_validator(mode="after")
    def _follow_the_receiver(self) -> Self:
        """What the receiver decides where nothing else was said."""
        if self.archive.enabled is None:
            self.archive.enabled = self.receiver is Receiver.IMAP
        if self.receiver is Receiver.MICROSOFT and self.intent_tracking is IntentTracking.AUTO:
            self.intent_tracking = IntentTracking.MESSAGE_ID
        return self


class Document(Section):
    """The whole of the settings; what is left out has its default, secrets excepted."""

    deployment: Deployment | None = Field(default=None, description="Read-only: set when the application was deployed.")
    notifications: Notifications = Field(default_factory=Notifications)
    interactions: Interactions = Field(default_factory=Interactions)
    # Given back as they were read, they are of no consequence.
    changed_at: datetime | None = None
    changed_by: str | None = None
