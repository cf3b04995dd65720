# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts that tell a user of the catalog why their reply was not posted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from catalog_mail.domain.replies.reply import Reason


@dataclass(frozen=True)
class ExplanationText:
    """`cause` tells why the reply was not posted, `remedy` what its author can do; sentences, equal for all users."""

    cause: str
    remedy: str


_WRITE_IN_CATALOG = "Open the conversation in the catalog and write your answer there."

# Reasons without a text send no mail: automatic mail, senders that are unknown or not verified (with a forged address the mail
# would go to its owner), and inactive users.
_TEXTS: Mapping[Reason, ExplanationText] = {
    Reason.NO_INTENT: ExplanationText(
        "It could not be seen which conversation your message belongs to.",
        "Use Reply on the e-mail that mentions you instead of writing a new one, or open the conversation in the catalog.",
    ),
    Reason.FORGED_INTENT: ExplanationText(
        "The address or the reference that leads your message to its conversation was changed on the way.",
        "Use Reply on the e-mail that mentions you and leave its recipient as it is, or open the conversation in the catalog.",
    ),
    Reason.EXPIRED_INTENT: ExplanationText(
        "The e-mail that you replied to is too old to be answered by e-mail.", _WRITE_IN_CATALOG
    ),
    Reason.WRONG_SENDER: ExplanationText(
        "The e-mail that you replied to was sent to somebody else, and only they can answer it by e-mail.",
        "Open the conversation in the catalog and write your answer there, or reply from the address that got the e-mail.",
    ),
    Reason.NOT_ANSWERABLE: ExplanationText(
        "E-mails of this kind cannot be answered by e-mail; only those that mention you can.", _WRITE_IN_CATALOG
    ),
    Reason.CONVERSATION_GONE: ExplanationText(
        "The conversation does not exist any more.",
        "If your message is still of use, begin a new conversation in the catalog.",
    ),
    Reason.EMPTY: ExplanationText(
        "There was no text of yours above the line that asks you to type your reply above it.",
        "Reply once more and write at the very top. Pictures and attachments are not posted, only text.",
    ),
    Reason.ENCRYPTED: ExplanationText(
        "Your message is encrypted, so the catalog cannot read it.",
        "Reply once more and switch encryption off for that message in your mail program; a signature can stay. "
        "Or open the conversation in the catalog and write your answer there.",
    ),
    Reason.TOO_LARGE: ExplanationText(
        "Your message is too large.",
        "Reply once more with a shorter text and without attachments; those are not posted anyway.",
    ),
    Reason.TOO_COMPLEX: ExplanationText(
        "Your message has more parts and attachments than can be read.",
        "Reply once more with nothing but text.",
    ),
    Reason.REFUSED_BY_CATALOG: ExplanationText(
        "The catalog did not accept your reply: the conversation may be closed, or you may not write in it.",
        "Open the conversation in the catalog to see whether you can write there.",
    ),
    Reason.UNDECIDABLE: ExplanationText(
        "Your message could not be read. It was kept, and those who run the catalog can see it.", _WRITE_IN_CATALOG
    ),
}


def explanation_text(reason: Reason) -> ExplanationText | None:
    """Return the text for a reason; None when no mail is sent for it."""
    return _TEXTS.get(reason)
