# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Create the lab's network: internal, without a way out, with fixed addresses."""
from __future__ import annotations

import pathlib

from labkit import podman
from labkit.definition import GATEWAY, GATEWAY6, LABEL, NETWORK, SUBNET, SUBNET6, digest
from labkit.state import LabError, say


def has_ipv6() -> bool:
    """Return True if this machine's kernel supports IPv6 in the lab's network."""
    switch = pathlib.Path("/proc/sys/net/ipv6/conf/all/disable_ipv6")
    return switch.exists() and switch.read_text().strip() == "0"


def _arguments() -> list[str]:
    arguments = ["--internal", "--disable-dns", "--subnet", SUBNET, "--gateway", GATEWAY]
    if has_ipv6():
        arguments += ["--ipv6", "--subnet", SUBNET6, "--gateway", GATEWAY6]
    return arguments


def ensure() -> None:
    """Create the network, or create it again when its definition has changed. Raises LabError."""
    definition = digest(_arguments())
    found = podman.attempt("network", "inspect", "--format", f'{{{{index .Labels "{LABEL}"}}}}', NETWORK)
    if found.returncode == 0 and found.stdout.strip() == definition:
        return
    if found.returncode == 0:
        say(f"The network {NETWORK} has another definition now; creating it again, with its hosts.")
        remove()
    made = podman.attempt("network", "create", "--label", f"{LABEL}={definition}", *_arguments(), NETWORK)
    if made.returncode != 0:
        raise LabError(
            f"The lab's network {NETWORK} ({SUBNET}, {SUBNET6}) could not be created: {made.stderr.strip()}. "
            "If another network of this machine uses these addresses, remove that one."
        )


def remove() -> None:
    """Remove the network and every container in it."""
    podman.attempt("network", "rm", "--force", "--time", "0", NETWORK)
