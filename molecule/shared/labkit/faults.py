# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Set faults of the mail server, and wait until its clients see them."""
from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from labkit import podman, probes
from labkit.definition import FAULTS, HOSTS, MAIL, SUBMISSION_ACCOUNT, USERS
from labkit.state import LabError, credentials

_SECONDS = 30
_ALONE = ("down", "silent", "full", "imap_down")
"""Faults that hide the effect of all others."""
_SUBADDRESS = "bob+probe@corp.test"
_CERTIFICATES = {"wrong_certificate": "other", "untrusted_certificate": "untrusted"}


def set_to(faults: Iterable[str]) -> None:
    """Set exactly these faults; none clears all. Raises LabError for an impossible set, or when the server does not follow."""
    wanted = sorted(set(faults))
    if unknown := [fault for fault in wanted if fault not in FAULTS]:
        raise LabError(f"There is no fault {unknown[0]}. There are: none {' '.join(FAULTS)}.")
    if len(_CERTIFICATES.keys() & set(wanted)) > 1:
        raise LabError("A server shows one certificate: choose wrong_certificate or untrusted_certificate.")
    if hiding := [fault for fault in wanted if fault in _ALONE and len(wanted) > 1]:
        raise LabError(f"A server that is {hiding[0]} shows no other fault: choose {hiding[0]} alone.")
    expectations = _expectations(wanted)
    if named() == wanted and not _unmet(expectations):
        return
    podman.run("exec", HOSTS[MAIL].container, "lab-fault", *wanted)
    missing = _await_all(expectations)
    if missing:
        raise LabError(f"After {_SECONDS} s the mail server still does not do what was asked: {', '.join(missing)}.")


def named() -> list[str]:
    """Return the faults that were requested last, even if that run was killed before they were in force."""
    return sorted(podman.run("exec", HOSTS[MAIL].container, "lab-fault", "which").split())


def in_force() -> list[str]:
    """Return the faults that a client sees at the moment."""
    if not probes.listens(probes.SMTP):
        return ["down"]
    if probes.is_silent(probes.SMTP):
        return ["silent"]
    if not probes.listens(probes.IMAPS):
        return ["imap_down"]
    certificate = probes.shown_certificate(probes.IMAPS)
    faults = [fault for fault, name in _CERTIFICATES.items() if certificate == probes.expected_certificate(name)]
    if probes.login_refused(SUBMISSION_ACCOUNT, credentials()[SUBMISSION_ACCOUNT]):
        faults.append("refuse_login")
    if _sender_refused():
        faults.append("refuse_sender")
    if not probes.offers_starttls(probes.SUBMISSION):
        faults.append("no_starttls")
    if probes.is_full(probes.SMTP):
        faults.append("full")
    elif probes.recipient_refused(_SUBADDRESS):
        faults.append("no_subaddress")
    return faults


def _sender_refused() -> bool:
    return probes.sender_refused("noreply@catalog.test", USERS[0])


def _expectations(faults: list[str]) -> dict[str, Callable[[], bool]]:
    """Return each expected behaviour of the server, by name, and the probe that tests it."""
    ports = (probes.SMTP, probes.SUBMISSION, probes.SUBMISSIONS)
    if "silent" in faults:
        return {"Postfix is silent": lambda: all(probes.is_silent(port) for port in ports)}
    if "down" in faults:
        return {"Postfix is down": lambda: not any(probes.listens(port) for port in ports)}
    if "imap_down" in faults:
        return {
            "IMAP is down": lambda: not any(probes.listens(port) for port in (probes.IMAP, probes.IMAPS)),
            "mail is taken": lambda: not probes.recipient_refused(_SUBADDRESS),
        }
    chosen = next((name for fault, name in _CERTIFICATES.items() if fault in faults), "mail")
    password = credentials()[SUBMISSION_ACCOUNT]
    return {
        "it answers": lambda: probes.mail_server_trouble() is None,
        f"it shows the certificate '{chosen}'": lambda: all(
            probes.shown_certificate(port) == probes.expected_certificate(chosen)
            for port in (probes.SUBMISSIONS, probes.IMAPS)
        ),
        "logins are " + ("refused" if "refuse_login" in faults else "accepted"): lambda: (
            (probes.login_refused if "refuse_login" in faults else probes.login_accepted)(SUBMISSION_ACCOUNT, password)
        ),
        "noreply is " + ("refused" if "refuse_sender" in faults else "accepted"): lambda: (
            _sender_refused() == ("refuse_sender" in faults)
        ),
        # A server without room refuses a message before it checks recipients.
        "sub-addresses are " + ("refused" if "no_subaddress" in faults else "taken"): lambda: (
            "full" in faults or probes.recipient_refused(_SUBADDRESS) == ("no_subaddress" in faults)
        ),
        "STARTTLS is " + ("kept back" if "no_starttls" in faults else "offered"): lambda: all(
            probes.offers_starttls(port) != ("no_starttls" in faults) for port in (probes.SMTP, probes.SUBMISSION)
        ),
        "it " + ("has no room" if "full" in faults else "has room"): lambda: (
            probes.is_full(probes.SMTP) == ("full" in faults)
        ),
    }


def _await_all(expectations: dict[str, Callable[[], bool]]) -> list[str]:
    """Wait for every expectation; return the names of those that are still unmet after the timeout."""
    deadline = time.monotonic() + _SECONDS
    while missing := _unmet(expectations):
        if time.monotonic() > deadline:
            break
        time.sleep(0.1)
    return missing


def _unmet(expectations: dict[str, Callable[[], bool]]) -> list[str]:
    return [what for what, is_so in expectations.items() if not is_so()]
