# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Endpoints of Microsoft's national clouds for tokens and for Graph (Graph: "national cloud deployments")."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from catalog_mail.domain.settings.document import Cloud


@dataclass(frozen=True)
class Endpoints:
    """URLs without a path: `authority` of Entra, `graph` of Graph."""

    authority: str
    graph: str


# GCC uses the global cloud. A token of one cloud is not valid in another.
ENDPOINTS: Mapping[Cloud, Endpoints] = {
    Cloud.GLOBAL: Endpoints("https://login.microsoftonline.com", "https://graph.microsoft.com"),
    Cloud.US_GOV: Endpoints("https://login.microsoftonline.us", "https://graph.microsoft.us"),
    Cloud.US_GOV_DOD: Endpoints("https://login.microsoftonline.us", "https://dod-graph.microsoft.us"),
    Cloud.CHINA: Endpoints("https://login.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn"),
}


@dataclass(frozen=True)
class MicrosoftAccess:
    """The way from this host to Microsoft, set when the application is deployed.

    A URL that is None is that of the cloud in the settings. `ca_file` names the only trusted authorities, `proxy_url` the
    proxy for all requests.
    """

    authority_url: str | None = None
    graph_url: str | None = None
    ca_file: str | None = None
    proxy_url: str | None = None

    def endpoints(self, cloud: Cloud) -> Endpoints:
        """Return the endpoints of a cloud, replaced by those set for this host."""
        usual = ENDPOINTS[cloud]
        return Endpoints(self.authority_url or usual.authority, self.graph_url or usual.graph)
