# -*- coding: utf-8 -*-
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The options that every module for the application has."""

from __future__ import annotations


class ModuleDocFragment:
    """Options and attributes of every module that uses the application's API."""

    DOCUMENTATION = r"""
options:
  application:
    description: The application; V(catalog_mail) is the application of this collection.
    type: str
    choices: [catalog_mail]
    default: catalog_mail
  api_url:
    description:
      - The address of the application's API, as reached from the host that the module runs on.
      - C(http) is allowed for the loopback interface only, C(https) for every host. The certificate is verified.
      - The module uses no proxy, not even that of the environment, and follows no redirect.
    type: str
    default: http://127.0.0.1:8025
  token_file:
    description:
      - A file on the host with a token of the role C(server_admin).
        The role P(catalog.mail.application#role) writes the default file.
      - The task fails when every user of the host may read the file.
    type: path
    default: /etc/catalog-mail/admin-token
  ca_file:
    description:
      - A PEM file on the host with the only certificate authorities to trust for O(api_url).
        Without it the authorities of the operating system are trusted.
    type: path
  timeout:
    description: Seconds to wait for an answer of the application. A test message has additional time.
    type: int
    default: 30
attributes:
  platform:
    description: The systems that the module runs on.
    support: full
    platforms: posix
requirements:
  - The application, deployed on the host; Python's standard library alone
author:
  - The catalog.mail authors (@catalog-mail)
"""
