# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The archive before the first save of settings, as the collection's module assumes it without a running application."""

from __future__ import annotations

from ansible_collections.catalog.mail.plugins.module_utils._application.reply_sync_service_plan import (
    DEFAULT_ARCHIVE,
    archive_settings,
)
from catalog_mail.domain.settings.reading import untouched


def test_the_module_assumes_the_defaults() -> None:
    assert archive_settings(untouched()) == DEFAULT_ARCHIVE
