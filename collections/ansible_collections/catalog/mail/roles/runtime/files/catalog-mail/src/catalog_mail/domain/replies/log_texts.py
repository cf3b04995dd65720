# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Texts that tell an administrator what became of a message, and what helps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from catalog_mail.domain.replies.logged import COPY, GONE, LoggedMessage, LogOutcome, WaitReason
from catalog_mail.domain.replies.reply import Reason


@dataclass(frozen=True)
class Account:
    """`cause` tells why the message has its outcome, `remedy` what helps; "" when nothing needs to be done."""

    cause: str
    remedy: str = ""


_ASK_AGAIN = "Nothing, unless a person wrote it: then ask its author to answer the e-mail once more from a mail program."
_AUTHOR_KNOWS = "The author got an e-mail that says what helps, unless the address is not known."
_READ_LOG = "Read the journal of catalog-mail-reply-sync, then try the message again; keep it for a report of the error."

_OF_REASONS: Mapping[str, Account] = {
    Reason.AUTO_REPLY: Account("A program wrote it, such as an absence notice.", _ASK_AGAIN),
    Reason.BOUNCE: Account(
        "It reports that a message could not be delivered.",
        "If it belongs to an e-mail of this service, the delivery has the state 'bounced' and the server's words.",
    ),
    Reason.RECEIPT: Account("It only confirms that an e-mail was received or read."),
    Reason.REACTION: Account("Its author only clicked an emoji, and wrote nothing."),
    Reason.OWN_MAIL: Account(
        "The service itself sent it, and it came back to the mailbox of replies.",
        "If this happens often, look for a rule or an alias that leads the service's own e-mails to this mailbox.",
    ),
    Reason.SUBADDRESS_PROBE: Account("It is the service's own test of sub-addresses, which has arrived."),
    Reason.MALFORMED: Account("It has no sender, or several.", "Ask its author to send it from a usual mail program."),
    Reason.UNKNOWN_SENDER: Account(
        "Its sender is no user of the catalog, and it answers no e-mail of theirs.",
        "If the sender is a user, enter this address as the user's address in the catalog, and try the message again.",
    ),
    Reason.SENDER_NOT_VERIFIED: Account(
        "The mail server named by authserv_id did not confirm its sender.",
        "If the sender is real, have their domain pass SPF, DKIM or DMARC, or check the setting interactions.authserv_id.",
    ),
    Reason.INACTIVE_USER: Account(
        "The user who got the answered e-mail is inactive.", "Activate the user in the catalog, and try the message again."
    ),
    Reason.NO_INTENT: Account(
        "Nothing in it names the e-mail that it answers: it is a new e-mail, or a mail program left out the references.",
        f"{_AUTHOR_KNOWS} If answers often end so, set interactions.intent_tracking to subaddress.",
    ),
    Reason.FORGED_INTENT: Account(
        "No key of this installation signed the reference to the answered e-mail: it was altered, or it belongs to another "
        "installation.",
        "If this installation lost its key file, restore it, and try the message again.",
    ),
    Reason.EXPIRED_INTENT: Account(
        "The answered e-mail is older than replies.intent_days, or is not known any more.",
        "If answers that late are to be posted, raise replies.intent_days (role variable and configuration file).",
    ),
    Reason.WRONG_SENDER: Account("The answered e-mail went to another user.", _AUTHOR_KNOWS),
    Reason.OTHER_ADDRESS: Account(
        "It comes from an address of no user, with the reference of an e-mail that a user got.",
        "If it is the user's own address, enter it as the user's address in the catalog, and try the message again.",
    ),
    Reason.NOT_ANSWERABLE: Account("It answers an e-mail of a kind that takes no answers.", _AUTHOR_KNOWS),
    Reason.CONVERSATION_GONE: Account("Its conversation does not exist any more.", _AUTHOR_KNOWS),
    Reason.EMPTY: Account("It has no text of its author above the quoted e-mail.", _AUTHOR_KNOWS),
    Reason.ENCRYPTED: Account("It is encrypted.", _AUTHOR_KNOWS),
    Reason.OPAQUE_SIGNATURE: Account("Its text is inside a signature.", _AUTHOR_KNOWS),
    Reason.COMPRESSED: Account("It is compressed (S/MIME).", _AUTHOR_KNOWS),
    Reason.TNEF: Account("Its text is in Outlook's own format (winmail.dat).", _AUTHOR_KNOWS),
    Reason.TOO_LARGE: Account(
        "It is larger than replies.largest_message, or its text is longer than a post may be.",
        f"{_AUTHOR_KNOWS} After a change of replies.largest_message, try the message again.",
    ),
    Reason.TOO_COMPLEX: Account("It has more parts than can be read.", _AUTHOR_KNOWS),
    Reason.REFUSED_BY_CATALOG: Account(
        "The catalog refused the post.", "Read the catalog's own log; when the obstacle is gone, try the message again."
    ),
    Reason.UNDECIDABLE: Account(
        "It was put aside: reading it failed several times. It lies in the mailbox, read and marked.", _READ_LOG
    ),
    WaitReason.CATALOG_FAILED: Account(
        "The catalog or its database did not take the post.",
        "Nothing: it is tried again by itself, as soon as the catalog answers. If it does not, check the catalog.",
    ),
    WaitReason.DECISION_FAILED: Account(
        "Reading it failed; it is tried again, and put aside after three failures.",
        "Read the journal of catalog-mail-reply-sync.",
    ),
    WaitReason.NOT_DELIVERED: Account(
        "The mail server does not return its content, while it returns other messages.",
        "Nothing: it is tried again, and put aside after a quarter of an hour. Open it with a mail program to see whether it is "
        "damaged.",
    ),
    WaitReason.ORIGINAL_SOUGHT: Account(
        "The e-mail that it answers is not found in the Sent Items yet.", "Nothing: it is looked up again by itself."
    ),
    COPY: Account("It is a further copy of a reply that was posted before."),
    GONE: Account(
        "Somebody removed it from the mailbox, or marked it as read, before it was handled.",
        "If another program reads this mailbox, stop it. A message that still lies there can be tried again.",
    ),
}
_POSTED = Account("It was posted in its conversation.")
_LEFT = Account(
    "It answers an e-mail that no key of this installation signed. Another installation may take it, so it stays unread for a "
    "day; then it is rejected.",
    "Give each installation a mailbox of its own; after the loss of a key, restore the key file.",
)
_UNKNOWN = Account("The reason is not known to this version.")


def account(message: LoggedMessage) -> Account:
    """Return cause and remedy of a message's outcome."""
    if message.outcome is LogOutcome.LEFT:
        return _LEFT
    if message.outcome is LogOutcome.POSTED and not message.reason:
        return _POSTED
    return _OF_REASONS.get(message.reason, _UNKNOWN)
