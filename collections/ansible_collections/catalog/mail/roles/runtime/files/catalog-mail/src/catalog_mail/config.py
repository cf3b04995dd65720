# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The configuration file (TOML): the values that the service needs before it can read its settings."""

from __future__ import annotations

import re
import socket
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from catalog_mail.config_errors import misconfigured
from catalog_mail.domain.errors import Misconfigured
from catalog_mail.domain.settings import fields
from catalog_mail.host_names import parse_host

DEFAULT_PATH = Path("/etc/catalog-mail/config.toml")


def _http_address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("is not an address such as https://catalog.example.com")
    return value.rstrip("/")


def _https_origin(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme != "https" or not parts.hostname or parts.username or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("is not an address such as https://graph.microsoft.com, without a path")
    return value.rstrip("/")


def _listen_address(value: str) -> str:
    host, separator, port = value.rpartition(":")
    if not separator or not host or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise ValueError("is not a host and a port such as 127.0.0.1:8025")
    return value


def _database_address(value: str) -> str:
    try:
        backend = make_url(value).get_backend_name()
    except ArgumentError as error:
        raise ValueError("is not a database address such as sqlite:////var/lib/catalog-mail/catalog-mail.db") from error
    if backend not in ("sqlite", "postgresql"):
        raise ValueError("names neither SQLite nor PostgreSQL")
    return value


def _host(value: str) -> str:
    parse_host(value)
    return value


Port = Annotated[int, Field(ge=1, le=65535)]


class Section(BaseModel):
    """A table of the file. Unknown names are refused, so that a misspelt name is noticed."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Builtin(Section):
    """The host's own Postfix."""

    host: str = "127.0.0.1"
    port: Port = 25


class Cloud(Section):
    """The sender of the cloud edition's mails, set by the provider."""

    from_address: Annotated[str, AfterValidator(fields.address)]
    display_name: Annotated[str, AfterValidator(fields.display_name)] = "Data Catalog"


class Queue(Section):
    """Limits of sending: messages at a time and per second (0: no limit), hours of pauses until a message is given up.

    `retry_first_seconds` is the pause before the first retry; each further pause is longer. `keep_days`: days until the text
    of a sent or given-up message is removed; `mail_log_days`: days until a message that was sent, given up or suppressed is
    removed from the log, unless an answer to it or a repeated request may still come. `takeover_after`: seconds after
    which a lease on messages ends that its node does not renew; any node may send them then.
    """

    concurrency: Annotated[int, Field(ge=1, le=100)] = 16
    per_second: Annotated[int, Field(ge=0, le=10_000)] = 0
    retry_for_hours: Annotated[int, Field(ge=1, le=24 * 30)] = 72
    retry_first_seconds: Annotated[int, Field(ge=1, le=3600)] = 30
    keep_days: Annotated[int, Field(ge=1, le=3650)] = 30
    mail_log_days: Annotated[int, Field(ge=1, le=3650)] = 30
    takeover_after: Annotated[int, Field(ge=5, le=3600)] = 30


class Http(Section):
    """Limits of HTTP connections: their number, and seconds for a request's headers, for its body, and between two requests.

    Beyond `connections`, a connection without a complete request is closed for the new one.
    """

    connections: Annotated[int, Field(ge=16, le=100_000)] = 1000
    header_timeout: Annotated[int, Field(ge=1, le=300)] = 10
    body_timeout: Annotated[int, Field(ge=1, le=300)] = 30
    idle_timeout: Annotated[int, Field(ge=1, le=300)] = 15


class Replies(Section):
    """Replies by e-mail: where they are posted, for how long a mail can be answered, and the largest size of a reply.

    Without `webhook_url`, replies go to the embedded conversations; with it, to another catalog, as Standard Webhooks signed
    with the secret in `webhook_secret_file` (it begins with whsec_): up to `workers` at a time, each within `timeout` seconds.
    `webhook_ca_file` then names the only trusted certificate authorities.
    """

    webhook_url: Annotated[str, AfterValidator(_http_address)] | None = None
    webhook_secret_file: str | None = None
    webhook_ca_file: str | None = None
    workers: Annotated[int, Field(ge=1, le=64)] = 4
    timeout: Annotated[int, Field(ge=1, le=300)] = 10
    intent_days: Annotated[int, Field(ge=1, le=3650)] = 90
    largest_message: Annotated[int, Field(ge=10_000, le=200_000_000)] = 20 * 1024 * 1024


class Notices(Section):
    """E-mails about the service's own problems, to the users that are server admins and to `admin_email`.

    A problem is told once it has lasted for `begin_after` seconds, and its end once it was away for `end_after` seconds.
    """

    admin_email: Annotated[str, AfterValidator(fields.address)] | None = None
    begin_after: Annotated[int, Field(ge=1, le=86_400)] = 120
    end_after: Annotated[int, Field(ge=1, le=86_400)] = 600


class Microsoft(Section):
    """Network settings for Microsoft that differ from the defaults.

    Without `authority_url` (Entra) and `graph_url` (Graph, without /v1.0) the cloud of the settings decides. `ca_file` names the
    only trusted certificate authorities, `proxy_url` the proxy for all requests; proxy variables of the environment are ignored.
    `sent_items_seconds` is the longest delay until the Sent Items show a sent message: a message whose try ended without an
    answer is retried only after it.
    """

    authority_url: Annotated[str, AfterValidator(_https_origin)] | None = None
    graph_url: Annotated[str, AfterValidator(_https_origin)] | None = None
    ca_file: Annotated[str, AfterValidator(fields.absolute_path)] | None = None
    proxy_url: Annotated[str, AfterValidator(_http_address)] | None = None
    sent_items_seconds: Annotated[int, Field(ge=1, le=3600)] = 60


class Config(Section):
    """The whole configuration file. Paths are absolute."""

    deployment: Literal["on_premises", "cloud"] = "on_premises"
    base_url: Annotated[str, AfterValidator(_http_address)]
    catalog_name: Annotated[str, Field(min_length=1, max_length=100)] = "Data Catalog"
    listen: Annotated[str, AfterValidator(_listen_address)] = "127.0.0.1:8025"
    # Host names that requests may carry besides the catalog's, the loopback's and the address listened on.
    allowed_hosts: Annotated[list[Annotated[str, AfterValidator(_host)]], Field(max_length=100)] = []
    database_url: Annotated[str, AfterValidator(_database_address)] = "sqlite:////var/lib/catalog-mail/catalog-mail.db"
    database_password_file: str | None = None
    key_file: str = "/etc/catalog-mail/key"
    templates: str = "/etc/catalog-mail/templates"
    user: str = "catalog-mail"
    node: Annotated[str, Field(min_length=1, max_length=100)] = Field(default_factory=socket.gethostname)
    builtin: Builtin = Builtin()
    cloud: Cloud | None = None
    queue: Queue = Queue()
    http: Http = Http()
    replies: Replies = Replies()
    microsoft: Microsoft = Microsoft()
    notices: Notices = Notices()

    @property
    def host(self) -> str:
        """The address to listen on, without the brackets of IPv6."""
        return self.listen.rpartition(":")[0].strip("[]")

    @property
    def port(self) -> int:
        """The port to listen on."""
        return int(self.listen.rpartition(":")[2])

    def database(self) -> URL:
        """The database URL, with its driver, and with the password from its file."""
        return database_address(self.database_url, self.database_password_file, "database_password_file")

    def state_folder(self) -> Path:
        """Folder that the processes of this host share: the folder of the SQLite file, else the service's own."""
        url = make_url(self.database_url)
        own = Path("/var/lib/catalog-mail")
        return Path(url.database).parent if url.get_backend_name() == "sqlite" and url.database else own


def database_address(address: str, password_file: str | None, field: str) -> URL:
    """Return the URL of a database, with its driver, and with the password from its file. Raises Misconfigured."""
    try:
        url = make_url(_database_address(address))
    except ValueError as error:
        raise Misconfigured(f"{address!r} {error}.", "Give one such as postgresql://user@host/name.") from error
    if url.get_backend_name() == "sqlite":
        return url
    password = read_secret(password_file, field)
    url = url.set(drivername="postgresql+psycopg")
    return url.set(password=password) if password else url


def read_secret(path: str | None, field: str) -> str | None:
    """Return the first line of a file that holds a secret; None without a path. Raises Misconfigured when it cannot be read."""
    if path is None:
        return None
    try:
        return Path(path).read_text(encoding="utf-8").partition("\n")[0]
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise Misconfigured(
            f"The file {path} cannot be read: {reason}.",
            "Create it, readable only by its owner and the service's group (mode 0640).",
            field=field,
        ) from error


def load(path: Path) -> Config:
    """Read and check the file. Raises Misconfigured with the setting's name, the reason and the remedy."""
    try:
        text = path.read_text(encoding="utf-8")
        document = tomllib.loads(text)
    except OSError as error:
        as_root = "Run the command as root; it goes on as the user of the service."
        written = "Run the role 'application', which writes it, or name another file with --config."
        remedy = as_root if isinstance(error, PermissionError) else written
        raise Misconfigured(f"The configuration file {path} cannot be read: {error.strerror}.", remedy) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise Misconfigured(f"The configuration file {path} is not TOML: {error}.", "Mend that line.") from error
    return check(document, path)


def database_url_of_damaged(path: Path) -> str:
    """Return the database address in a file that `load` may refuse: the first line with one, else the default."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        text = ""
    line = re.search(r"""^[ \t]*database_url[ \t]*=[ \t]*(["'])(.*?)\1""", text, re.MULTILINE)
    return line[2] if line else str(Config.model_fields["database_url"].default)


def check(document: Mapping[str, Any], path: Path) -> Config:
    """Return the content of the file as a Config. Raises Misconfigured as `load` does."""
    try:
        config = Config.model_validate(document)
    except ValidationError as error:
        raise misconfigured(error, Config, path) from error
    if config.deployment == "cloud" and config.cloud is None:
        raise Misconfigured(
            f"{path} has deployment = cloud, but no table [cloud].",
            "Add it with from_address, the address that the provider's mails come from.",
            field="cloud.from_address",
        )
    if config.replies.webhook_url and not config.replies.webhook_secret_file:
        raise Misconfigured(
            f"{path} has replies.webhook_url without the file of its secret.",
            "Name the file with the secret that signs the posts; the other catalog checks them with the same.",
            field="replies.webhook_secret_file",
        )
    return config
