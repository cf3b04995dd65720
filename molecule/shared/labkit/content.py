# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Build the files that the lab copies into a host when it creates the host."""
from __future__ import annotations

import base64
import contextlib
import hashlib
import os
import pathlib
import shutil
from collections.abc import Iterator

from labkit import network, ssh
from labkit.definition import BARE_HOSTS, CKAN, EMULATOR, ENTRA, GATEWAY, GRAPH_NAME, HOSTS, MAIL, SHARED, Host, digest
from labkit.state import entra_secrets, home

Files = dict[str, tuple[bytes, int]]
"""Path inside the host -> content and mode. Root owns every file."""

CA_FILE = "etc/ssl/lab-ca.crt"
"""The lab's CA on a host. It is not among the trusted authorities, like the CA file in a company's image."""
EXAMPLE_DOMAIN = "example.com"
"""Domain of the modules' examples. It has the same mailboxes and logins: alice@example.com is alice@corp.test."""
EXAMPLE_CA_FILE = "etc/ssl/certs/company-ca.pem"
"""The same CA where the modules' examples name it. OpenSSL trusts a file there only by a link named after its hash.

`openssl rehash` makes that link, as does Debian 12 for Postfix's chroot, but only for a file of one certificate: this
file has the certificate twice.
"""


def files_for(host: Host, passwords: dict[str, str]) -> Files:
    """Return all files for a host."""
    files: Files = {
        CA_FILE: ((home() / "ca.crt").read_bytes(), 0o644),
        "etc/hosts": (_hosts_file(host).encode(), 0o644),
        **ssh.files_for(host),
    }
    if host.name == MAIL:
        return files | _mail_server(passwords)
    if host.name == CKAN:
        return files | _files_of("ckan")
    return files | (_entra() if host.name == ENTRA else {EXAMPLE_CA_FILE: (files[CA_FILE][0] * 2, 0o644)})


def definition_of(files: Files) -> str:
    """Return a hash of paths, contents and modes."""
    return digest(sorted((path, hashlib.sha256(data).hexdigest(), mode) for path, (data, mode) in files.items()))


@contextlib.contextmanager
def as_folder(host: Host, files: Files) -> Iterator[pathlib.Path]:
    """Write the files into a temporary folder. `podman cp` could read a stream, but leaves copies of it in /var/tmp."""
    folder = home() / "files" / host.name
    shutil.rmtree(folder, ignore_errors=True)  # A killed run may have left the folder.
    try:
        for path, (data, mode) in files.items():
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch(mode=0o600)
            file.write_bytes(data)
            file.chmod(mode)
        for each in (folder, *folder.rglob("*")):
            if each.is_dir():
                each.chmod(0o755)
        yield folder
    finally:
        shutil.rmtree(folder)


def _hosts_file(host: Host) -> str:
    """Return /etc/hosts as Debian's installer writes it: localhost and the host itself."""
    addresses = [host.address, host.address6] if network.has_ipv6() else [host.address]
    own = "".join(f"{address} {host.fqdn} {host.name}\n" for address in addresses)
    return f"127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n{own}"


def _mail_server(passwords: dict[str, str]) -> Files:
    """Return the files of the mail server: configuration, certificates, users and DNS records."""
    files = _files_of("mail")
    for name in ("mail", "other", "untrusted"):
        files |= _certificate(name)
    hosts = [HOSTS[name] for name in BARE_HOSTS]
    bare = [address for host in hosts for address in (host.address, f"[{host.address6}]")]
    files["etc/lab/bare_hosts"] = ("".join(f"{address}\n" for address in bare).encode(), 0o644)
    files["etc/dnsmasq.d/hosts.conf"] = (_dns_of_hosts(network.has_ipv6()).encode(), 0o644)
    files["etc/lab/passwords.all"] = ("".join(_login(*user) for user in passwords.items()).encode(), 0o640)
    files["etc/lab/mailboxes"] = ("".join(_mailbox(user) for user in passwords).encode(), 0o644)
    return files


def _entra() -> Files:
    """Return the files of the emulator: package, unit, certificate, control token and environment."""
    files = _files_of("entra") | _certificate("entra")
    for path in sorted(EMULATOR.rglob("*.py")):
        files[f"opt/lab/emulator/{path.relative_to(EMULATOR)}"] = (path.read_bytes(), 0o644)
    files["etc/lab/control-token"] = (entra_secrets()["control_token"].encode(), 0o600)
    files["etc/lab/emulator.env"] = (f"GRAPH=https://{GRAPH_NAME}\n".encode(), 0o644)
    return files


def _files_of(folder: str) -> Files:
    """Return the files in a folder beside this package, by their path on the host."""
    root = SHARED / folder
    return {
        str(path.relative_to(root)): (path.read_bytes(), 0o755 if os.access(path, os.X_OK) else 0o644)
        for path in sorted(root.rglob("*")) if path.is_file()
    }


def _certificate(name: str) -> Files:
    certificates = home() / "certificates"
    return {
        f"etc/lab/certificates/{name}/cert.pem": ((certificates / f"{name}.crt").read_bytes(), 0o644),
        f"etc/lab/certificates/{name}/key.pem": ((certificates / f"{name}.key").read_bytes(), 0o600),
    }


def _dns_of_hosts(ipv6: bool) -> str:
    """Return dnsmasq's lines for the hosts: addresses, reverse records, and SPF records of hosts and domains."""
    # This machine is the control node of the playbooks; its connections come from the gateway's address.
    lines, senders = [f"host-record=control.corp.test,{GATEWAY}"], []
    for host in HOSTS.values():
        addresses = [host.address, host.address6] if ipv6 and host.ipv6 else [host.address]
        lines += [f"host-record={name},{','.join(addresses)}" for name in (host.fqdn, *host.aliases)]
        if host.domain == "catalog.test":
            senders += [f"ip4:{host.address}"] + ([f"ip6:{host.address6}"] if ipv6 else [])
            # Mail from root@HOST: SPF is looked up for the host's name, not for its domain (RFC 7208, 4.1).
            lines.append(f'txt-record={host.fqdn},"v=spf1 a -all"')
    lines.append(f'txt-record=catalog.test,"v=spf1 {" ".join(senders)} -all"')
    cloud = HOSTS[ENTRA]
    lines.append(f'txt-record={cloud.domain},"v=spf1 ip4:{cloud.address} ip6:{cloud.address6} -all"')
    return "\n".join(lines) + "\n"


def _login(user: str, password: str) -> str:
    """Return the lines of Dovecot's password file for a user's two addresses. The second address logs in as the first.

    The salt is derived from the password, so that the file does not change.
    """
    salt = hashlib.sha256(b"catalog-mail-lab" + password.encode()).digest()[:8]
    hashed = base64.b64encode(hashlib.sha512(password.encode() + salt).digest() + salt).decode()
    example = f"{user.partition('@')[0]}@{EXAMPLE_DOMAIN}"
    return f"{user}:{{SSHA512}}{hashed}\n{example}:{{SSHA512}}{hashed}::::::user={user}\n"


def _mailbox(user: str) -> str:
    """Return a line of Dovecot's user file (user:password:uid:gid:gecos:home). The home is named like the user."""
    return f"{user}:::::/srv/mail/{user}\n"
