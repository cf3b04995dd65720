"""/organization: the tenant itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from emulator.answer import Answer
from emulator.directory.objects import home
from emulator.directory.permissions import READ_ORGANIZATION, require
from emulator.odata.paging import page
from emulator.odata.schema import ORGANIZATION
from emulator.routing import routes

if TYPE_CHECKING:
    from emulator.call import Call


@routes.add("GET", "organization")
def list_organization(call: Call) -> Answer:
    require(call, *READ_ORGANIZATION)
    tenant = home(call.world, call.tenant)
    domains = [
        {"capabilities": "Email, OfficeCommunicationsOnline", "isDefault": number == 0, "isInitial": number == 0, "name": name,
         "type": "Managed"}
        for number, name in enumerate(tenant["domains"])
    ]  # fmt: skip
    document = {**tenant, "verifiedDomains": domains, "tenantType": "AAD", "deletedDateTime": None}
    return page(call, "organization", ORGANIZATION, [document])
