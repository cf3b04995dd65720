"""Microsoft's national clouds: where each gives its tokens and answers Graph (Graph: "national cloud deployments")."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from catalog_mail.domain.settings.document import Cloud


@dataclass(frozen=True)
class Endpoints:
    """Addresses without a path: `authority` is Entra's, `graph` Graph's."""

    authority: str
    graph: str


# GCC uses the global one. Tokens of one cloud are of no use in another.
ENDPOINTS: Mapping[Cloud, Endpoints] = {
    Cloud.GLOBAL: Endpoints("https://login.microsoftonline.com", "https://graph.microsoft.com"),
    Cloud.US_GOV: Endpoints("https://login.microsoftonline.us", "https://graph.microsoft.us"),
    Cloud.US_GOV_DOD: Endpoints("https://login.microsoftonline.us", "https://dod-graph.microsoft.us"),
    Cloud.CHINA: Endpoints("https://login.chinacloudapi.cn", "https://microsoftgraph.chinacloudapi.cn"),
}


@dataclass(frozen=True)
class MicrosoftAccess:
    """How this host reaches Microsoft, as it was decided when the application was deployed.

    Addresses that are None follow the cloud of the settings. `ca_file` names the only authorities that are trusted then,
    `proxy_url` the proxy by which all of it goes.
    """

    authority_url: str | None = None
    graph_url: str | None = None
    ca_file: str | None = None
    proxy_url: str | None = None

    def endpoints(self, cloud: Cloud) -> Endpoints:
        """The addresses for this cloud."""
        usual = ENDPOINTS[cloud]
        return Endpoints(self.authority_url or usual.authority, self.graph_url or usual.graph)
