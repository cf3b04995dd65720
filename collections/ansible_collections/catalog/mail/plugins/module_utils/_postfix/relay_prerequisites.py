# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Check the host's certificate authorities and SASL mechanisms for a relay. An edge."""

from __future__ import annotations

import glob
import os
from typing import Any, Callable, List, Mapping, Optional, Sequence

from .._core.errors import InputRefused
from .._core.name_service import in_hosts_file
from .lookup_table import files_of
from .parameters import named_tables
from .relay_for_senders import VERIFYING_LEVELS
from .relay_options import DesiredRelay
from .relay_syntax import parse_relay

# The files of all trusted authorities in Debian, the RHEL family, SUSE and Alpine.
SYSTEM_BUNDLES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
)

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
        if strict:
            require_ca_file(params, exists)
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


def require_ca_file(params: Mapping[str, Any], exists: Callable[[str], bool]) -> None:
    """Raise InputRefused when the options name a file of authorities that is missing."""
    named = params["ca_file"]
    if named and not exists(named):
        raise InputRefused("ca_file", f"{named} does not exist on this host", "Copy the authority's certificate there first")


def sasl_warnings(desired: DesiredRelay) -> List[str]:
    """Return a warning when the SASL mechanism for passwords is not installed."""
    if not desired.has_account or any(glob.glob(pattern) for pattern in PLAIN_PLUGINS):
        return []
    return [
        "The SASL mechanism PLAIN is not installed, so that Postfix cannot log in at the relay. "
        "Install libsasl2-modules (Debian) or cyrus-sasl-plain (RHEL family)."]


def readable_password_files(config_directory: str, password_maps: str, own: Sequence[str]) -> List[str]:
    """Return the files that may hold passwords and that every user can read: those of the parameter, and those named so.

    ``own`` are written by this run with a safe mode.
    """
    named = [path for table_type, path in named_tables(password_maps) for path in (path, *files_of(table_type, path))]
    found = dict.fromkeys([*named, *sorted(glob.glob(os.path.join(glob.escape(config_directory), "*passw*")))])
    return [path for path in found if path not in own and os.path.isfile(path) and os.stat(path).st_mode & 0o004]


def relays_in_hosts_file(desired: DesiredRelay) -> List[str]:
    """Return the names of relays in /etc/hosts, which Postfix does not ask by default."""
    texts = (*desired.relayhost, *(row.relayhost for row in desired.sender_dependent))
    relays = [parse_relay("relayhost", text) for text in texts if text]
    return [relay.host for relay in relays if not relay.mx and in_hosts_file(relay.host)]
