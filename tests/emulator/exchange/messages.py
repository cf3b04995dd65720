"""Messages: list, get, raw MIME, mark, move, copy, delete."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING, Any

from emulator import ids
from emulator.answer import Answer, Refusal, entity, nothing
from emulator.exchange import access, mailboxes, mime
from emulator.exchange.compose import mime_of
from emulator.exchange.folders import item_not_found
from emulator.exchange.folders import named as folder_named
from emulator.odata.filter import leaves
from emulator.odata.paging import page_of
from emulator.odata.query import EXCHANGE, Options, read, read_single
from emulator.odata.schema import MESSAGE, check_known
from emulator.routing import routes
from emulator.store import Document

if TYPE_CHECKING:
    from emulator.call import Call

IN_ALL = "users/{user}/messages"
IN_FOLDER = "users/{user}/mailFolders/{folder}/messages"
ONE = IN_ALL + "/{message}"
ONE_IN_FOLDER = IN_FOLDER + "/{message}"
# What Mail.ReadBasic leaves out (Graph permissions reference), and what a PATCH may change of a message that is no draft.
NOT_BASIC = ("body", "bodyPreview", "uniqueBody", "attachments")
CHANGEABLE = ("isRead", "categories", "importance", "flag", "inferenceClassification", "isDeliveryReceiptRequested",
              "isReadReceiptRequested")  # fmt: skip


def _immutable(call: Call) -> bool:
    return call.preferences.get("idtype", "").lower() == "immutableid"


def _body_type(call: Call) -> str:
    return "text" if call.preferences.get("outlook.body-content-type", "").lower() == "text" else "html"


def _applied(call: Call) -> dict[str, str]:
    """Which preferences were followed."""
    found = []
    if "outlook.body-content-type" in call.preferences:
        found.append(f'outlook.body-content-type="{_body_type(call)}"')
    if _immutable(call):
        found.append('IdType="ImmutableId"')
    return {"Preference-Applied": ", ".join(found)} if found else {}


def shown(call: Call, user: Document, document: Document, options: Options) -> Document:
    """A message as it goes out: with what was selected, its body in the form that was preferred."""
    asked = options.select or MESSAGE.unasked
    full = dict(document)
    if {"body", "uniqueBody"} & set(asked):
        full["body"] = full["uniqueBody"] = _body(document, _body_type(call))
    if "internetMessageHeaders" in asked:
        headers = [] if document.get("submitted") and not call.world.setting("sent_items_headers") else (
            mime.headers(call.world.store.raw(document["immutableId"])))  # fmt: skip
        full["internetMessageHeaders"] = headers
    if _immutable(call):
        full["id"] = document["immutableId"]
    out = options.pruned(full)
    if not access.may(call, user, access.READ):
        out = {name: value for name, value in out.items() if name not in NOT_BASIC}
    if "singleValueExtendedProperties" in options.expand:
        out["singleValueExtendedProperties"] = document["singleValueExtendedProperties"]
    return {"@odata.etag": f'W/"{document["changeKey"]}"', **out}


def _body(document: Document, kind: str) -> dict[str, str]:
    if kind == "text":
        return {"contentType": "text", "content": document["text"]}
    html = document["html"] if document["html"] is not None else mime.html_of(document["text"])
    return {"contentType": "html", "content": html}


def _check_basic(call: Call, user: Document, options: Options) -> None:
    """With ReadBasic alone, what it leaves out may neither be selected, expanded nor searched for."""
    if access.may(call, user, access.READ):
        return
    filtered = {leaf.path.split("/")[0] for leaf in leaves(options.filter)} if options.filter else set()
    if {*options.select, *filtered} & {*NOT_BASIC, "singleValueExtendedProperties"} or options.expand:
        raise access.access_denied()


@routes.add("GET", IN_ALL)
@routes.add("GET", IN_FOLDER)
def list_messages(call: Call) -> Answer:
    user = access.mailbox(call, access.READ_BASIC)
    folder = folder_named(call, user, call.key("folder")) if "folder" in call.keys else None
    options = read(call.query, MESSAGE, EXCHANGE)
    _check_basic(call, user, options)
    held = list(mailboxes.listed(call.world, call.view, user, folder["id"] if folder else None))
    if not options.order:
        held.reverse()
        held.sort(key=lambda one: one["receivedDateTime"], reverse=True)
    context = f"users('{user['id']}')/" + (f"mailFolders('{call.key('folder')}')/" if folder else "") + "messages"
    answer = page_of(call, context, options, options.chosen(held), lambda one: shown(call, user, one, options))
    applied = [value for value in (answer.headers.get("Preference-Applied"), *_applied(call).values()) if value]
    return Answer(answer.status, answer.body, answer.headers | ({"Preference-Applied": ", ".join(applied)} if applied else {}))


@routes.add("GET", IN_ALL + "/$count")
@routes.add("GET", IN_FOLDER + "/$count")
def count(call: Call) -> Answer:
    user = access.mailbox(call, access.READ_BASIC)
    folder = folder_named(call, user, call.key("folder")) if "folder" in call.keys else None
    options = read(call.query, MESSAGE, EXCHANGE)
    found = options.chosen(mailboxes.listed(call.world, call.view, user, folder["id"] if folder else None))
    return Answer(200, str(len(found)).encode(), {"Content-Type": "text/plain"})


def one_of(call: Call, user: Document) -> Document:
    key = call.key("message")
    found = mailboxes.message(call.world, user, key)
    if found is None:
        if not key.startswith(("AAMk", "AAkA", "AQMk")):
            raise Refusal(400, "ErrorInvalidIdMalformed", "Id is malformed.")
        raise item_not_found()
    if "folder" in call.keys and found["parentFolderId"] != folder_named(call, user, call.key("folder"))["id"]:
        raise item_not_found()
    return found


def _context(user: Document) -> str:
    return f"users('{user['id']}')/messages"


def entity_of(call: Call, user: Document, document: Document, status: int = 200, options: Options | None = None) -> Answer:
    options = options or read_single({}, MESSAGE, EXCHANGE)
    return entity(
        call.context(f"{_context(user)}{options.shown}/$entity"), shown(call, user, document, options), status, _applied(call)
    )


@routes.add("GET", ONE)
@routes.add("GET", ONE_IN_FOLDER)
def get(call: Call) -> Answer:
    user = access.mailbox(call, access.READ_BASIC)
    options = read_single(call.query, MESSAGE, EXCHANGE)
    _check_basic(call, user, options)
    return entity_of(call, user, one_of(call, user), options=options)


@routes.add("GET", ONE + "/$value")
@routes.add("GET", ONE_IN_FOLDER + "/$value")
def get_raw(call: Call) -> Answer:
    user = access.mailbox(call, access.READ)
    document = one_of(call, user)
    return Answer(200, call.world.store.raw(document["immutableId"]), {"Content-Type": "text/plain"})


@routes.add("PATCH", ONE)
@routes.add("PATCH", ONE_IN_FOLDER)
def update(call: Call) -> Answer:
    user = access.mailbox(call, access.WRITE)
    given = call.json()
    unknown = check_known(MESSAGE, given)
    if unknown:
        raise Refusal(
            400, "RequestBodyRead", f"The property '{unknown}' does not exist on type 'microsoft.graph.message'. Make sure to"
            " only use property names that are defined by the type.",
        )  # fmt: skip
    document = one_of(call, user)
    if document["isDraft"]:
        return entity_of(call, user, _changed_draft(call, user, document, given))
    for name in given:
        if name not in CHANGEABLE and name != "singleValueExtendedProperties":
            raise Refusal(400, "ErrorInvalidPropertySet", f"Set action is invalid for property '{name}'.")
    _check_values(given)
    return entity_of(call, user, mailboxes.change(call.world, document, **given))


def _changed_draft(call: Call, user: Document, document: Document, given: dict[str, Any]) -> Document:
    """Of a draft everything may be changed; what it says is composed anew, under its Message-ID."""
    raw = call.world.store.raw(document["immutableId"])
    if not set(given) <= {*CHANGEABLE, "singleValueExtendedProperties"}:
        kept = ("subject", "toRecipients", "ccRecipients", "bccRecipients", "replyTo", "from", "importance")
        kind = "html" if document["html"] is not None else "text"
        body = {"contentType": kind, "content": document[kind]}
        composed = {**{name: document[name] for name in kept if document[name]}, "body": body, **given}
        sender = {"address": user["mail"], "name": user["displayName"]}
        before, message = mime.parsed(raw), mime.parsed(mime_of(composed, sender))
        for name in ("Message-ID", "In-Reply-To", "References"):
            if mime.header(before, name):
                message[name] = mime.header(before, name)
        raw = message.as_bytes()
        call.world.store.put_raw(document["immutableId"], raw)
        given = {**mime.properties(raw, document["sentDateTime"]), **{key: given[key] for key in CHANGEABLE if key in given}}
    return mailboxes.change(call.world, document, **given)


def _check_values(given: dict[str, Any]) -> None:
    kinds: dict[str, type] = {"isRead": bool, "categories": list}
    for name, kind in kinds.items():
        if name in given and not isinstance(given[name], kind):
            raise Refusal(
                400, "RequestBodyRead", f"Cannot convert the literal '{given[name]}' to the expected type of '{name}'."
            )


@routes.add("POST", ONE + "/move")
@routes.add("POST", ONE_IN_FOLDER + "/move")
def move(call: Call) -> Answer:
    """201, and a new id; the immutable one stays."""
    user = access.mailbox(call, access.WRITE)
    document, target = one_of(call, user), _destination(call, user)
    return entity_of(
        call, user, mailboxes.change(call.world, document, id=ids.message_id(), parentFolderId=target["id"]), 201
    )


@routes.add("POST", ONE + "/copy")
@routes.add("POST", ONE_IN_FOLDER + "/copy")
def copy(call: Call) -> Answer:
    user = access.mailbox(call, access.WRITE)
    document, target = one_of(call, user), _destination(call, user)
    raw = call.world.store.raw(document["immutableId"])
    document |= {"id": ids.message_id(), "immutableId": ids.immutable_id(), "parentFolderId": target["id"]}
    call.world.store.put_raw(document["immutableId"], raw)
    return entity_of(call, user, mailboxes.change(call.world, document), 201)


def _destination(call: Call, user: Document) -> Document:
    given = {name.lower(): value for name, value in call.json().items()}
    name = given.get("destinationid")
    if not name:
        raise Refusal(400, "ErrorInvalidParameter", "The value of the parameter 'DestinationId' is empty.")
    return folder_named(call, user, str(name))


@routes.add("DELETE", ONE)
@routes.add("DELETE", ONE_IN_FOLDER)
def delete(call: Call) -> Answer:
    """To Recoverable Items, out of sight of the folders."""
    user = access.mailbox(call, access.WRITE)
    document = one_of(call, user)
    hidden = folder_named(call, user, "recoverableitemsdeletions")
    if document["parentFolderId"] == hidden["id"]:
        mailboxes.remove(call.world, document)
    else:
        mailboxes.change(call.world, document, id=ids.message_id(), parentFolderId=hidden["id"])
    return nothing()


@routes.add("GET", ONE + "/attachments")
@routes.add("GET", ONE_IN_FOLDER + "/attachments")
def list_attachments(call: Call) -> Answer:
    user = access.mailbox(call, access.READ)
    document = one_of(call, user)
    found = []
    for number, part in enumerate(mime.parsed(call.world.store.raw(document["immutableId"])).walk()):
        if part.get_content_disposition() == "attachment":
            content = bytes(part.get_payload(decode=True) or b"")
            found.append({
                "@odata.type": "#microsoft.graph.fileAttachment", "@odata.mediaContentType": part.get_content_type(),
                "id": f"{document['id']}{number}", "lastModifiedDateTime": document["lastModifiedDateTime"],
                "name": part.get_filename() or "", "contentType": part.get_content_type(), "size": len(content),
                "isInline": False, "contentId": None, "contentLocation": None,
                "contentBytes": base64.b64encode(content).decode(),
            })  # fmt: skip
    return entity(call.context(f"{_context(user)}('{call.key('message')}')/attachments"), {"value": found})
