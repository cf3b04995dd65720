# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The automation logs in by the managed identity of its machine: on a virtual machine, on App Service, on Azure Arc."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from emulator.running import DOMAIN, Running
from helpers.modules.graph_modules import AUTOMATION, Modules
from helpers.modules.identity_endpoint import IdentityEndpoint
from helpers.service.process import free_port

MANAGED = {"method": "managed_identity"}


@pytest.fixture(scope="module")
def machine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Modules, dict[str, str]]]:
    """Run an emulator that is also the metadata service of a machine; return the environment variables of that machine."""
    address = f"127.0.0.1:{free_port()}"
    with Running(tmp_path_factory.mktemp("machine"), imds_listen=address) as running:
        running.user("noreply")
        app = running.application("the machine", roles=AUTOMATION, managed_identity=True)
        yield Modules(running, app), {"AZURE_POD_IDENTITY_AUTHORITY_HOST": f"http://{address}"}


@pytest.fixture
def endpoint(modules: Modules) -> Iterator[IdentityEndpoint]:
    """Run the endpoint of App Service, with tokens of the automation."""
    with IdentityEndpoint(lambda: modules.emulator.token(modules.application), modules.application["app_id"]) as running:
        yield running


def info(modules: Modules, login: dict[str, Any], env: dict[str, str], **options: Any) -> dict[str, Any]:
    return modules.run("entra_app_info", env=env, unique_name="nobody", login={**modules.address, **login}, **options)


def test_every_module_runs_on_a_virtual_machine(machine: tuple[Modules, dict[str, str]]) -> None:
    """Each module runs with no login option except Graph's address."""
    modules, env = machine
    for module, options in (
        ("entra_app", {}), ("entra_app_credential", {"current_key_id": ""}),
        ("graph_permissions", {"permissions": ["Mail.Send"]}),
        ("mailbox_scope", {"roles": ["Mail.Send"], "mailboxes": [f"noreply@{DOMAIN}"]}),
    ):  # fmt: skip
        done = modules.run(module, env=env, unique_name="by-the-machine", login=modules.address, **options)
        assert done.get("changed"), done
    assert modules.registration(uniqueName="by-the-machine")["passwordCredentials"]


def test_on_a_virtual_machine_by_name(machine: tuple[Modules, dict[str, str]]) -> None:
    modules, env = machine
    assert info(modules, {**MANAGED, "client_id": modules.application["app_id"]}, env)["exists"] is False
    other = info(modules, {**MANAGED, "client_id": "00000000-0000-4000-8000-000000000009"}, env)
    assert other["failed"] and other["field"] == "login.client_id" and "Identity not found" in other["msg"]
    assert "AZURE_CLIENT_ID" in other["remedy"]


def test_no_metadata_service(modules: Modules) -> None:
    gone = info(modules, MANAGED, {"AZURE_POD_IDENTITY_AUTHORITY_HOST": "http://127.0.0.1:9"})
    assert gone["failed"] and gone["field"] == "login.method" and "did not answer" in gone["msg"]
    assert "a machine in Azure" in gone["remedy"]


def test_on_app_service(modules: Modules, endpoint: IdentityEndpoint) -> None:
    """The environment names the endpoint; the request is for Graph's resource and bypasses every proxy."""
    proxies = {"http_proxy": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
    assert info(modules, {}, {**endpoint.environment, **proxies})["exists"] is False
    assert [one["resource"] for one in endpoint.asked] == [modules.emulator.url]
    named = {**endpoint.environment, "AZURE_CLIENT_ID": modules.application["app_id"]}
    assert info(modules, {}, named)["exists"] is False and endpoint.asked[-1]["client_id"] == modules.application["app_id"]


def test_an_identity_unknown_to_the_machine(modules: Modules, endpoint: IdentityEndpoint) -> None:
    refused = info(modules, {**MANAGED, "client_id": "00000000-0000-4000-8000-000000000009"}, endpoint.environment)
    assert refused["failed"] and refused["field"] == "login.client_id" and "No User Assigned" in refused["msg"]
    assert len(endpoint.asked) == 1


def test_a_starting_endpoint_is_awaited(modules: Modules, endpoint: IdentityEndpoint) -> None:
    endpoint.failing += [503, 429]
    assert info(modules, MANAGED, endpoint.environment)["exists"] is False and len(endpoint.asked) == 3
    endpoint.failing += [502] * 9
    given_up = info(modules, MANAGED, endpoint.environment, timeout=2)
    assert given_up["failed"] and "502" in given_up["msg"] and len(endpoint.asked) > 4


def test_an_unreadable_key_of_azure_arc(modules: Modules) -> None:
    """Arc names a file that only some users may read; here the file is missing."""
    key = "/var/opt/azcmagent/tokens/of-nobody.key"
    with IdentityEndpoint(str, "", key) as endpoint:
        refused = info(modules, MANAGED, endpoint.environment)
    assert refused["failed"] and key in refused["msg"] and "himds" in refused["remedy"]


@pytest.mark.parametrize("environment,login", [
    ({"MSI_ENDPOINT": "http://127.0.0.1:9/token"}, "no credential to log in with is given"),
    ({"MSI_ENDPOINT": "http://127.0.0.1:9/token", "MSI_SECRET": "x"}, "did not answer"),
    ({"IDENTITY_ENDPOINT": "http://127.0.0.1:9/token", "IDENTITY_HEADER": "x"}, "did not answer"),
])
def test_environment_variables_that_announce_an_identity(modules: Modules, environment: dict[str, str], login: str) -> None:
    """Cloud Shell sets MSI_ENDPOINT alone, with Azure CLI logged in; here Azure CLI is missing."""
    found = info(modules, {}, {"PATH": "/usr/bin:/bin", **environment})
    assert found["failed"] and login in found["msg"]
