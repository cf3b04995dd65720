# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The use cases of entra_app_credential: a secret or a certificate is made, or those that are not needed go."""

from __future__ import annotations

import contextlib
import uuid
from datetime import timedelta
from typing import Any, Dict, FrozenSet, List, Mapping, NamedTuple, Optional, Sequence, Tuple

from ._credential import (
    Change,
    Credential,
    Removal,
    Wish,
    credential_of,
    difference,
    in_use,
    plan,
    plan_removal,
    removable_at,
    superseded,
    thumbprints,
)
from ._entra import Client, client_token
from ._entra_refusals import claims
from ._errors import CatalogMailError, InputRefused, LoginRefused, MicrosoftFailed
from ._graph import More
from ._graph_answers import Answer, error_of
from ._graph_rights import READ_APPLICATION, WRITE_APPLICATION
from ._login import read_login
from ._microsoft import MICROSOFT, WHICH, application, connected, decided, missing, name_of
from ._microsoft import difference as shown_difference
from ._module import Job, Plan, Spec
from ._moments import moment, written
from ._secrets import Secrets
from ._x509 import Certificate, Identity, encoded, new_identity, public_part

SPEC = MICROSOFT + WHICH + Spec(
    {
        "kind": {"type": "str", "choices": ["secret", "certificate"], "default": "secret"},
        "name": {"type": "str", "default": "catalog.mail"},
        # It is public, but somebody may hand over a file that has the key with it.
        "certificate": {"type": "str", "no_log": True},
        "rotate_before": {"type": "int", "default": 30},
        "renew": {"type": "bool", "default": False},
        "valid_for": {"type": "int", "default": 180},
        # Ids of keys are no secrets.
        "known_key_id": {"type": "str", "no_log": False},
        "keep_key_id": {"type": "str", "no_log": False},
        "key_id": {"type": "str", "no_log": False},
        "grace": {"type": "int", "default": 3600},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
    },
    mutually_exclusive=(("key_id", "keep_key_id"),),
)

_PROPERTIES = {"secret": "passwordCredentials", "certificate": "keyCredentials"}


class Found(NamedTuple):
    """The registration's ids and its credentials, those of certificates also as Graph has them; ids are None without one."""

    object_id: Optional[str]
    app_id: Optional[str]
    credentials: Tuple[Credential, ...] = ()
    documents: Tuple[Mapping[str, Any], ...] = ()


class EntraCredential(Job):
    """Have a credential that is valid long enough, or remove those that are not in use."""

    def __init__(self, module) -> None:
        params = self._params = module.params
        _check(params)
        self._module = module
        self._certificate = public_part("certificate", params["certificate"]) if params["certificate"] else None
        self._graph = connected(module)
        self._property = _PROPERTIES[params["kind"]]
        self._wish = Wish(
            params["name"], timedelta(days=params["rotate_before"]), timedelta(days=params["valid_for"]), params["known_key_id"],
            thumbprints(self._certificate.der)[0] if self._certificate else None, params["renew"])
        keep, named = params["keep_key_id"], params["key_id"]
        self._removal = Removal(params["name"], (named,) if named else (), keep, timedelta(seconds=params["grace"]))
        self._absent = params["state"] == "absent"

    def plan(self) -> Plan:
        found, changes = decided(self._graph, self._read, self._changes)
        if found.object_id is None and not self._absent:
            if not self._module.check_mode:
                raise missing(self._params)
            self._module.warn(f"{missing(self._params)} So this check mode takes it for one that is yet to be made.")
        before, after = difference(found.credentials, changes, self._params["name"])
        return Plan(changes, self._result(found, changes), shown_difference(name_of(self._params), before, after))

    def apply(self, plan: Plan) -> Dict[str, Any]:
        found = self._read()
        gone = frozenset(change.credential.key_id for change in plan.changes if change.credential)
        create = any(change.action == "create" for change in plan.changes)
        made: Dict[str, Any] = {}
        if self._params["kind"] == "certificate":
            made = self._write_certificates(found, gone, create)
        else:
            if gone:
                self._remove_secrets(found, gone)
            if create:
                made = self._create_secret(found)
        return {**self._result(found, plan.changes), **made}

    def _changes(self, found: Found) -> List[Change]:
        if self._absent:
            return plan_removal(found.credentials, self._removal, self._graph.now) if found.object_id else []
        return plan(found.credentials, self._wish, self._graph.now)

    def _read(self) -> Found:
        path = application(self._params, f"id,appId,{self._property}")
        document = self._graph.read(READ_APPLICATION, path, optional=True)
        if document is None:
            return Found(None, None)
        listed = tuple(document.get(self._property) or ())
        certificates = listed if self._params["kind"] == "certificate" else ()
        return Found(str(document["id"]), str(document["appId"]), tuple(map(credential_of, listed)), certificates)

    def _result(self, found: Found, changes: Sequence[Change]) -> Dict[str, Any]:
        removed = [change.credential.key_id for change in changes if change.credential]
        result: Dict[str, Any] = {
            "app_id": found.app_id, "created": any(change.action == "create" for change in changes), "removed": removed,
            "reasons": [change.reason for change in changes]}
        if self._absent:
            until = removable_at(found.credentials, self._removal) if found.object_id else None
            waiting = [] if removed or until is None else superseded(found.credentials, self._removal)
            at = written(until) if waiting and until else None
            return {**result, "others": [one.key_id for one in waiting], "removable_at": at}
        used = in_use(found.credentials, self._wish)
        kept = None if result["created"] else used
        others = [
            one.key_id for one in found.credentials
            if one.name == self._params["name"] and one is not kept and one.key_id not in removed]
        return {**result, **_facts(kept), "others": others}

    # Secrets.

    def _create_secret(self, found: Found) -> Dict[str, Any]:
        """A new secret. Whatever happens once there is an answer, its value is returned: nobody can read it again."""
        ends = self._graph.now + self._wish.valid_for
        known = frozenset(one.key_id for one in found.credentials)
        path = f"/applications/{found.object_id}/addPassword"
        body = {"passwordCredential": {"displayName": self._params["name"], "endDateTime": written(ends)}}
        more = More(fresh=True, look=lambda: self._remove_strays(known))
        try:
            answer = self._graph.send(WRITE_APPLICATION, "POST", path, body, more=more)
        except CatalogMailError:
            # It is given up. What it may have made is removed as far as that goes now; else the next run does it.
            with contextlib.suppress(CatalogMailError):
                self._remove_strays(known)
            raise
        self._graph.expect(answer, WRITE_APPLICATION, "POST", path)
        secret, key_id = _issued(answer)
        self._settled(known | {key_id}, key_id)
        accepted = self._accepted(str(found.app_id), secret)
        expires = moment(str(answer.body.get("endDateTime") or written(ends)))
        return {"secret": secret, "key_id": key_id, "expires_at": written(expires), "accepted": accepted}

    def _remove_strays(self, known: FrozenSet[str]) -> None:
        """A try before this one may have made a secret whose value never came: it has our name and is not known."""
        for one in self._read().credentials:
            if one.name == self._params["name"] and one.key_id not in known:
                self._send_removal(one.key_id)

    def _settled(self, known: FrozenSet[str], key_id: str) -> None:
        def agrees(found: Found) -> bool:
            strays = [one for one in found.credentials if one.name == self._params["name"] and one.key_id not in known]
            for one in strays:
                self._send_removal(one.key_id)
            return not strays and any(one.key_id == key_id for one in found.credentials)

        try:
            self._graph.settle(self._read, agrees, f"The new credential {key_id}")
        except CatalogMailError as exc:
            self._module.warn(f"There is a new credential, but: {exc}")

    def _remove_secrets(self, found: Found, gone: FrozenSet[str]) -> None:
        def agrees(seen: Found) -> bool:
            left = [one.key_id for one in seen.credentials if one.key_id in gone]
            for key_id in left:
                self._send_removal(key_id)
            return not left

        for key_id in sorted(gone):
            self._send_removal(key_id)
        self._graph.settle(self._read, agrees, f"The removal of {', '.join(sorted(gone))}")

    def _send_removal(self, key_id: str) -> None:
        path = f"/applications/{self._read().object_id}/removePassword"
        answer = self._graph.send(WRITE_APPLICATION, "POST", path, {"keyId": key_id}, more=More(fresh=False))
        if not _is_gone(answer):
            self._graph.expect(answer, WRITE_APPLICATION, "POST", path)

    # Certificates.

    def _write_certificates(self, found: Found, gone: FrozenSet[str], create: bool) -> Dict[str, Any]:
        """The whole list in one request, with those that stay as they are. It may be sent twice."""
        kept = [one for one in found.documents if str(one["keyId"]) not in gone]
        _check_kept(kept)
        made, addition = self._new_certificate() if create else ({}, None)
        path = f"/applications/{found.object_id}"
        body = {"keyCredentials": [*kept, *([addition] if addition else [])]}
        try:
            answer = self._graph.send(WRITE_APPLICATION, "PATCH", path, body, more=More(fresh=True))
        except CatalogMailError:
            # It is given up, and the key of what it may have registered with it: what was there is put back, if that goes.
            with contextlib.suppress(CatalogMailError):
                self._graph.send(WRITE_APPLICATION, "PATCH", path, {"keyCredentials": list(found.documents)})
            raise
        self._graph.expect(answer, WRITE_APPLICATION, "PATCH", path)
        expected = {str(one["keyId"]) for one in body["keyCredentials"]}
        try:
            self._graph.settle(
                self._read, lambda seen: {one.key_id for one in seen.credentials} == expected, "The list of certificates")
        except CatalogMailError as exc:
            if not made.get("secret"):
                raise
            self._module.warn(f"There is a new credential, but: {exc}")
        if made.get("secret"):
            made["accepted"] = self._accepted(str(found.app_id), made["secret"])
        return made

    def _new_certificate(self) -> Tuple[Dict[str, Any], Dict[str, Any]]:
        """What is returned of a new one, and what Graph is told. With a certificate of the task's own there is no secret."""
        now = self._graph.now.replace(microsecond=0)
        identity: Optional[Identity] = None
        if self._certificate is not None:
            certificate, starts = self._certificate, self._certificate.starts
        else:
            # A little earlier than now, for clocks that are late.
            identity, certificate = new_identity(self._params["name"], now - timedelta(minutes=5), now + self._wish.valid_for)
            starts = now
        key_id = str(uuid.uuid4())
        made = {"key_id": key_id, "expires_at": written(certificate.ends), "thumbprint": thumbprints(certificate.der)[0].upper()}
        if identity:
            made["secret"] = identity.private_key + identity.certificate
        return made, _key_credential(key_id, self._params["name"], certificate, starts)

    # Both.

    def _accepted(self, app_id: str, secret: str) -> bool:
        """Whether Entra gives tokens for the new credential by now, asked until it does so every time."""
        login = read_login(self._params["login"])
        tenant = str(claims(self._graph.token).get("tid") or login.tenant_id)
        credential: Any = secret
        if self._params["kind"] == "certificate":
            # Key and certificate stand in one text, in this order.
            mark = "-----BEGIN CERTIFICATE-----"
            key, _mark, certificate = secret.partition(mark)
            credential = {"private_key": key, "public_certificate": mark + certificate}
        client = Client(
            login.endpoints.authority_url, tenant, app_id, credential, f"{login.endpoints.graph_url}/.default", login.ca_file)
        hide = Secrets([*login.secrets, (None, secret)]).words
        count = 0
        while count < self._params["consecutive_reads"]:
            try:
                client_token(client, self._graph.patience, hide)
                count += 1
            except LoginRefused as exc:
                count = 0
                if not exc.lag or not self._graph.waits(1.0):
                    self._module.warn(f"Entra does not take the new credential yet: {hide(exc)}")
                    return False
        return True


def _check(params: Mapping[str, Any]) -> None:
    """Raises InputRefused for options that cannot work."""
    for name in ("valid_for", "rotate_before", "grace"):
        if params[name] < (1 if name == "valid_for" else 0):
            raise InputRefused(name, f"{params[name]} is too little", "Write more")
    if params["state"] == "present" and params["valid_for"] <= params["rotate_before"] and not params["certificate"]:
        raise InputRefused(
            "rotate_before", f"with {params['rotate_before']} days a credential that is valid for {params['valid_for']} would be "
            "replaced in every run", "Make it less than valid_for")
    if not params["name"].strip() or len(params["name"]) > 120:
        raise InputRefused("name", "it is the mark of our credentials", "Write 1 to 120 characters")
    if params["certificate"] and params["kind"] != "certificate":
        raise InputRefused("certificate", "it has no effect with kind: secret", "Set kind: certificate, or leave it out")


def _facts(one: Optional[Credential]) -> Dict[str, Any]:
    return {
        "key_id": one and one.key_id, "expires_at": one and written(one.ends),
        "thumbprint": one.thumbprints[0].upper() if one and one.thumbprints else None}


def _issued(answer: Answer) -> Tuple[str, str]:
    """The value and the key id of a new secret."""
    body = answer.body if isinstance(answer.body, Mapping) else {}
    secret, key_id = body.get("secretText"), body.get("keyId")
    if not secret or not key_id:
        raise MicrosoftFailed(
            "Microsoft Graph answered a new secret without its value.", "Run it again: what was made is removed then.",
            status=answer.status)
    return str(secret), str(key_id)


def _is_gone(answer: Answer) -> bool:
    """Whether a secret was not removed as it is not there."""
    return answer.status == 404 or (answer.status == 400 and "found" in error_of(answer).message.lower())


def _check_kept(kept: List[Mapping[str, Any]]) -> None:
    """Certificates are written back as they are; one whose content Graph withholds would be lost."""
    hidden = [str(one.get("keyId")) for one in kept if not one.get("key")]
    if hidden:
        raise MicrosoftFailed(
            f"Microsoft Graph does not show the certificates {', '.join(hidden)}, so that the list cannot be written without "
            "losing them.", "Add and remove certificates of this registration by hand.")


def _key_credential(key_id: str, name: str, certificate: Certificate, starts: Any) -> Dict[str, Any]:
    return {
        "type": "AsymmetricX509Cert", "usage": "Verify", "key": encoded(certificate), "keyId": key_id, "displayName": name,
        "startDateTime": written(starts), "endDateTime": written(certificate.ends)}
