# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Define the lab's hosts, addresses, packages and users. Constants only, without input or output."""
from __future__ import annotations

import dataclasses
import hashlib
import json
import os
import pathlib

SHARED = pathlib.Path(__file__).resolve().parent.parent
"""The folder of lab.py, which also holds containers.conf, the image scripts and the mail server's files."""

NUMBER = {"": 1, **{str(number): number for number in range(2, 10)}}[os.environ.get("CATALOG_MAIL_LAB", "")]
"""Number of the lab, 1 to 9. Each lab has its own hosts, network and secrets, so that several runs can work at the same time."""
SUFFIX = "" if NUMBER == 1 else str(NUMBER)

NETWORK = f"catalog-mail-lab{SUFFIX}"
LABEL = "catalog-mail-lab"
"""Label of the lab's hosts and network in podman. The value is the hash of the definition of the host or network."""
IMAGE_LABEL = "catalog-mail-lab-image"
"""Label of the lab's images. It differs from LABEL because every container inherits the labels of its image."""

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
CKAN = "ckan"
ENTRA = "entra"
ENTRA_NAME = "entra.cloud.test"
LOGIN_NAME, GRAPH_NAME = "login.entra.test", "graph.entra.test"
"""Names at which the emulator answers as Microsoft Entra and as Microsoft Graph."""
CLOUD_DOMAIN = "cloud.test"
"""Domain of the emulator's mailboxes."""
SUBMISSION_ACCOUNT = "catalog@corp.test"
REPLIES = "replies@corp.test"
USERS = ("alice@corp.test", "bob@corp.test", REPLIES, SUBMISSION_ACCOUNT)
"""Users with a mailbox. The name at login is the whole address."""

OPS, ADMIN = "ops", "admin"
"""Users of every host, who log in by SSH with the lab's key. `sudo` asks the second for a password, the first for none."""

FAULTS = (
    "refuse_login", "refuse_sender", "wrong_certificate", "untrusted_certificate", "no_starttls", "full", "silent", "down",
    "no_subaddress", "imap_down",
)

# Packages of a server installation of Debian that the roles and tests use.
_SYSTEM = (
    "systemd", "systemd-sysv", "dbus", "udev", "python3", "python3-apt", "ca-certificates", "iproute2", "iputils-ping",
    "procps", "sudo", "less", "netbase", "openssh-server",
)
_TO_INSTALL = (
    "postfix", "postfix-lmdb", "postfix-pcre", "postfix-cdb", "libsasl2-modules", "sasl2-bin", "openssl", "rsyslog",
    # Creates virtual environments, such as the application's.
    "python3-venv",
)
_MAIL_SERVER = (
    "postfix", "dovecot-imapd", "dovecot-lmtpd", "dovecot-sieve", "dnsmasq", "opendkim", "opendmarc", "openssl",
    "bind9-host",
)
# What CKAN needs beside its Python packages; of the packages, the lab builds wheels on this machine.
_CKAN = ("python3-venv", "postgresql", "redis-server", "libmagic1")
_EMULATOR = ("python3-uvicorn", "python3-h11", "python3-aiosmtpd", "python3-cryptography", "python3-jwt", "openssl")


@dataclasses.dataclass(frozen=True)
class Image:
    """A root file system: a Debian release, the installed packages, and the packages of its local repository (`carries`).

    `venv` is a folder with a virtual environment; its packages are those of the file in `images` that is named like the folder.
    """

    name: str
    suite: str
    include: tuple[str, ...]
    carries: tuple[str, ...] = ()
    venv: str = ""

    @property
    def requirements(self) -> pathlib.Path | None:
        """Return the file with the packages of the virtual environment; None when there is none."""
        return SHARED / "images" / f"{pathlib.PurePath(self.venv).name}.txt" if self.venv else None

    def tag(self) -> str:
        """Return the image's name in podman. It ends in the hash of the definition: a changed image has another name."""
        names = ("logins.sh", "package-repository.sh", "package_index.py")
        files = [SHARED / "images" / name for name in names]
        if self.requirements:
            files += [self.requirements, SHARED / "images" / "python-packages.sh"]
        scripts = [file.read_text() for file in files]
        return f"{IMAGE_PREFIX}{self.name}:{digest(dataclasses.astuple(self), scripts, (OPS, ADMIN))}"


@dataclasses.dataclass(frozen=True)
class Copy(Image):
    """The image that holds a copy of a host. Each lab has its own; a later copy takes its name."""

    def tag(self) -> str:
        """Return the image's name in podman."""
        return f"localhost/catalog-mail-lab-copy/{self.name}:lab{NUMBER}"


@dataclasses.dataclass(frozen=True)
class Host:
    """A host of the lab."""

    name: str
    fqdn: str
    number: int
    """The last part of the IPv4 address and of the IPv6 address, with the same digits."""
    image: Image
    aliases: tuple[str, ...] = ()
    """Other names in the lab's DNS."""
    ipv6: bool = True
    """True if the lab's DNS has the host's IPv6 address, on a machine with IPv6."""

    @property
    def container(self) -> str:
        """Return the container's name in podman."""
        return f"{CONTAINER_PREFIX}{self.name}"

    @property
    def domain(self) -> str:
        """Return the search domain."""
        return self.fqdn.partition(".")[2]

    @property
    def address(self) -> str:
        """Return the IPv4 address."""
        return f"{SUBNET.rpartition('.')[0]}.{self.number}"

    @property
    def address6(self) -> str:
        """Return the IPv6 address."""
        return f"{SUBNET6.partition('/')[0]}{self.number}"


HOSTS = {
    host.name: host
    for host in (
        Host(MAIL, MAIL_NAME, 25, Image("mail", "bookworm", _SYSTEM + _MAIL_SERVER)),
        Host("catalog12", "catalog12.catalog.test", 12, Image("debian12", "bookworm", _SYSTEM, _TO_INSTALL)),
        # The emulator listens on IPv4 only.
        Host(ENTRA, ENTRA_NAME, 30, Image("entra", "trixie", _SYSTEM + _EMULATOR), (LOGIN_NAME, GRAPH_NAME), ipv6=False),
        Host("catalog13", "catalog13.catalog.test", 13, Image("debian13", "trixie", _SYSTEM, _TO_INSTALL)),
        # The packages have wheels for Python 3.11, that of this machine and of Debian 12.
        Host(CKAN, "ckan.catalog.test", 14, Image("ckan", "bookworm", _SYSTEM + _CKAN, venv="/opt/ckan")),
    )
}
BARE_HOSTS = tuple(name for name in HOSTS if name not in (MAIL, ENTRA, CKAN))
CLONED = "catalog12"
"""The host that `lab.py clone` copies."""
CLONE_IMAGE = Copy(CLONED, HOSTS[CLONED].image.suite, ())
CLONES = {
    name: Host(name, f"{name}.catalog.test", 100 + number, CLONE_IMAGE)
    for number, name in ((number, f"clone{number:02}") for number in range(1, 21))
}
"""Hosts that exist only after `lab.py clone`. The lab's DNS does not know them."""
EVERY_HOST = HOSTS | CLONES
EMULATOR = SHARED.parents[1] / "tests" / "emulator"
"""The package that runs on the host entra."""


def digest(*parts: object) -> str:
    """Return a hash of the given values, which JSON can represent: twelve hexadecimal digits."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:12]
