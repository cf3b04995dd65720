# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The job for client secrets of an app registration: create one, remove unused ones."""

from __future__ import annotations

import contextlib
from typing import Any, Dict, FrozenSet, Mapping, Optional, Sequence, Tuple

from .._core.errors import CatalogMailError, MicrosoftFailed
from .credential_job import CredentialJob, Documents
from .credential_plan import check_number
from .graph_permissions_needed import WRITE_APPLICATION
from .graph_requests import RequestOptions
from .graph_responses import Answer, error_of
from .timestamps import moment, written


class ClientSecret(CredentialJob):
    """Create a client secret that is valid long enough, or remove unused ones."""

    def _documents_of_this_kind(self, documents: Documents) -> Sequence[Mapping[str, Any]]:
        return documents.secrets

    def _documents_of_other_kind(self, documents: Documents) -> Sequence[Mapping[str, Any]]:
        return documents.certificates

    def _check_creation(self, documents: Documents) -> None:
        check_number(self._of_this_kind(documents), documents.audience, self._graph.now)

    def _write(self, removed: FrozenSet[str], create: bool) -> Dict[str, Any]:
        if create:
            return self._create()
        self._remove(removed)
        return {}

    def _create(self) -> Dict[str, Any]:
        """Create a secret. After Graph's answer the value is returned in every case, since it cannot be read again."""
        documents = self._read()
        ends = self._graph.now + self._desired.valid_for
        known = frozenset(one.key_id for one in self._of_this_kind(documents))
        path = f"/applications/{documents.object_id}/addPassword"
        body = {"passwordCredential": {"displayName": self._params["name"], "endDateTime": written(ends)}}
        lost = False

        def look() -> None:
            nonlocal lost
            lost = True
            self._remove_strays(known)

        try:
            answer = self._graph.send(WRITE_APPLICATION, "POST", path, body, options=RequestOptions(fresh=True, look=look))
        except CatalogMailError:
            # Remove now what the request may have created; when that fails as well, the next run removes it.
            self._graph.begin_cleanup()
            with contextlib.suppress(CatalogMailError):
                self._remove_strays(known)
            raise
        self._graph.expect(answer, WRITE_APPLICATION, "POST", path)
        secret, key_id = _issued(answer)
        self._wait_until_visible(key_id, known | {key_id} if lost else None)
        accepted = self._is_accepted(str(documents.app_id), secret, secret)
        expires = moment(str(answer.body.get("endDateTime") or written(ends)))
        return {"secret": secret, "key_id": key_id, "expires_at": written(expires), "accepted": accepted}

    def _remove_strays(self, known: FrozenSet[str]) -> None:
        """Remove secrets of this name that a lost answer may have created: their key ids are not ``known``."""
        for one in self._named(self._of_this_kind(self._read())):
            if one.key_id not in known:
                self._send_removal(one.key_id)

    def _wait_until_visible(self, key_id: str, known: Optional[FrozenSet[str]]) -> None:
        """Wait until reads show the secret. ``known``: after a lost answer, remove secrets of this name that are not in it."""
        def agrees(documents: Documents) -> bool:
            present = self._of_this_kind(documents)
            strays = [one for one in self._named(present) if known is not None and one.key_id not in known]
            for one in strays:
                self._send_removal(one.key_id)
            return not strays and any(one.key_id == key_id for one in present)

        try:
            self._graph.wait_until_visible(self._read, agrees, f"The new credential {key_id}")
        except CatalogMailError as exc:
            self._module.warn(f"The new credential was created, but: {exc}")

    def _remove(self, key_ids: FrozenSet[str]) -> None:
        def agrees(documents: Documents) -> bool:
            left = [one.key_id for one in self._of_this_kind(documents) if one.key_id in key_ids]
            for key_id in left:
                self._send_removal(key_id)
            return not left

        for key_id in sorted(key_ids):
            self._send_removal(key_id)
        self._graph.wait_until_visible(self._read, agrees, f"The removal of {', '.join(sorted(key_ids))}")

    def _send_removal(self, key_id: str) -> None:
        path = f"/applications/{self._read().object_id}/removePassword"
        answer = self._graph.send(WRITE_APPLICATION, "POST", path, {"keyId": key_id})
        if not _is_gone(answer):
            self._graph.expect(answer, WRITE_APPLICATION, "POST", path)


def _issued(answer: Answer) -> Tuple[str, str]:
    """The value and the key id of a new secret. Raises MicrosoftFailed when the answer lacks one of them."""
    body = answer.body if isinstance(answer.body, Mapping) else {}
    secret, key_id = body.get("secretText"), body.get("keyId")
    if not secret or not key_id:
        raise MicrosoftFailed(
            "Microsoft Graph answered a new secret without its value.", "Run the task again: it removes that secret.",
            status=answer.status)
    return str(secret), str(key_id)


def _is_gone(answer: Answer) -> bool:
    """Whether Graph refused to remove a secret because it does not exist."""
    return answer.status == 404 or (answer.status == 400 and "found" in error_of(answer).message.lower())
