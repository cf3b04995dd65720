# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The job for certificates of an app registration: create or register one, remove unused ones."""

from __future__ import annotations

import contextlib
import uuid
from datetime import timedelta
from typing import Any, Dict, FrozenSet, List, Mapping, Optional, Sequence, Tuple

from .._core.errors import CatalogMailError, InputRefused, MicrosoftFailed
from .certificates import Certificate, Identity, encoded, new_identity, public_part
from .credential_job import CredentialJob, Documents
from .credential_plan import thumbprints
from .graph_permissions_needed import WRITE_APPLICATION
from .graph_requests import RequestOptions
from .timestamps import written


class ClientCertificate(CredentialJob):
    """Create or register a certificate that is valid long enough, or remove unused ones.

    Graph has no request that adds or removes one certificate: each change writes the whole list.
    """

    def __init__(self, module) -> None:
        text = module.params["certificate"]
        self._certificate = public_part("certificate", text) if text else None
        super().__init__(module, thumbprints(self._certificate.der)[0] if self._certificate else None)

    def _documents_of_this_kind(self, documents: Documents) -> Sequence[Mapping[str, Any]]:
        return documents.certificates

    def _documents_of_other_kind(self, documents: Documents) -> Sequence[Mapping[str, Any]]:
        return documents.secrets

    def _check_creation(self, documents: Documents) -> None:
        """Raise InputRefused when the task's certificate has expired; warn when it will soon."""
        if self._certificate is None:
            return
        ends = self._certificate.ends
        if ends <= self._graph.now:
            raise InputRefused("certificate", f"it was valid until {written(ends)}", "Give a valid certificate")
        if ends - self._graph.now <= self._desired.rotate_before:
            self._module.warn(f"The certificate is valid until {written(ends)} only. Give another one before that.")

    def _write(self, removed: FrozenSet[str], create: bool) -> Dict[str, Any]:
        """Write the whole list in one request; sending it twice does no harm."""
        made, addition, login = self._new_certificate() if create else ({}, None, None)
        added = [addition] if addition else []
        # The list is read as late as possible: certificates that others add after this read are lost.
        documents = self._read()
        listed = [*_staying(documents, removed), *added]
        self._send_list(documents, listed, added)
        self._wait_until_visible(frozenset(str(one["keyId"]) for one in listed), removed, bool(login))
        if login:
            made["accepted"] = self._is_accepted(str(documents.app_id), login, made["secret"])
        return made

    def _send_list(
        self, documents: Documents, listed: Sequence[Mapping[str, Any]], added: Sequence[Mapping[str, Any]],
    ) -> None:
        path = f"/applications/{documents.object_id}"
        try:
            answer = self._graph.send(
                WRITE_APPLICATION, "PATCH", path, {"keyCredentials": listed}, options=RequestOptions(fresh=True))
        except CatalogMailError:
            # The request may have registered a certificate whose key is lost now: remove the certificate, if possible.
            self._graph.begin_cleanup()
            with contextlib.suppress(CatalogMailError):
                back = _staying(self._read(), frozenset(str(one["keyId"]) for one in added))
                self._graph.send(WRITE_APPLICATION, "PATCH", path, {"keyCredentials": back})
            raise
        self._graph.expect(answer, WRITE_APPLICATION, "PATCH", path)

    def _wait_until_visible(self, expected: FrozenSet[str], removed: FrozenSet[str], only_warn: bool) -> None:
        def agrees(seen: Documents) -> bool:
            there = {one.key_id for one in self._of_this_kind(seen)}
            return expected <= there and not removed & there

        try:
            self._graph.wait_until_visible(self._read, agrees, "The list of certificates")
        except CatalogMailError as exc:
            if not only_warn:
                raise
            self._module.warn(f"The new credential was created, but: {exc}")

    def _new_certificate(self) -> Tuple[Dict[str, Any], Dict[str, Any], Optional[Dict[str, str]]]:
        """The result for a new certificate, its keyCredential for Graph, and its login in msal's form.

        The result has no ``secret``, and the login is None, when the task brings the certificate: its key is not known here.
        """
        now = self._graph.now.replace(microsecond=0)
        identity: Optional[Identity] = None
        if self._certificate is not None:
            certificate, starts = self._certificate, max(self._certificate.starts, now)
        else:
            # Valid from five minutes ago, for servers whose clock is slow.
            identity, certificate = new_identity(
                self._params["name"], now - timedelta(minutes=5), now + self._desired.valid_for)
            starts = now
        key_id = str(uuid.uuid4())
        made = {"key_id": key_id, "expires_at": written(certificate.ends), "thumbprint": thumbprints(certificate.der)[0].upper()}
        login: Optional[Dict[str, str]] = None
        if identity:
            made["secret"] = identity.private_key + identity.certificate
            login = {"private_key": identity.private_key, "public_certificate": identity.certificate}
        return made, _key_credential(key_id, self._params["name"], certificate, starts), login


def _staying(documents: Documents, removed: FrozenSet[str]) -> List[Mapping[str, Any]]:
    """Return the certificates to write back. Raises MicrosoftFailed when Graph omits the content of one: it would be lost."""
    kept = [one for one in documents.certificates if str(one["keyId"]) not in removed]
    hidden = [str(one.get("keyId")) for one in kept if not one.get("key")]
    if hidden:
        raise MicrosoftFailed(
            f"Microsoft Graph does not show the certificates {', '.join(hidden)}, so that the list cannot be written without "
            "losing them.", "Add and remove certificates of this registration by hand.")
    return kept


def _key_credential(key_id: str, name: str, certificate: Certificate, starts: Any) -> Dict[str, Any]:
    return {
        "type": "AsymmetricX509Cert", "usage": "Verify", "key": encoded(certificate), "keyId": key_id, "displayName": name,
        "startDateTime": written(starts), "endDateTime": written(certificate.ends)}
