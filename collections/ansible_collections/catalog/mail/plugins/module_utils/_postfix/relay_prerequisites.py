# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Check the host's certificate authorities and SASL mechanisms for a relay. An edge."""

from __future__ import annotations

import glob
from typing import Any, Callable, List, Mapping, Optional

from .._core.errors import InputRefused
from .relayhost import DesiredRelay

# The files of all trusted authorities in Debian, the RHEL family, SUSE and Alpine.
SYSTEM_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)
VERIFYING_LEVELS = ("verify", "secure")

PLAIN_PLUGINS = ("/usr/lib/*/sasl2/libplain.so*", "/usr/lib64/sasl2/libplain.so*", "/usr/lib/sasl2/libplain.so*")


def chosen_ca_file(params: Mapping[str, Any], exists: Callable[[str], bool], strict: bool) -> Optional[str]:
    """Return the file of authorities for a relay: the named one, or the system's when certificates are verified.

    Raises InputRefused when the file is missing and ``strict`` is true; in check mode an earlier task may have
    skipped creating the file.
    """
    named = params["ca_file"]
    if params["state"] == "absent":
        return None
    if named:
        if strict and not exists(named):
            raise InputRefused(
                "ca_file", f"{named} does not exist on this host", "Copy the authority's certificate there first")
        return named
    if params["tls_level"] not in VERIFYING_LEVELS:
        return None
    for path in SYSTEM_BUNDLES:
        if exists(path):
            return path
    if strict:
        raise InputRefused(
            "ca_file", "this host has no file of trusted authorities",
            "Install the package ca-certificates, or name a file")
    return SYSTEM_BUNDLES[0]


def sasl_warnings(desired: DesiredRelay) -> List[str]:
    """Return a warning when the SASL mechanism for passwords is not installed."""
    if not desired.has_account or any(glob.glob(pattern) for pattern in PLAIN_PLUGINS):
        return []
    return [
        "The SASL mechanism PLAIN is not installed, so that Postfix cannot log in at the relay. "
        "Install libsasl2-modules (Debian) or cyrus-sasl-plain (RHEL family)."]
