"""addPassword and removePassword: the value of a secret goes out once."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from emulator import ids
from emulator.answer import Answer, bad_request, entity, nothing
from emulator.clock import exact, parsed
from emulator.directory import objects
from emulator.directory.permissions import require_writing
from emulator.entra.token import digest
from emulator.routing import routes
from emulator.store import Document
from emulator.world import World

if TYPE_CHECKING:
    from emulator.call import Call


def new_secret(world: World, wanted: dict[str, Any]) -> tuple[Document, str]:
    """A credential as it is kept, and its value. Without an end it lasts two years."""
    now = world.clock.now()
    begin = parsed(wanted["startDateTime"]) if wanted.get("startDateTime") else now
    if wanted.get("endDateTime"):
        end = parsed(wanted["endDateTime"])
    else:
        end = begin.replace(year=begin.year + 2) if (begin.month, begin.day) != (2, 29) else begin + timedelta(days=730)
    value = ids.secret_text()
    credential = {
        "customKeyIdentifier": None, "displayName": wanted.get("displayName"), "endDateTime": exact(end), "hint": value[:3],
        "keyId": ids.new(), "secretText": None, "startDateTime": exact(begin), "digest": digest(value),
    }  # fmt: skip
    return credential, value


@routes.add("POST", "applications/{application}/addPassword")
def add_password(call: Call) -> Answer:
    require_writing(call)
    document = objects.to_change(call, "application", "application")
    require_writing(call, document)
    wanted = (call.json() if call.body else {}).get("passwordCredential") or {}
    if not isinstance(wanted, dict):
        raise bad_request("Invalid value specified for property 'passwordCredential'.")
    try:
        credential, value = new_secret(call.world, wanted)
    except ValueError:
        raise bad_request("Invalid value specified for property 'endDateTime' of resource 'PasswordCredential'.") from None
    if parsed(credential["endDateTime"]) <= parsed(credential["startDateTime"]):
        raise bad_request("Credential end date is before its start date.", "CredentialInvalidLifetimeAsPerAppPolicy")
    document["passwordCredentials"].append(credential)
    call.world.store.put("application", document["id"], document)
    body = {name: given for name, given in credential.items() if name != "digest"} | {"secretText": value}
    return entity(call.context("microsoft.graph.passwordCredential"), body)


@routes.add("POST", "applications/{application}/removePassword")
def remove_password(call: Call) -> Answer:
    require_writing(call)
    document = objects.to_change(call, "application", "application")
    require_writing(call, document)
    key = call.json().get("keyId")
    kept = [one for one in document["passwordCredentials"] if one["keyId"] != key]
    if len(kept) == len(document["passwordCredentials"]):
        raise bad_request(f"No password credential found with keyId {key}.")
    call.world.store.put("application", document["id"], document | {"passwordCredentials": kept})
    return nothing()
