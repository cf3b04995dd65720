# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Plan the renewal and removal of an app registration's secrets and certificates. Pure.

The credentials of a task have its ``name`` as display name. Entra does not know which of them the application uses:
the task names it. A credential of the task that is newer than the one in use is an orphan: its value was lost.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from .._core.errors import InputRefused
from .timestamps import moment, written

# Account types with personal accounts, and their limit (Entra: "Validation differences by supported account types").
WITH_PERSONAL_ACCOUNTS = ("AzureADandPersonalMicrosoftAccount", "PersonalMicrosoftAccount")
MOST_WITH_PERSONAL_ACCOUNTS = 2


@dataclass(frozen=True)
class Credential:
    """A secret or certificate in Graph, without its value. ``thumbprints`` are hex in lower case."""

    key_id: str
    name: str
    starts: datetime
    ends: datetime
    thumbprints: Tuple[str, ...] = ()

    def is_called(self, reference: str) -> bool:
        """Whether ``reference`` is the key id or one of the thumbprints."""
        plain = reference.strip().lower()
        return self.key_id.lower() == plain or plain.replace(":", "") in self.thumbprints


@dataclass(frozen=True)
class DesiredCredential:
    """The options of state ``present``. ``known`` names the credential in use: None when not given, "" for none.

    ``certificate`` is the thumbprint of the task's own certificate; ``renew`` requests a new credential in any case.
    """

    name: str
    rotate_before: timedelta
    valid_for: timedelta
    known: Optional[str] = None
    certificate: Optional[str] = None
    renew: bool = False


@dataclass(frozen=True)
class Removal:
    """The options of state ``absent``: remove ``key_ids``, or every credential of ``name`` except ``keep``.

    Of the latter orphans are removed at once, those older than ``keep`` after ``grace``.
    """

    name: str
    key_ids: Tuple[str, ...] = ()
    keep: Optional[str] = None
    grace: timedelta = timedelta(0)


class Change(NamedTuple):
    """A credential to create (None) or to remove, and the reason."""

    action: str
    credential: Optional[Credential]
    reason: str


def credential_of(found: Mapping[str, Any]) -> Credential:
    """Read Graph's JSON of a passwordCredential or keyCredential. Without an end the credential never expires."""
    return Credential(
        str(found["keyId"]), str(found.get("displayName") or ""),
        moment(found.get("startDateTime") or "0001-01-01T00:00:00Z"), moment(found.get("endDateTime") or "9999-12-31T23:59:59Z"),
        thumbprints_of(found))


def thumbprints_of(found: Mapping[str, Any]) -> Tuple[str, ...]:
    """Return thumbprints of a keyCredential: the certificate's, if Graph returns it, and customKeyIdentifier (hex or base64)."""
    prints: List[str] = []
    der = _decoded(found.get("key"))
    if der:
        prints += thumbprints(der)
    named = str(found.get("customKeyIdentifier") or "")
    if re.fullmatch(r"[0-9a-fA-F]{40}|[0-9a-fA-F]{64}", named):
        prints.append(named.lower())
    else:
        raw = _decoded(named)
        if raw and len(raw) in (20, 32):
            prints.append(raw.hex())
    return tuple(dict.fromkeys(prints))


def thumbprints(der: bytes) -> Tuple[str, str]:
    """Return the SHA-1 (shown by Entra) and SHA-256 thumbprints of a certificate."""
    return hashlib.sha1(der).hexdigest(), hashlib.sha256(der).hexdigest()  # noqa: S324 -- a name, not a proof


def _decoded(text: Any) -> Optional[bytes]:
    try:
        return base64.b64decode(str(text), validate=True) if text else None
    except (ValueError, binascii.Error):
        return None


def in_use(present: Sequence[Credential], desired: DesiredCredential) -> Optional[Credential]:
    """Return the credential in use: the named one, or without a name the task's credential that expires last."""
    if desired.certificate:
        return _called(present, desired.certificate)
    if desired.known is not None:
        return _called(present, desired.known) if desired.known else None
    ours = [one for one in present if one.name == desired.name]
    return max(ours, key=lambda one: one.ends, default=None)


def plan(present: Sequence[Credential], desired: DesiredCredential, now: datetime) -> List[Change]:
    """Plan a new credential unless the one in use is valid for longer than ``rotate_before``.

    Removes nothing: another run may have just created a credential that the application does not use yet.
    """
    reason = _reason(in_use(present, desired), desired, now)
    return [Change("create", None, reason)] if reason else []


def _reason(used: Optional[Credential], desired: DesiredCredential, now: datetime) -> str:
    """Return the reason for a new credential; empty when none is needed."""
    if used is None:
        return "the one in use does not exist any more" if desired.known else "there is none"
    if desired.certificate:
        return ""
    if desired.renew:
        return "the task asks for another one"
    if used.ends <= now:
        return "the one in use has expired"
    return "the one in use expires soon" if used.ends - now <= desired.rotate_before else ""


def check_number(present: Sequence[Credential], audience: str, now: datetime) -> None:
    """Raise InputRefused when the registration cannot have another secret. Entra counts expired secrets as well."""
    if audience not in WITH_PERSONAL_ACCOUNTS or len(present) < MOST_WITH_PERSONAL_ACCOUNTS:
        return
    listed = ", ".join(f"{one.key_id} ({one.name or 'without a name'}, {_state(one, now)})" for one in present)
    raise InputRefused(
        "state",
        f"a new secret is due, but a registration with the account types {audience} takes {MOST_WITH_PERSONAL_ACCOUNTS} secrets, "
        f"expired ones included, and has {listed}",
        "Remove the one that nothing uses (state: absent with remove_key_id); or set sign_in_audience: AzureADMyOrg with "
        "catalog.mail.entra_app, which is enough for an application that logs in as itself and has no such limit")


def _state(one: Credential, now: datetime) -> str:
    return f"expired at {written(one.ends)}" if one.ends <= now else f"valid until {written(one.ends)}"


def plan_removal(
    present: Sequence[Credential], removal: Removal, now: datetime, elsewhere: Sequence[Credential] = ()
) -> List[Change]:
    """Plan the removals of one kind; ``elsewhere`` are those of the other. Raises InputRefused when ``keep`` is missing."""
    if removal.key_ids:
        found = [one for one in present if any(one.is_called(key_id) for key_id in removal.key_ids)]
        return [Change("remove", one, "the task names it") for one in found]
    ours = [one for one in present if one.name == removal.name]
    if removal.keep is None:
        return [Change("remove", one, "the task keeps none of this name") for one in ours]
    kept = kept_one([*present, *elsewhere], removal)
    orphans = [one for one in ours if one.starts > kept.starts]
    changes = [Change("remove", one, "the application does not know it") for one in orphans]
    if now - kept.starts >= removal.grace:
        changes += [Change("remove", one, "another one is in use") for one in ours if one is not kept and one not in orphans]
    return changes


def kept_one(present: Sequence[Credential], removal: Removal) -> Credential:
    """Return the credential to keep. Raises InputRefused when it does not exist."""
    kept = _called(present, removal.keep or "")
    if kept is None:
        raise InputRefused(
            "keep_key_id", f"the registration has no credential {removal.keep!r}, so nothing was removed",
            "Give the key id that the application uses now, as email_settings_info shows it")
    return kept


def _called(present: Sequence[Credential], reference: str) -> Optional[Credential]:
    return next((one for one in present if one.is_called(reference)), None)


def shown(one: Credential) -> Dict[str, Any]:
    """Return a credential for a diff, without its value."""
    facts = {"key_id": one.key_id, "name": one.name, "starts_at": written(one.starts), "expires_at": written(one.ends)}
    return {**facts, "thumbprint": one.thumbprints[0].upper()} if one.thumbprints else facts


def difference(present: Sequence[Credential], changes: Sequence[Change], name: str) -> Tuple[List[Any], List[Any]]:
    """Return the credentials of this name, and those removed, before and after the changes."""
    going = [change.credential for change in changes if change.action == "remove"]
    before = [shown(one) for one in present if one.name == name or one in going]
    after = [shown(one) for one in present if (one.name == name or one in going) and one not in going]
    if any(change.action == "create" for change in changes):
        after.append({"name": name, "key_id": "(new)"})
    return before, after
