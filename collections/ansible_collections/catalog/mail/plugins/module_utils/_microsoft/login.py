# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""How the automation logs in: the options, and which of the ways they mean. An edge, as it looks at the environment."""

from __future__ import annotations

import os
import re
import shutil
from typing import Any, Dict, Mapping, NamedTuple, Optional, Tuple

from ansible.module_utils.common.parameters import env_fallback

from .._core.errors import InputRefused
from .clouds import ENDPOINTS, Endpoints, endpoints

METHODS = ("auto", "client_secret", "certificate", "managed_identity", "azure_cli", "token")


def _from(variable: str) -> Tuple[Any, Any]:
    return (env_fallback, [variable])


LOGIN: Dict[str, Any] = {
    "type": "dict",
    "apply_defaults": True,
    "options": {
        "method": {"type": "str", "choices": list(METHODS), "default": "auto"},
        "tenant_id": {"type": "str", "fallback": _from("AZURE_TENANT_ID")},
        "client_id": {"type": "str", "fallback": _from("AZURE_CLIENT_ID")},
        "client_secret": {"type": "str", "no_log": True, "fallback": _from("AZURE_CLIENT_SECRET")},
        "certificate_file": {"type": "path", "fallback": _from("AZURE_CLIENT_CERTIFICATE_PATH")},
        "certificate_password": {"type": "str", "no_log": True, "fallback": _from("AZURE_CLIENT_CERTIFICATE_PASSWORD")},
        "access_token": {"type": "str", "no_log": True},
        "cloud": {"type": "str", "choices": list(ENDPOINTS), "default": "global"},
        "authority_url": {"type": "str"},
        "graph_url": {"type": "str"},
        "ca_file": {"type": "path"},
    },
}
"""The option of every module that talks to Graph."""

_NEEDED = {
    "client_secret": ("tenant_id", "client_id", "client_secret"),
    "certificate": ("tenant_id", "client_id", "certificate_file"),
    "token": ("access_token",),
}

# Variables by which a machine in Azure tells where its managed identity answers. Cloud Shell has the last alone, without its
# secret: there Azure CLI is logged in.
_MANAGED = (("IDENTITY_ENDPOINT",), ("AZURE_POD_IDENTITY_AUTHORITY_HOST",), ("MSI_ENDPOINT", "MSI_SECRET"))

_TENANT = re.compile(r"[A-Za-z0-9.-]+\Z")


class Login(NamedTuple):
    """One way to log in, with what it needs."""

    method: str
    tenant_id: Optional[str]
    client_id: Optional[str]
    client_secret: Optional[str]
    certificate_file: Optional[str]
    certificate_password: Optional[str]
    access_token: Optional[str]
    endpoints: Endpoints
    ca_file: Optional[str]

    @property
    def secrets(self) -> Tuple[Tuple[None, Optional[str]], ...]:
        """What no message may repeat."""
        return tuple((None, one) for one in (self.client_secret, self.certificate_password, self.access_token))

    @property
    def identity(self) -> str:
        """Who logs in, where and how; no secret."""
        return "\0".join(str(one) for one in (self.method, self.tenant_id, self.client_id, *self.endpoints))


def read_login(given: Mapping[str, Any]) -> Login:
    """The option as a way to log in; raises InputRefused where something is missing for it."""
    method = given["method"] if given["method"] != "auto" else _found(given)
    missing = [name for name in _NEEDED.get(method, ()) if not _text(given[name])]
    if missing:
        raise InputRefused(
            f"login.{missing[0]}", f"method {method} needs it", f"Set it{_variable(missing[0])}, or choose another method")
    tenant = _text(given["tenant_id"])
    if tenant and not _TENANT.match(tenant):
        raise InputRefused(
            "login.tenant_id", f"{tenant!r} is neither the id of a directory nor a domain",
            "Write its GUID, or one of its domains")
    return Login(
        method, tenant, _text(given["client_id"]), given["client_secret"], given["certificate_file"],
        given["certificate_password"], given["access_token"],
        endpoints(given["cloud"], given["authority_url"], given["graph_url"]), given["ca_file"])


def _text(value: Optional[str]) -> Optional[str]:
    return value.strip() or None if value else None


def _found(given: Mapping[str, Any]) -> str:
    """What method auto means: the first that has what it needs."""
    for method, name in (("token", "access_token"), ("client_secret", "client_secret"), ("certificate", "certificate_file")):
        if given[name]:
            return method
    if any(all(os.environ.get(name) for name in together) for together in _MANAGED):
        return "managed_identity"
    if shutil.which("az"):
        return "azure_cli"
    raise InputRefused(
        "login", "there is nothing to log in with",
        "Give client_secret or certificate_file (or AZURE_CLIENT_SECRET, AZURE_CLIENT_CERTIFICATE_PATH in the environment) with "
        "tenant_id and client_id, an access_token, or say method: managed_identity or azure_cli")


def _variable(name: str) -> str:
    fallback = LOGIN["options"][name].get("fallback")
    return f" (or {fallback[1][0]} in the environment)" if fallback else ""
