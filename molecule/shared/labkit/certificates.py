# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Create the lab's CA and its servers' certificates: valid ones, one for another name, one from an untrusted CA."""
from __future__ import annotations

import pathlib
import shutil
import subprocess

from labkit.definition import ENTRA, ENTRA_NAME, GRAPH_NAME, HOSTS, LOGIN_NAME
from labkit.state import LabError, home, say, write

# In days and seconds, for openssl.
_RENEW_WITHIN = 30 * 24 * 3600
_VALID_DAYS = 825
_NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-noenc")

_MAIL_NAMES = ("mail.corp.test", "smtp.corp.test", "imap.corp.test", "corp.test", "mail.example.com")
_NAMES = {
    "mail": ("lab-ca", _MAIL_NAMES),
    "other": ("lab-ca", ("other.corp.test",)),
    # With its address as well, because the machine itself cannot resolve the lab's names.
    "entra": ("lab-ca", (ENTRA_NAME, LOGIN_NAME, GRAPH_NAME, HOSTS[ENTRA].address)),
    "untrusted": ("untrusted-ca", _MAIL_NAMES),
}
"""Certificate -> the CA that signs it, and its names and addresses."""


def ensure() -> None:
    """Create the CAs and certificates, unless all of them have their names and are valid for 30 more days.

    Writes `ca.crt` in the lab's folder, and NAME.crt and, readable by root only, NAME.key in its `certificates/`.
    """
    folder = home() / "certificates"
    if not all(_is_good(folder, name) for name in _NAMES):
        say("Making the lab's CA and certificates.")
        fresh = home() / "certificates.new"
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        for authority in ("lab-ca", "untrusted-ca"):
            _make_authority(fresh, authority)
        for name, (authority, names) in _NAMES.items():
            _make_certificate(fresh, name, authority, names)
        # A kill between the two leaves no certificates; the next run makes them.
        shutil.rmtree(folder, ignore_errors=True)
        fresh.rename(folder)
    authority_text = (folder / "lab-ca.crt").read_text()
    ca_file = home() / "ca.crt"
    if not ca_file.exists() or ca_file.read_text() != authority_text:
        write(ca_file, authority_text, 0o644)


def _is_good(folder: pathlib.Path, name: str) -> bool:
    """Return True if certificate and key exist, it has its names, its CA has signed it, and both are valid for long enough."""
    signer, names = _NAMES[name]
    authority = folder / f"{signer}.crt"
    certificate, key = folder / f"{name}.crt", folder / f"{name}.key"
    if not (authority.exists() and certificate.exists() and key.exists()):
        return False
    for path in (authority, certificate):
        if not _openssl_ok("x509", "-in", str(path), "-noout", "-checkend", str(_RENEW_WITHIN)):
            return False
    if not _openssl_ok("pkey", "-in", str(key), "-noout"):
        return False
    shown = _openssl("x509", "-in", str(certificate), "-noout", "-ext", "subjectAltName").replace(",", "").split()
    if not {word.partition(":")[2] for word in shown} >= set(names):  # words such as DNS:corp.test, Address:198.18.25.30
        return False
    public_half = _openssl("pkey", "-in", str(key), "-pubout")
    return public_half == _openssl("x509", "-in", str(certificate), "-noout", "-pubkey") and _openssl_ok(
        "verify", "-CAfile", str(authority), str(certificate)
    )


def _make_authority(folder: pathlib.Path, name: str) -> None:
    _openssl(
        "req", "-x509", *_NEW_KEY, "-days", str(_VALID_DAYS),
        "-keyout", str(folder / f"{name}.key"), "-out", str(folder / f"{name}.crt"),
        "-subj", f"/O=catalog.mail lab/CN=catalog.mail {name}",
        "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=critical,keyCertSign,cRLSign",
    )


def _make_certificate(folder: pathlib.Path, name: str, authority: str, names: tuple[str, ...]) -> None:
    request, extensions = folder / f"{name}.csr", folder / f"{name}.ext"
    _openssl(
        "req", "-new", *_NEW_KEY,
        "-keyout", str(folder / f"{name}.key"), "-out", str(request), "-subj", f"/O=catalog.mail lab/CN={names[0]}",
    )
    alternatives = ",".join(f"{'IP' if each[-1].isdigit() else 'DNS'}:{each}" for each in names)
    extensions.write_text(
        f"subjectAltName={alternatives}\nbasicConstraints=CA:FALSE\n"
        "keyUsage=digitalSignature\nextendedKeyUsage=serverAuth\n"
        "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n"
    )
    _openssl(
        "x509", "-req", "-in", str(request), "-out", str(folder / f"{name}.crt"), "-days", str(_VALID_DAYS),
        "-CA", str(folder / f"{authority}.crt"), "-CAkey", str(folder / f"{authority}.key"), "-CAcreateserial",
        "-extfile", str(extensions),
    )
    request.unlink()
    extensions.unlink()


def _openssl_ok(*arguments: str) -> bool:
    return subprocess.run(["openssl", *arguments], capture_output=True, check=False).returncode == 0


def _openssl(*arguments: str) -> str:
    done = subprocess.run(["openssl", *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise LabError(f"openssl {arguments[0]} failed: {done.stderr.strip()}")
    return done.stdout
