# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The explanation to the author of a reply that was not posted."""

from __future__ import annotations

import pytest
from catalog_mail.domain.replies.explanation import explanation_text
from catalog_mail.domain.replies.reply import IGNORED, Reason

# A forged sender must not cause mail to its owner; a user without access gets no information.
SILENT = IGNORED | {Reason.MALFORMED, Reason.UNKNOWN_SENDER, Reason.SENDER_NOT_VERIFIED, Reason.INACTIVE_USER}


@pytest.mark.parametrize("reason", Reason)
def test_each_reason_is_explained_or_listed_as_silent(reason: Reason):
    why = explanation_text(reason)
    assert (why is not None) == (reason not in SILENT)
    if why:
        for sentence in (why.cause, why.remedy):
            assert sentence[0].isupper()
            assert sentence.endswith(".")
            assert not any(word in sentence.lower() for word in ("intent", "imap", "header", "token", "administrator"))
