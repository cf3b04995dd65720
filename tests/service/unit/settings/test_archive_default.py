"""The archive of settings that nobody has saved, as the collection's module assumes it before it can ask the application."""

from __future__ import annotations

from ansible_collections.catalog.mail.plugins.module_utils._application.reply_sync_service_plan import (
    DEFAULT_ARCHIVE,
    archive_settings,
)
from catalog_mail.domain.settings.reading import untouched


def test_the_module_assumes_the_defaults() -> None:
    assert archive_settings(untouched()) == DEFAULT_ARCHIVE
