# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Read the automation's login options and choose its method. An edge: it reads the environment."""

from __future__ import annotations

import os
import re
import shutil
from typing import Any, Dict, Mapping, NamedTuple, Optional, Tuple

from ansible.module_utils.common.parameters import env_fallback

from .._core.errors import InputRefused
from .clouds import ENDPOINTS, Endpoints, endpoints

METHODS = ("auto", "client_secret", "certificate", "workload_identity", "managed_identity", "azure_cli", "token")


def _from(*variables: str) -> Tuple[Any, Any]:
    return (env_fallback, list(variables))


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
        "federated_token": {"type": "str", "no_log": True, "fallback": _from("AZURE_FEDERATED_TOKEN", "GITLAB_OIDC_TOKEN")},
        "federated_token_file": {"type": "path", "no_log": False, "fallback": _from("AZURE_FEDERATED_TOKEN_FILE")},
        "access_token": {"type": "str", "no_log": True},
        "cloud": {"type": "str", "choices": list(ENDPOINTS), "default": "global"},
        "authority_url": {"type": "str"},
        "graph_url": {"type": "str"},
        "ca_file": {"type": "path"},
    },
}
"""The option ``login`` of every module that uses Graph."""

_NEEDED = {
    "client_secret": ("tenant_id", "client_id", "client_secret"),
    "certificate": ("tenant_id", "client_id", "certificate_file"),
    "workload_identity": ("tenant_id", "client_id"),
    "token": ("access_token",),
}

# Variables of a job of GitHub Actions that may have a token: the address that issues it, and the right to ask there.
GITHUB = ("ACTIONS_ID_TOKEN_REQUEST_URL", "ACTIONS_ID_TOKEN_REQUEST_TOKEN")

# Variables with the endpoint of an Azure machine's managed identity. Cloud Shell sets only the last, without its
# secret: Azure CLI is logged in there.
_MANAGED = (("IDENTITY_ENDPOINT",), ("AZURE_POD_IDENTITY_AUTHORITY_HOST",), ("MSI_ENDPOINT", "MSI_SECRET"))

_ID = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?\Z")
_GUID = re.compile(r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}\Z")


class Login(NamedTuple):
    """A login method with its options."""

    method: str
    tenant_id: Optional[str]
    client_id: Optional[str]
    client_secret: Optional[str]
    certificate_file: Optional[str]
    certificate_password: Optional[str]
    access_token: Optional[str]
    endpoints: Endpoints
    ca_file: Optional[str]
    cloud: str = "global"
    federated_token: Optional[str] = None
    federated_token_file: Optional[str] = None

    @property
    def secrets(self) -> Tuple[Tuple[None, Optional[str]], ...]:
        """Return the pairs of user name and secret to hide in messages."""
        return tuple((None, one) for one in (
            self.client_secret, self.certificate_password, self.access_token, self.federated_token, os.environ.get(GITHUB[1])))

    @property
    def identity(self) -> str:
        """Return account, tenant and method of the login as one text, without a secret."""
        return "\0".join(str(one) for one in (self.method, self.tenant_id, self.client_id, *self.endpoints))


def read_login(given: Mapping[str, Any]) -> Login:
    """Read the option ``login``. Raises InputRefused when the method lacks an option."""
    method = given["method"] if given["method"] != "auto" else _found(given)
    missing = [name for name in _NEEDED.get(method, ()) if not _text(given[name])]
    if missing:
        raise InputRefused(
            f"login.{missing[0]}", f"method {method} needs it", f"Set it{_variable(missing[0])}, or choose another method")
    if method == "workload_identity" and not _has_workload_token(given):
        raise InputRefused(
            "login.federated_token_file", "no token of the workload is given",
            "Give federated_token or federated_token_file (or AZURE_FEDERATED_TOKEN_FILE in the environment); in GitLab set "
            "id_tokens with GITLAB_OIDC_TOKEN, in GitHub Actions give the job the permission id-token: write")
    tenant = _checked("tenant_id", given, "is neither the id of a directory nor a domain", "its GUID, or one of its domains")
    client = _checked("client_id", given, "is not the id of an application", "the Application (client) ID")
    return Login(
        method, tenant, client, given["client_secret"], given["certificate_file"],
        given["certificate_password"], given["access_token"],
        endpoints(given["cloud"], given["authority_url"], given["graph_url"]), given["ca_file"], given["cloud"],
        _text(given.get("federated_token")), _text(given.get("federated_token_file")))


def _has_workload_token(given: Mapping[str, Any]) -> bool:
    named = _text(given.get("federated_token")) or _text(given.get("federated_token_file"))
    return bool(named) or all(map(os.environ.get, GITHUB))


def _checked(name: str, given: Mapping[str, Any], flaw: str, right: str) -> Optional[str]:
    """Return an id; None without one. Raises InputRefused when it has other characters, such as braces around a GUID."""
    text = _text(given[name])
    if not text or _ID.match(text):
        return text
    bare = re.sub(r"[^A-Za-z0-9.-]", "", text).strip(".")
    remedy = f"Write {bare}" if _GUID.match(bare) else f"Write {right}, without marks around it"
    raise InputRefused(f"login.{name}", f"{text!r} {flaw}", remedy)


def _text(value: Optional[str]) -> Optional[str]:
    return value.strip() or None if value else None


def _found(given: Mapping[str, Any]) -> str:
    """Return the method for ``auto``: the first whose options are given. Raises InputRefused without one."""
    for method, name in (("token", "access_token"), ("client_secret", "client_secret"), ("certificate", "certificate_file")):
        if given[name]:
            return method
    # A job may have a token without meaning Entra, so the ids of tenant and application must be known as well.
    if _has_workload_token(given) and all(_text(given[name]) for name in _NEEDED["workload_identity"]):
        return "workload_identity"
    if any(all(os.environ.get(name) for name in together) for together in _MANAGED):
        return "managed_identity"
    if shutil.which("az"):
        return "azure_cli"
    raise InputRefused(
        "login", "no credential to log in with is given",
        "Give client_secret or certificate_file (or AZURE_CLIENT_SECRET, AZURE_CLIENT_CERTIFICATE_PATH in the environment) with "
        "tenant_id and client_id, the token of a workload (method: workload_identity), an access_token, or set method: "
        "managed_identity or azure_cli")


def _variable(name: str) -> str:
    fallback = LOGIN["options"][name].get("fallback")
    return f" (or {fallback[1][0]} in the environment)" if fallback else ""
