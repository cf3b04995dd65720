# -*- coding: utf-8 -*-
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the modules that talk to the application have in common in their documentation."""

from __future__ import annotations


class ModuleDocFragment:
    """Options and attributes of every module that uses the application's API."""

    DOCUMENTATION = r"""
options:
  application:
    description: The application that it is about. V(catalog_mail) is the one of this collection.
    type: str
    choices: [catalog_mail]
    default: catalog_mail
  api_url:
    description:
      - Where the application listens, as seen from the host that the module runs on.
      - C(http) is taken for the host itself only, C(https) for any. The certificate is verified.
      - No proxy is used, whatever the environment says, and no redirection is followed.
    type: str
    default: http://127.0.0.1:8025
  token_file:
    description:
      - A file on the host with a token of the role C(server_admin).
        The role P(catalog.mail.application#role) puts one where the default says.
      - A file that everybody on the host may read is refused.
    type: path
    default: /etc/catalog-mail/admin-token
  ca_file:
    description:
      - The certificates of the authorities that may have signed that of O(api_url), as a PEM file on the host.
        Without it the system's authorities count.
    type: path
  timeout:
    description: How long the application may take to answer, in seconds. Sending a test message has its own time.
    type: int
    default: 30
attributes:
  platform:
    description: The systems that the module runs on.
    support: full
    platforms: posix
requirements:
  - The application, deployed on the host; of Python nothing but its standard library
author:
  - The catalog.mail authors (@catalog-mail)
"""
