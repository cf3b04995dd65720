# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Secrets and certificates of an app registration: which one is in use, when there has to be a new one, what may go. Pure.

A credential is ours where its display name is the task's marker. Which of them the application uses, Entra does not know:
the task says it. One that is ours and newer than the one in use is an orphan: its value was lost on the way.
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


@dataclass(frozen=True)
class Credential:
    """A secret or a certificate as Graph shows it, without its value. ``thumbprints`` are hex in lower case."""

    key_id: str
    name: str
    starts: datetime
    ends: datetime
    thumbprints: Tuple[str, ...] = ()

    def is_called(self, reference: str) -> bool:
        """Whether this is its key id, or one of its thumbprints."""
        plain = reference.strip().lower()
        return self.key_id.lower() == plain or plain.replace(":", "") in self.thumbprints


@dataclass(frozen=True)
class Wish:
    """What ``present`` asks for. ``known`` is the one in use: None where the task does not say, "" for none.

    ``certificate`` is the thumbprint of one that the task brings along; ``renew`` asks for a new one in any case.
    """

    name: str
    rotate_before: timedelta
    valid_for: timedelta
    known: Optional[str] = None
    certificate: Optional[str] = None
    renew: bool = False


@dataclass(frozen=True)
class Removal:
    """What ``absent`` asks for: these, or all of the name but ``keep``: orphans at once, what was before it after ``grace``."""

    name: str
    key_ids: Tuple[str, ...] = ()
    keep: Optional[str] = None
    grace: timedelta = timedelta(0)


class Change(NamedTuple):
    """One to be created (None) or removed, and why."""

    action: str
    credential: Optional[Credential]
    reason: str


def credential_of(found: Mapping[str, Any]) -> Credential:
    """From Graph's JSON of a passwordCredential or keyCredential. One without an end is valid for ever."""
    return Credential(
        str(found["keyId"]), str(found.get("displayName") or ""),
        moment(found.get("startDateTime") or "0001-01-01T00:00:00Z"), moment(found.get("endDateTime") or "9999-12-31T23:59:59Z"),
        thumbprints_of(found))


def thumbprints_of(found: Mapping[str, Any]) -> Tuple[str, ...]:
    """Thumbprints of a keyCredential: of the certificate where Graph gives it, and its customKeyIdentifier (hex or base64)."""
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
    """SHA-1, which Entra shows, and SHA-256 of a certificate."""
    return hashlib.sha1(der).hexdigest(), hashlib.sha256(der).hexdigest()  # noqa: S324 -- a name, not a proof


def _decoded(text: Any) -> Optional[bytes]:
    try:
        return base64.b64decode(str(text), validate=True) if text else None
    except (ValueError, binascii.Error):
        return None


def in_use(present: Sequence[Credential], wish: Wish) -> Optional[Credential]:
    """The one that the application uses: the one named, or where none is named the one of ours that is valid longest."""
    if wish.certificate:
        return _called(present, wish.certificate)
    if wish.known is not None:
        return _called(present, wish.known) if wish.known else None
    ours = [one for one in present if one.name == wish.name]
    return max(ours, key=lambda one: one.ends, default=None)


def plan(present: Sequence[Credential], wish: Wish, now: datetime) -> List[Change]:
    """A new one is made unless the one in use is valid for longer than ``rotate_before``. Nothing is removed here.

    Another run may have made one a moment ago that the application is just about to use.
    """
    reason = _reason(in_use(present, wish), wish, now)
    return [Change("create", None, reason)] if reason else []


def _reason(used: Optional[Credential], wish: Wish, now: datetime) -> str:
    """Why there has to be a new one; empty where there does not."""
    if used is None:
        return "the one in use is not there any more" if wish.known else "there is none"
    if wish.certificate:
        return ""
    if wish.renew:
        return "the task asks for another one"
    if used.ends <= now:
        return "the one in use has expired"
    return "the one in use expires soon" if used.ends - now <= wish.rotate_before else ""


def plan_removal(
    present: Sequence[Credential], removal: Removal, now: datetime, elsewhere: Sequence[Credential] = ()
) -> List[Change]:
    """What ``absent`` removes now, of one kind; ``elsewhere`` are the others. Raises InputRefused without the one to keep."""
    if removal.key_ids:
        found = [one for one in present if any(one.is_called(key_id) for key_id in removal.key_ids)]
        return [Change("remove", one, "the task names it") for one in found]
    ours = [one for one in present if one.name == removal.name]
    if removal.keep is None:
        return [Change("remove", one, "none of this name shall be there") for one in ours]
    kept = kept_one([*present, *elsewhere], removal)
    orphans = [one for one in ours if one.starts > kept.starts]
    changes = [Change("remove", one, "the application does not know it") for one in orphans]
    if now - kept.starts >= removal.grace:
        changes += [Change("remove", one, "another one is in use") for one in ours if one is not kept and one not in orphans]
    return changes


def kept_one(present: Sequence[Credential], removal: Removal) -> Credential:
    """The one that stays; raises InputRefused where it is not there."""
    kept = _called(present, removal.keep or "")
    if kept is None:
        raise InputRefused(
            "keep_key_id", f"the registration has no credential {removal.keep!r}, so nothing was removed",
            "Give the key id that the application uses now, as email_settings_info shows it")
    return kept


def _called(present: Sequence[Credential], reference: str) -> Optional[Credential]:
    return next((one for one in present if one.is_called(reference)), None)


def shown(one: Credential) -> Dict[str, Any]:
    """A credential as it may be shown."""
    facts = {"key_id": one.key_id, "name": one.name, "starts_at": written(one.starts), "expires_at": written(one.ends)}
    return {**facts, "thumbprint": one.thumbprints[0].upper()} if one.thumbprints else facts


def difference(present: Sequence[Credential], changes: Sequence[Change], name: str) -> Tuple[List[Any], List[Any]]:
    """What there is and what there will be, of the credentials of this name and those that go."""
    going = [change.credential for change in changes if change.action == "remove"]
    before = [shown(one) for one in present if one.name == name or one in going]
    after = [shown(one) for one in present if (one.name == name or one in going) and one not in going]
    if any(change.action == "create" for change in changes):
        after.append({"name": name, "key_id": "(new)"})
    return before, after
