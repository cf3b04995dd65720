# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each national cloud has its own addresses: the tests reach them through a proxy that connects to the emulator."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from emulator.running import Running
from helpers.modules.graph_modules import Modules
from helpers.modules.https_proxy import Proxy

# "National cloud deployments" of Microsoft Graph: endpoints of tokens and of Graph.
CLOUDS = {
    "global": ("login.microsoftonline.com", "graph.microsoft.com"),
    "us_gov": ("login.microsoftonline.us", "graph.microsoft.us"),
    "us_gov_dod": ("login.microsoftonline.us", "dod-graph.microsoft.us"),
    "china": ("login.chinacloudapi.cn", "microsoftgraph.chinacloudapi.cn"),
}


class AllClouds(Running):
    """An emulator whose certificate covers the hosts of all clouds."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        hosts = sorted({host for pair in CLOUDS.values() for host in pair})
        self.certificate = self.authority.server_file("127.0.0.1", *hosts)


@pytest.fixture(scope="module")
def clouds(tmp_path_factory: pytest.TempPathFactory) -> Iterator[AllClouds]:
    with AllClouds(tmp_path_factory.mktemp("clouds")) as running:
        yield running


@pytest.fixture
def proxy(clouds: AllClouds) -> Iterator[Proxy]:
    with Proxy(clouds.port) as running:
        yield running


def automation(clouds: AllClouds, cloud: str) -> dict[str, Any]:
    """Create a tenant of the cloud; return the login of an automation in it."""
    tenant = f"00000000-0000-4000-8000-{list(CLOUDS).index(cloud):012d}"
    [made] = clouds.seed({"id": tenant, "domains": [f"{cloud.replace('_', '-')}.test"], "cloud": cloud, "applications": [
        {"display_name": "automation", "secret": True, "roles": ["Application.Read.All"]}]})
    [app] = made["applications"]
    login = {name: app[given] for name, given in (("client_id", "app_id"), ("client_secret", "client_secret"))}
    return {"tenant_id": tenant, "ca_file": str(clouds.ca_file), **login}


@pytest.mark.parametrize("cloud", CLOUDS)
def test_addresses_of_a_cloud(clouds: AllClouds, proxy: Proxy, cloud: str) -> None:
    login = automation(clouds, cloud)
    found = Modules(clouds, {}).run(
        "entra_app_info", unique_name="nobody", login={**login, "cloud": cloud}, env={"HTTPS_PROXY": proxy.url})
    assert found.get("exists") is False and found["tenant_id"] == login["tenant_id"], found
    authority, graph = CLOUDS[cloud]
    assert list(dict.fromkeys(proxy.asked)) == [f"{authority}:443", f"{graph}:443"]


def test_the_wrong_cloud(clouds: AllClouds, proxy: Proxy) -> None:
    """Graph of one cloud refuses tokens of another."""
    login = automation(clouds, "us_gov")
    found = Modules(clouds, {}).run(
        "entra_app_info", unique_name="nobody", login={**login, "cloud": "us_gov_dod"}, env={"HTTPS_PROXY": proxy.url})
    assert found["failed"] and "cloud" in found["remedy"] and found["code"].startswith("AADSTS"), found
