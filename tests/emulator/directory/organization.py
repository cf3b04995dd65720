# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""/organization: the tenant itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.answer import Answer, entity, not_found
from emulator.directory.objects import home
from emulator.directory.permissions import READ_ORGANIZATION, require
from emulator.odata.paging import page
from emulator.odata.query import DIRECTORY, read_single
from emulator.odata.schema import ORGANIZATION
from emulator.routing import routes
from emulator.store import Document

if TYPE_CHECKING:
    from emulator.call import Call


@routes.add("GET", "organization")
def list_organization(call: Call) -> Answer:
    require(call, *READ_ORGANIZATION)
    return page(call, "organization", ORGANIZATION, [_organization(call)])


@routes.add("GET", "organization/{organization}")
def get(call: Call) -> Answer:
    require(call, *READ_ORGANIZATION)
    document = _organization(call)
    if call.key("organization").lower() != document["id"]:
        raise not_found(call.key("organization"))
    options = read_single(call.query, ORGANIZATION, DIRECTORY)
    return entity(call.context(f"organization{options.shown}/$entity"), options.pruned(document))


def _organization(call: Call) -> Document:
    tenant = home(call.world, call.tenant)
    domains = [
        {"capabilities": "Email, OfficeCommunicationsOnline", "isDefault": number == 0, "isInitial": number == 0, "name": name,
         "type": "Managed"}
        for number, name in enumerate(tenant["domains"])
    ]  # fmt: skip
    return {**tenant, "verifiedDomains": domains, "tenantType": "AAD", "deletedDateTime": None}
