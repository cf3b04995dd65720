# -*- coding: utf-8 -*-
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options that every module for Microsoft Graph has."""

from __future__ import annotations


class ModuleDocFragment:
    """Options and attributes of every module that uses Microsoft Graph."""

    DOCUMENTATION = r"""
options:
  login:
    description:
      - The login of the automation at Microsoft Entra, not of the application that it manages.
      - The page F(docs/microsoft.md) of the collection explains the methods, the environment's variables and the token cache.
    type: dict
    suboptions:
      method:
        description: The way to log in; V(auto) takes the first way that has its options, else the environment's.
        type: str
        choices: [auto, client_secret, certificate, workload_identity, managed_identity, azure_cli, token]
        default: auto
      tenant_id:
        description: The id or a domain of the directory (tenant), by default E(AZURE_TENANT_ID).
        type: str
      client_id:
        description: The application id of the automation or of a user-assigned managed identity, by default E(AZURE_CLIENT_ID).
        type: str
      client_secret:
        description: The client secret of the automation, by default E(AZURE_CLIENT_SECRET).
        type: str
      certificate_file:
        description: A PEM or PFX file with certificate and private key, by default E(AZURE_CLIENT_CERTIFICATE_PATH).
        type: path
      certificate_password:
        description: The password of O(login.certificate_file), by default E(AZURE_CLIENT_CERTIFICATE_PASSWORD).
        type: str
      federated_token:
        description:
          - The token of a workload, such as GitLab's C(id_tokens), by default E(AZURE_FEDERATED_TOKEN), then
            E(GITLAB_OIDC_TOKEN). A federated credential of the automation's registration must trust the workload.
        type: str
        version_added: 0.2.0
      federated_token_file:
        description:
          - A file with the token of a workload, by default E(AZURE_FEDERATED_TOKEN_FILE). In a job of GitHub Actions with
            the permission C(id-token=write) neither is needed.
        type: path
        version_added: 0.2.0
      access_token:
        description: An access token for Microsoft Graph from another source.
        type: str
      cloud:
        description: The national cloud of the tenant; V(us_gov) is GCC High, while GCC belongs to V(global).
        type: str
        choices: [global, us_gov, us_gov_dod, china]
        default: global
      authority_url:
        description: The address of Entra, by default that of O(login.cloud), such as V(https://login.microsoftonline.com).
        type: str
      graph_url:
        description: The address of Graph, by default that of O(login.cloud), such as V(https://graph.microsoft.com).
        type: str
      ca_file:
        description: A PEM file with the certificate authorities to trust for Entra and Graph.
        type: path
  timeout:
    description:
      - Seconds for the whole task, including the time for replication, throttling and retries.
      - The removal of a credential that a failed attempt may have created takes up to 10 seconds more.
    type: int
    default: 300
  consecutive_reads:
    description:
      - How many consecutive reads must agree before and after a change, since reads come from different replicas.
    type: int
    default: 5
attributes:
  platform:
    description: The systems that the module runs on.
    support: full
    platforms: posix
notes:
  - The module runs on the host of its task. With C(delegate_to=localhost) and C(run_once=true) that is the control node.
  - Proxies are those of the environment. A request for the token of a managed identity uses none.
requirements:
  - msal >= 1.35
  - requests >= 2.25
  - cryptography >= 42
author:
  - The catalog.mail authors (@catalog-mail)
"""

    # Options that name an existing app registration.
    WHICH = r"""
options:
  unique_name:
    description: The unique name of the app registration, which M(catalog.mail.entra_app) sets.
    type: str
  app_id:
    description: The application (client) id of the app registration, instead of O(unique_name).
    type: str
"""

    # Ansible has no fragments for the values that a failure returns; RETURN of each module has them.
