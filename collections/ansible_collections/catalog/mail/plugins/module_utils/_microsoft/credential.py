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

from .._core.errors import CatalogMailError, InputRefused, LoginRefused, MicrosoftFailed
from .._core.module import Job, Plan, Spec
from .._core.redaction import Secrets
from .certificates import Certificate, Identity, encoded, new_identity, public_part
from .common import MICROSOFT, WHICH, application, connected, decided, missing, name_of
from .common import difference as shown_difference
from .credential_plan import (
    Change,
    Credential,
    Removal,
    Wish,
    credential_of,
    difference,
    in_use,
    kept_one,
    plan,
    plan_removal,
    thumbprints,
)
from .graph_client import More
from .graph_permissions_needed import READ_APPLICATION, WRITE_APPLICATION
from .graph_responses import Answer, error_of
from .login import read_login
from .timestamps import moment, written
from .token_errors import claims
from .tokens import Client, client_token

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

# Of any span of time.
_DAYS = 3650


class Found(NamedTuple):
    """The registration's ids, its credentials of the task's kind and of the other; ids are None where there is none.

    ``documents``: its certificates as Graph has them.
    """

    object_id: Optional[str]
    app_id: Optional[str]
    credentials: Tuple[Credential, ...] = ()
    elsewhere: Tuple[Credential, ...] = ()
    documents: Tuple[Mapping[str, Any], ...] = ()


class EntraCredential(Job):
    """Have a credential that is valid long enough, or remove those that are not in use."""

    def __init__(self, module) -> None:
        params = self._params = module.params
        _check(params)
        self._module = module
        self._certificate = public_part("certificate", params["certificate"]) if params["certificate"] else None
        self._graph = connected(module)
        self._wish = Wish(
            params["name"], timedelta(days=params["rotate_before"]), timedelta(days=params["valid_for"]), params["known_key_id"],
            thumbprints(self._certificate.der)[0] if self._certificate else None, params["renew"])
        keep, named = params["keep_key_id"], params["key_id"]
        self._removal = Removal(params["name"], (named,) if named is not None else (), keep, timedelta(seconds=params["grace"]))
        self._absent = params["state"] == "absent"

    def plan(self) -> Plan:
        """Read the registration's credentials and compare them with the desired ones. Raises MicrosoftFailed."""
        found, changes = decided(self._graph, self._read, self._changes)
        if found.object_id is None and not self._absent:
            if not self._module.check_mode:
                raise missing(self._params)
            self._module.warn(f"{missing(self._params)} So this check mode takes it for one that is yet to be made.")
        if any(change.action == "create" for change in changes):
            self._check_certificate()
        before, after = difference(found.credentials, changes, self._params["name"])
        return Plan(changes, self._result(found, changes), shown_difference(name_of(self._params), before, after))

    def apply(self, plan: Plan) -> Dict[str, Any]:
        """Create and remove credentials as planned; return the result. Raises MicrosoftFailed."""
        gone = frozenset(change.credential.key_id for change in plan.changes if change.credential)
        create = any(change.action == "create" for change in plan.changes)
        made: Dict[str, Any] = {}
        if self._params["kind"] == "certificate":
            made = self._write_certificates(gone, create)
        elif create:
            made = self._create_secret()
        else:
            self._remove_secrets(gone)
        return {**plan.result, **made}

    def _changes(self, found: Found) -> List[Change]:
        if self._absent:
            return plan_removal(found.credentials, self._removal, self._graph.now, found.elsewhere) if found.object_id else []
        return plan(found.credentials, self._wish, self._graph.now)

    def _read(self) -> Found:
        path = application(self._params, "id,appId,passwordCredentials,keyCredentials")
        document = self._graph.read(READ_APPLICATION, path, optional=True)
        if document is None:
            return Found(None, None)
        secrets, certificates = (tuple(document.get(name) or ()) for name in ("passwordCredentials", "keyCredentials"))
        here, elsewhere = (certificates, secrets) if self._params["kind"] == "certificate" else (secrets, certificates)
        return Found(
            str(document["id"]), str(document["appId"]), tuple(map(credential_of, here)), tuple(map(credential_of, elsewhere)),
            certificates)

    def _result(self, found: Found, changes: Sequence[Change]) -> Dict[str, Any]:
        removed = [change.credential.key_id for change in changes if change.credential]
        result: Dict[str, Any] = {
            "app_id": found.app_id, "created": any(change.action == "create" for change in changes), "removed": removed,
            "reasons": [change.reason for change in changes]}
        kept = self._kept(found, bool(result["created"]))
        result["others"] = [one.key_id for one in self._ours(found.credentials) if one is not kept and one.key_id not in removed]
        if not self._absent:
            of_other_kind = [one.key_id for one in self._ours(found.elsewhere)]
            return {**result, **_facts(kept), "of_other_kind": of_other_kind}
        at = written(kept.starts + self._removal.grace) if kept and result["others"] else None
        return {**result, "removable_at": at}

    def _kept(self, found: Found, created: bool) -> Optional[Credential]:
        """The one that stays as the one in use; None for one that is yet to be made, and where the task keeps none."""
        if not self._absent:
            return None if created else in_use(found.credentials, self._wish)
        keeps = self._removal.keep is not None and found.object_id
        return kept_one([*found.credentials, *found.elsewhere], self._removal) if keeps else None

    def _ours(self, credentials: Sequence[Credential]) -> List[Credential]:
        return [one for one in credentials if one.name == self._params["name"]]

    # Secrets.

    def _create_secret(self) -> Dict[str, Any]:
        """A new secret. Whatever happens once there is an answer, its value is returned: nobody can read it again."""
        found = self._read()
        ends = self._graph.now + self._wish.valid_for
        known = frozenset(one.key_id for one in found.credentials)
        path = f"/applications/{found.object_id}/addPassword"
        body = {"passwordCredential": {"displayName": self._params["name"], "endDateTime": written(ends)}}
        lost = False

        def look() -> None:
            nonlocal lost
            lost = True
            self._remove_strays(known)

        try:
            answer = self._graph.send(WRITE_APPLICATION, "POST", path, body, more=More(fresh=True, look=look))
        except CatalogMailError:
            # It is given up. What it may have made is removed as far as that goes now; else the next run does it.
            with contextlib.suppress(CatalogMailError):
                self._remove_strays(known)
            raise
        self._graph.expect(answer, WRITE_APPLICATION, "POST", path)
        secret, key_id = _issued(answer)
        self._settled(key_id, known | {key_id} if lost else None)
        accepted = self._accepted(str(found.app_id), secret)
        expires = moment(str(answer.body.get("endDateTime") or written(ends)))
        return {"secret": secret, "key_id": key_id, "expires_at": written(expires), "accepted": accepted}

    def _remove_strays(self, known: FrozenSet[str]) -> None:
        """A try before this one may have made a secret whose value never came: it has our name and is not known."""
        for one in self._ours(self._read().credentials):
            if one.key_id not in known:
                self._send_removal(one.key_id)

    def _settled(self, key_id: str, known: Optional[FrozenSet[str]]) -> None:
        """Wait until it is seen. ``known`` is given where a try was lost: what that made may come to light only now."""
        def agrees(found: Found) -> bool:
            strays = [one for one in self._ours(found.credentials) if known is not None and one.key_id not in known]
            for one in strays:
                self._send_removal(one.key_id)
            return not strays and any(one.key_id == key_id for one in found.credentials)

        try:
            self._graph.settle(self._read, agrees, f"The new credential {key_id}")
        except CatalogMailError as exc:
            self._module.warn(f"There is a new credential, but: {exc}")

    def _remove_secrets(self, gone: FrozenSet[str]) -> None:
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

    def _check_certificate(self) -> None:
        """Raises InputRefused for one that is brought along and is of no use any more."""
        if self._certificate is None:
            return
        ends = self._certificate.ends
        if ends <= self._graph.now:
            raise InputRefused("certificate", f"it was valid until {written(ends)}", "Bring one that is valid")
        if ends - self._graph.now <= self._wish.rotate_before:
            self._module.warn(f"The certificate is valid until {written(ends)} only. Bring another one before that.")

    def _write_certificates(self, gone: FrozenSet[str], create: bool) -> Dict[str, Any]:
        """The whole list in one request, with those that stay as they are. It may be sent twice."""
        made, addition = self._new_certificate() if create else ({}, None)
        added = [addition] if addition else []
        # Who else writes this list in between is overwritten: it is read as late as can be.
        found = self._read()
        path = f"/applications/{found.object_id}"
        body = {"keyCredentials": [*_staying(found, gone), *added]}
        try:
            answer = self._graph.send(WRITE_APPLICATION, "PATCH", path, body, more=More(fresh=True))
        except CatalogMailError:
            # It is given up, and the key of what it may have registered with it: that is taken away again, if that goes.
            with contextlib.suppress(CatalogMailError):
                back = _staying(self._read(), frozenset(str(one["keyId"]) for one in added))
                self._graph.send(WRITE_APPLICATION, "PATCH", path, {"keyCredentials": back})
            raise
        self._graph.expect(answer, WRITE_APPLICATION, "PATCH", path)
        expected = frozenset(str(one["keyId"]) for one in body["keyCredentials"])

        def agrees(seen: Found) -> bool:
            there = {one.key_id for one in seen.credentials}
            return expected <= there and not gone & there

        try:
            self._graph.settle(self._read, agrees, "The list of certificates")
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
            certificate, starts = self._certificate, max(self._certificate.starts, now)
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
    for name, least, most in (("valid_for", 1, _DAYS), ("rotate_before", 0, _DAYS), ("grace", 0, _DAYS * 86400)):
        if not least <= params[name] <= most:
            raise InputRefused(name, f"{params[name]} is not from {least} to {most}", "Write a number that is")
    for name, state in (("key_id", "absent"), ("keep_key_id", "absent"), ("known_key_id", "present"), ("certificate", "present")):
        if params[name] is not None and params["state"] != state:
            raise InputRefused(name, f"it has no effect with state: {params['state']}", f"Leave it out, or set state: {state}")
    for name in ("key_id", "keep_key_id", "certificate"):
        if params[name] is not None and not params[name].strip():
            raise InputRefused(name, "it is empty", "Write it, or leave the option out")
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


def _staying(found: Found, gone: FrozenSet[str]) -> List[Mapping[str, Any]]:
    """Certificates as they are written back. Raises MicrosoftFailed for one whose content Graph withholds: it would be lost."""
    kept = [one for one in found.documents if str(one["keyId"]) not in gone]
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
