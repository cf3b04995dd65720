# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lab consists of: hosts, addresses, packages, users. Values only; nothing here touches the machine."""
from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import pathlib

SHARED = pathlib.Path(__file__).resolve().parent.parent
"""The folder of lab.py: its containers.conf, the image scripts and the mail server's files are beside it."""

NUMBER = {"": 1, "2": 2}[os.environ.get("CATALOG_MAIL_LAB", "")]
"""Which lab is meant. A second one, with hosts, network and secrets of its own, lets two runs work beside each other."""
SUFFIX = "" if NUMBER == 1 else str(NUMBER)

NETWORK = f"catalog-mail-lab{SUFFIX}"
LABEL = "catalog-mail-lab"
"""Marks the lab's hosts and its network in podman; its value is the hash of the definition the thing was made from."""
IMAGE_LABEL = "catalog-mail-lab-image"
"""Marks the lab's images. A label of its own, because every container inherits its image's labels."""

CONTAINER_PREFIX = f"cml{SUFFIX}-"
IMAGE_PREFIX = "localhost/catalog-mail-lab/"

_IPV4, _IPV6 = f"198.18.{24 + NUMBER}", f"fd25:ca7a:{1095 + NUMBER}::"
SUBNET = f"{_IPV4}.0/24"
GATEWAY = f"{_IPV4}.1"
SUBNET6 = f"{_IPV6}/64"
GATEWAY6 = f"{_IPV6}1"
DNS_SERVER = f"{_IPV4}.25"

MAIL = "mail"
MAIL_ADDRESS = DNS_SERVER
MAIL_NAME = "mail.corp.test"
ENTRA = "entra"
ENTRA_NAME = "entra.cloud.test"
LOGIN_NAME, GRAPH_NAME = "login.entra.test", "graph.entra.test"
"""Where the emulator answers as Microsoft Entra and as Microsoft Graph."""
CLOUD_DOMAIN = "cloud.test"
"""The domain whose mailboxes the emulator has."""
SUBMISSION_ACCOUNT = "catalog@corp.test"
USERS = ("alice@corp.test", "bob@corp.test", "replies@corp.test", SUBMISSION_ACCOUNT)
"""Mailboxes and logins; the name is the whole address."""

OPS, ADMIN = "ops", "admin"
"""Users of every host, who log in by SSH with the lab's key: the first has sudo without a password, the second with one."""

FAULTS = (
    "refuse_login", "refuse_sender", "wrong_certificate", "untrusted_certificate", "no_starttls", "full", "silent", "down",
    "no_subaddress", "imap_down",
)

# What a server installation of Debian has, as far as anything here could notice.
_SYSTEM = (
    "systemd", "systemd-sysv", "dbus", "udev", "python3", "python3-apt", "ca-certificates", "iproute2", "iputils-ping",
    "procps", "sudo", "less", "netbase", "openssh-server",
)
_TO_INSTALL = (
    "postfix", "postfix-lmdb", "postfix-pcre", "postfix-cdb", "libsasl2-modules", "sasl2-bin", "openssl", "rsyslog",
    # What makes a virtual environment, and with it the application's.
    "python3-venv",
)
_MAIL_SERVER = (
    "postfix", "dovecot-imapd", "dovecot-lmtpd", "dovecot-sieve", "dnsmasq", "opendkim", "opendmarc", "openssl",
    "bind9-host",
)
_EMULATOR = ("python3-uvicorn", "python3-h11", "python3-aiosmtpd", "python3-cryptography", "python3-jwt", "openssl")


@dataclasses.dataclass(frozen=True)
class Image:
    """A root file system: a Debian release, the packages installed in it, and those it carries to be installed."""

    name: str
    suite: str
    include: tuple[str, ...]
    carries: tuple[str, ...] = ()

    def tag(self) -> str:
        """The image's name in podman. It ends in the definition's hash, so a changed definition is another image."""
        scripts = [(SHARED / "images" / name).read_text() for name in ("logins.sh", "package-repository.sh", "package_index.py")]
        return f"{IMAGE_PREFIX}{self.name}:{digest(dataclasses.astuple(self), scripts, (OPS, ADMIN))}"


@dataclasses.dataclass(frozen=True)
class Host:
    """A host of the lab."""

    name: str
    fqdn: str
    number: int
    """The last part of its IPv4 address and, written alike, of its IPv6 address."""
    image: Image
    aliases: tuple[str, ...] = ()
    """Further names in the lab's DNS."""
    ipv6: bool = True
    """Whether the lab's DNS gives its IPv6 address, where there is IPv6."""

    @property
    def container(self) -> str:
        """Its name in podman."""
        return f"{CONTAINER_PREFIX}{self.name}"

    @property
    def domain(self) -> str:
        """The domain that it searches names in."""
        return self.fqdn.partition(".")[2]

    @property
    def address(self) -> str:
        """Its IPv4 address."""
        return f"{SUBNET.rpartition('.')[0]}.{self.number}"

    @property
    def address6(self) -> str:
        """Its IPv6 address."""
        return f"{SUBNET6.partition('/')[0]}{self.number}"


HOSTS = {
    host.name: host
    for host in (
        Host(MAIL, MAIL_NAME, 25, Image("mail", "bookworm", _SYSTEM + _MAIL_SERVER)),
        Host("catalog12", "catalog12.catalog.test", 12, Image("debian12", "bookworm", _SYSTEM, _TO_INSTALL)),
        # Its emulator listens on IPv4 alone.
        Host(ENTRA, ENTRA_NAME, 30, Image("entra", "trixie", _SYSTEM + _EMULATOR), (LOGIN_NAME, GRAPH_NAME), ipv6=False),
        Host("catalog13", "catalog13.catalog.test", 13, Image("debian13", "trixie", _SYSTEM, _TO_INSTALL)),
    )
}
BARE_HOSTS = tuple(name for name in HOSTS if name not in (MAIL, ENTRA))
EMULATOR = SHARED.parents[1] / "tests" / "emulator"
"""The package that runs on the host entra."""


def digest(*parts: object) -> str:
    """Twelve hexadecimal digits that stand for the given JSON-able values."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:12]
