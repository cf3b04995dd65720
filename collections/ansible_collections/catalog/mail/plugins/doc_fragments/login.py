# -*- coding: utf-8 -*-
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules that talk to Microsoft Graph have in common in their documentation."""

from __future__ import annotations


class ModuleDocFragment:
    """Options and attributes of every module that uses Microsoft Graph."""

    DOCUMENTATION = r"""
options:
  login:
    description:
      - How the automation itself logs in at Microsoft Entra. This is not the application that it manages.
      - Within a play a token of V(client_secret) or V(certificate) is kept for the tasks that follow, encrypted with the
        credential, in the user's runtime directory or F(/dev/shm).
    type: dict
    suboptions:
      method:
        description:
          - The way to log in.
          - V(auto) takes the first that has what it needs, in the order O(login.access_token), O(login.client_secret),
            O(login.certificate_file), the managed identity that the environment announces, Azure CLI if it is installed.
        type: str
        choices: [auto, client_secret, certificate, managed_identity, azure_cli, token]
        default: auto
      tenant_id:
        description:
          - The directory (tenant), by its id or one of its domains. Needed for V(client_secret) and V(certificate).
          - Without it E(AZURE_TENANT_ID).
        type: str
      client_id:
        description:
          - The application id of the automation, or of a user-assigned managed identity.
          - Without it E(AZURE_CLIENT_ID).
        type: str
      client_secret:
        description:
          - The client secret of the automation.
          - Without it E(AZURE_CLIENT_SECRET).
        type: str
      certificate_file:
        description:
          - A file with the certificate of the automation and its private key, in PEM or as PFX.
          - Without it E(AZURE_CLIENT_CERTIFICATE_PATH).
        type: path
      certificate_password:
        description:
          - The password of O(login.certificate_file), where it has one.
          - Without it E(AZURE_CLIENT_CERTIFICATE_PASSWORD).
        type: str
      access_token:
        description: An access token for Microsoft Graph that was got elsewhere.
        type: str
      cloud:
        description: The national cloud that the tenant is in. GCC is V(global), GCC High V(us_gov).
        type: str
        choices: [global, us_gov, us_gov_dod, china]
        default: global
      authority_url:
        description: Where Entra gives tokens, in place of that of O(login.cloud), such as V(https://login.microsoftonline.com).
        type: str
      graph_url:
        description: Where Graph answers, in place of that of O(login.cloud), such as V(https://graph.microsoft.com).
        type: str
      ca_file:
        description:
          - The certificates of the authorities that may have signed those of Entra and Graph, as a PEM file.
          - Without it E(REQUESTS_CA_BUNDLE) or E(CURL_CA_BUNDLE), then those that requests brings along.
        type: path
  timeout:
    description:
      - How long all of it may take, in seconds, with waiting for replication, throttling and failures that pass.
    type: int
    default: 300
  consecutive_reads:
    description:
      - How many reads one after the other have to agree before something is changed, and after it was.
        The directory has many replicas, and reads ask now one, now the other.
    type: int
    default: 5
attributes:
  platform:
    description: The systems that the module runs on.
    support: full
    platforms: posix
notes:
  - The module runs on the host of its task. With C(delegate_to=localhost) and C(run_once=true) that is the control node.
  - Proxies are taken from the environment. The address of a managed identity is asked without one, as it is the machine's own.
requirements:
  - msal >= 1.35
  - requests >= 2.25
  - cryptography >= 42
author:
  - The catalog.mail authors (@catalog-mail)
"""

    # Options that name an app registration which is there.
    WHICH = r"""
options:
  unique_name:
    description: The unique name of the app registration, as M(catalog.mail.entra_app) gave it.
    type: str
  app_id:
    description: The application (client) id of the app registration, in place of O(unique_name).
    type: str
"""

    # What is returned where it fails cannot be in a fragment; see RETURN of each module.
