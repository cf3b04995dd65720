# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Explain Postfix's refusal of a main.cf, with a remedy."""

from __future__ import annotations

import re
from typing import Tuple

REMEDIES: Tuple[Tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"no local interface found for .*:"),
     "This IPv6 address is not on the host: leave it out of inet_interfaces, or set inet_protocols to ipv4 "
     "where IPv6 is switched off"),
    (re.compile(r"no local interface found for"),
     "This address is not on the host (any more): correct inet_interfaces, or use loopback-only or all"),
    (re.compile(r"missing '=' after attribute name"), "Correct this line of main.cf by hand, or have it removed with tidy: true"),
    (re.compile(r"bad (?:boolean|numerical|time)"), "Correct the value of the parameter that it names"),
    (re.compile(r"bad string length"), "Give the parameter that it names a value, or null for its default"),
    (re.compile(r"macro|nesting"), "A parameter refers to itself: remove the circular reference"),
    (re.compile(r"unknown (?:user|group) name"), "Name a user or group of this host"),
)
OTHERWISE = "See postconf(5) for the parameter that it names"


def refusal(path: str, problem: str, older: str) -> Tuple[str, str]:
    """Return the sentence for a main.cf that Postfix rejects, and the remedy.

    ``problem`` is Postfix's error for the new content, ``older`` that for the content before.
    """
    remedy = next((text for pattern, text in REMEDIES if pattern.search(problem)), OTHERWISE)
    if older == problem:
        said = (f"{path} was already broken before this change, and would stay so: {problem}. Nothing was written. "
                "A parameter at fault can be set or removed in the same task")
    else:
        said = f"Postfix refuses the new {path}: {problem}. Nothing was written"
    return f"{said}. {remedy}.", remedy
