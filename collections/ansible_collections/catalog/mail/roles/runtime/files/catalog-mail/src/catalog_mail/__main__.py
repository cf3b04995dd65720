# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the command `catalog-mail` by `python -m catalog_mail`."""

from __future__ import annotations

from catalog_mail.cli import main

main()
