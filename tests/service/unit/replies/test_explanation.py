"""What people are told whose reply was not posted."""

from __future__ import annotations

import pytest
from catalog_mail.domain.replies.explanation import explained, why_refused
from catalog_mail.domain.replies.reply import IGNORED, Reason

# Whoever forged an address would have us write to its owner; and who may not use the catalog is told nothing by it.
SILENT = IGNORED | {Reason.MALFORMED, Reason.UNKNOWN_SENDER, Reason.SENDER_NOT_VERIFIED, Reason.INACTIVE_USER}


@pytest.mark.parametrize("reason", Reason)
def test_each_reason_is_explained_or_meant_to_be_silent(reason: Reason):
    why = why_refused(reason)
    assert explained(reason) == (why is not None) == (reason not in SILENT)
    if why:
        for sentence in (why.cause, why.remedy):
            assert sentence[0].isupper()
            assert sentence.endswith(".")
            assert not any(word in sentence.lower() for word in ("intent", "imap", "header", "token", "administrator"))
