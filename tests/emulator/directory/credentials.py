# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""addPassword and removePassword: the value of a secret goes out once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from emulator import ids
from emulator.answer import Answer, bad_request, entity, nothing
from emulator.clock import exact, parsed
from emulator.directory import objects
from emulator.directory.permissions import require_writing
from emulator.entra.token import digest
from emulator.odata.schema import ADD_PASSWORD, REMOVE_PASSWORD
from emulator.odata.writing import written
from emulator.routing import routes
from emulator.store import Document
from emulator.world import World

if TYPE_CHECKING:
    from emulator.call import Call


def new_secret(world: World, wanted: dict[str, Any]) -> tuple[Document, str]:
    """A credential as it is kept, and its value. Without an end it lasts two years."""
    begin = exact(world.clock.now())
    end = wanted.get("endDateTime") or _two_years_after(begin)
    value = ids.secret_text()
    credential = {
        "customKeyIdentifier": None, "displayName": wanted.get("displayName"), "endDateTime": end, "hint": value[:3],
        "keyId": ids.new(), "secretText": None, "startDateTime": begin, "digest": digest(value),
    }  # fmt: skip
    return credential, value


def _two_years_after(moment: str) -> str:
    """The 28th for the 29th of February."""
    return f"{min(int(moment[:4]) + 2, 9999)}{moment[4:]}".replace("-02-29T", "-02-28T")


@routes.add("POST", "applications/{application}/addPassword")
def add_password(call: Call) -> Answer:
    require_writing(call)
    document = objects.to_change(call, "application", "application")
    require_writing(call, document)
    wanted = written(ADD_PASSWORD, call.json() if call.body else {}).get("passwordCredential") or {}
    credential, value = new_secret(call.world, wanted)
    if parsed(credential["endDateTime"]) <= parsed(credential["startDateTime"]):
        raise bad_request("Credential end date is before its start date.", "CredentialInvalidLifetimeAsPerAppPolicy")
    _check_number(document)
    document["passwordCredentials"].append(credential)
    call.world.store.put("application", document["id"], document)
    body = {name: given for name, given in credential.items() if name != "digest"} | {"secretText": value}
    return entity(call.context("microsoft.graph.passwordCredential"), body)


def _check_number(document: Document) -> None:
    """Expired secrets count as well."""
    most = objects.MOST_SECRETS
    if document["signInAudience"] in objects.PERSONAL and len(document["passwordCredentials"]) >= most:
        raise bad_request(f"Not allowed to add {most + 1} passwords. You can only add a maximum of {most} passwords.")


@routes.add("POST", "applications/{application}/removePassword")
def remove_password(call: Call) -> Answer:
    require_writing(call)
    document = objects.to_change(call, "application", "application")
    require_writing(call, document)
    key = written(REMOVE_PASSWORD, call.json()).get("keyId")
    kept = [one for one in document["passwordCredentials"] if one["keyId"] != key]
    if len(kept) == len(document["passwordCredentials"]):
        raise bad_request(f"No password credential found with keyId {key}.")
    call.world.store.put("application", document["id"], document | {"passwordCredentials": kept})
    return nothing()
