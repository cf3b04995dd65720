# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The common part of the jobs for client secrets and certificates: reading, planning, the result, the check at Entra."""

from __future__ import annotations

from datetime import timedelta
from typing import Any, Dict, FrozenSet, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from .._core.errors import LoginRefused
from .._core.module import Job, Plan
from .._core.redaction import Secrets
from .common import application, connected, decided, missing, name_of
from .common import difference as shown_difference
from .credential_plan import (
    Change,
    Credential,
    DesiredCredential,
    Removal,
    credential_of,
    difference,
    in_use,
    kept_one,
    plan,
    plan_removal,
)
from .graph_permissions_needed import READ_APPLICATION
from .login import read_login
from .timestamps import written
from .token_errors import claims
from .tokens import Client, client_token


class Documents(NamedTuple):
    """The ids of a registration and its credentials as Graph's JSON. The ids are None when there is no registration."""

    object_id: Optional[str]
    app_id: Optional[str]
    secrets: Tuple[Mapping[str, Any], ...] = ()
    certificates: Tuple[Mapping[str, Any], ...] = ()
    audience: str = ""


class CredentialJob(Job):
    """Create a credential of one kind that is valid long enough, or remove unused ones. Subclasses write one kind."""

    def __init__(self, module, certificate_thumbprint: Optional[str] = None) -> None:
        params = self._params = module.params
        self._module = module
        self._graph = connected(module)
        self._desired = DesiredCredential(
            params["name"], timedelta(days=params["rotate_before_days"]), timedelta(days=params["valid_days"]),
            params["current_key_id"], certificate_thumbprint, params["renew"])
        removed = params["remove_key_id"]
        self._removal = Removal(
            params["name"], (removed,) if removed is not None else (), params["keep_key_id"],
            timedelta(seconds=params["grace_seconds"]))
        self._absent = params["state"] == "absent"

    def plan(self) -> Plan:
        """Read the registration's credentials and compare them with the desired ones. Raises MicrosoftFailed."""
        documents, changes = decided(self._graph, self._read, self._changes)
        if documents.object_id is None and not self._absent:
            if not self._module.check_mode:
                raise missing(self._params)
            self._module.warn(f"{missing(self._params)} So check mode assumes that an earlier task would create it.")
        if any(change.action == "create" for change in changes):
            self._check_creation(documents)
        before, after = difference(self._of_this_kind(documents), changes, self._params["name"])
        return Plan(changes, self._result(documents, changes), shown_difference(name_of(self._params), before, after))

    def apply(self, plan: Plan) -> Dict[str, Any]:
        """Create and remove credentials as planned; return the result. Raises MicrosoftFailed."""
        removed = frozenset(change.credential.key_id for change in plan.changes if change.credential)
        create = any(change.action == "create" for change in plan.changes)
        return {**plan.result, **self._write(removed, create)}

    # Methods for one kind of credential

    def _documents_of_this_kind(self, documents: Documents) -> Sequence[Mapping[str, Any]]:
        raise NotImplementedError

    def _documents_of_other_kind(self, documents: Documents) -> Sequence[Mapping[str, Any]]:
        raise NotImplementedError

    def _check_creation(self, documents: Documents) -> None:
        """Raise InputRefused when the options or the registration allow no new credential."""

    def _write(self, removed: FrozenSet[str], create: bool) -> Dict[str, Any]:
        """Remove these key ids and create a credential; return its part of the result. Raises MicrosoftFailed."""
        raise NotImplementedError

    # Methods for both kinds

    def _read(self) -> Documents:
        path = application(self._params, "id,appId,signInAudience,passwordCredentials,keyCredentials")
        document = self._graph.read(READ_APPLICATION, path, optional=True)
        if document is None:
            return Documents(None, None)
        secrets, certificates = (tuple(document.get(name) or ()) for name in ("passwordCredentials", "keyCredentials"))
        return Documents(
            str(document["id"]), str(document["appId"]), secrets, certificates, str(document.get("signInAudience") or ""))

    def _of_this_kind(self, documents: Documents) -> List[Credential]:
        return [credential_of(one) for one in self._documents_of_this_kind(documents)]

    def _of_other_kind(self, documents: Documents) -> List[Credential]:
        return [credential_of(one) for one in self._documents_of_other_kind(documents)]

    def _named(self, credentials: Sequence[Credential]) -> List[Credential]:
        return [one for one in credentials if one.name == self._params["name"]]

    def _changes(self, documents: Documents) -> List[Change]:
        present = self._of_this_kind(documents)
        if not self._absent:
            return plan(present, self._desired, self._graph.now)
        if not documents.object_id:
            return []
        return plan_removal(present, self._removal, self._graph.now, self._of_other_kind(documents))

    def _result(self, documents: Documents, changes: Sequence[Change]) -> Dict[str, Any]:
        removed = [change.credential.key_id for change in changes if change.credential]
        result: Dict[str, Any] = {
            "app_id": documents.app_id, "created": any(change.action == "create" for change in changes), "removed": removed,
            "reasons": [change.reason for change in changes]}
        present = self._of_this_kind(documents)
        kept = self._kept(documents, bool(result["created"]))
        result["others"] = [
            one.key_id for one in self._named(present) if one.key_id not in removed and not (kept and one.key_id == kept.key_id)]
        if not self._absent:
            of_other_kind = [one.key_id for one in self._named(self._of_other_kind(documents))]
            return {**result, **_facts(kept), "of_other_kind": of_other_kind}
        at = written(kept.starts + self._removal.grace) if kept and result["others"] else None
        return {**result, "removable_at": at}

    def _kept(self, documents: Documents, created: bool) -> Optional[Credential]:
        """Return the credential that stays in use; None when it is yet to be created, or the task keeps none."""
        present = self._of_this_kind(documents)
        if not self._absent:
            return None if created else in_use(present, self._desired)
        if self._removal.keep is None or not documents.object_id:
            return None
        return kept_one([*present, *self._of_other_kind(documents)], self._removal)

    def _is_accepted(self, app_id: str, credential: Any, secret: str) -> bool:
        """Whether Entra issues ``consecutive_reads`` tokens for the new credential before the deadline, else warn.

        ``credential`` is in msal's form; ``secret`` is hidden in the warning.
        """
        login = read_login(self._params["login"])
        tenant = str(claims(self._graph.token).get("tid") or login.tenant_id)
        client = Client(
            login.endpoints.authority_url, tenant, app_id, credential, f"{login.endpoints.graph_url}/.default", login.ca_file)
        hide = Secrets([*login.secrets, (None, secret)]).words
        count = 0
        while count < self._params["consecutive_reads"]:
            try:
                client_token(client, self._graph.deadline, hide)
                count += 1
            except LoginRefused as exc:
                count = 0
                if not exc.lag or not self._graph.wait(1.0):
                    self._module.warn(f"Entra does not accept the new credential yet: {hide(exc)}")
                    return False
        return True


def _facts(one: Optional[Credential]) -> Dict[str, Any]:
    return {
        "key_id": one and one.key_id, "expires_at": one and written(one.ends),
        "thumbprint": one.thumbprints[0].upper() if one and one.thumbprints else None}
