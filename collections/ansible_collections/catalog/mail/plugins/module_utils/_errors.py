# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""The errors that this collection raises on purpose; anything else is a bug."""

from __future__ import annotations


class CatalogMailError(Exception):
    """Base of the tree. The text is for an administrator: what failed, why, what to do.

    ``details`` are returned beside ``msg`` by the module, so they hold no secret.
    """

    def __init__(self, message: str, **details) -> None:
        super().__init__(message)
        self.details = details


class InputRefused(CatalogMailError):
    """An option that cannot work: which one, why, and what to write instead."""

    def __init__(self, field: str, reason: str, remedy: str) -> None:
        super().__init__(f"{field}: {reason}. {remedy}.", field=field, cause=reason, remedy=remedy)


class PostfixRefused(CatalogMailError):
    """Postfix itself rejects a configuration, in its own words."""


class CommandFailed(CatalogMailError):
    """A command of Postfix is missing or ended with an error that has no better name."""


class DeliveryFailed(CatalogMailError):
    """A test e-mail did not arrive: at which stage, with what evidence, and the remedy."""
