"""What somebody is told whose reply was not posted: people who use the catalog, not those who run it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from catalog_mail.domain.replies.reply import Reason


@dataclass(frozen=True)
class Why:
    """`cause` is why the reply was not posted, `remedy` what its author can do; sentences, the same for everybody."""

    cause: str
    remedy: str


_WRITE_IN_CATALOG = "Open the conversation in the catalog and write your answer there."

# Not here, so that nobody is told: what no person wrote, senders whom nobody vouches for (whoever forged an address would have
# us write to its owner), and users who may not use the catalog any more.
_WHY: Mapping[Reason, Why] = {
    Reason.NO_INTENT: Why(
        "It could not be seen which conversation your message belongs to.",
        "Use Reply on the e-mail that mentions you instead of writing a new one, or open the conversation in the catalog.",
    ),
    Reason.FORGED_INTENT: Why(
        "The address or the reference that leads your message to its conversation was changed on the way.",
        "Use Reply on the e-mail that mentions you and leave its recipient as it is, or open the conversation in the catalog.",
    ),
    Reason.EXPIRED_INTENT: Why("The e-mail that you replied to is too old to be answered by e-mail.", _WRITE_IN_CATALOG),
    Reason.WRONG_SENDER: Why(
        "The e-mail that you replied to was sent to somebody else, and only they can answer it by e-mail.",
        "Open the conversation in the catalog and write your answer there, or reply from the address that got the e-mail.",
    ),
    Reason.NOT_ANSWERABLE: Why(
        "E-mails of this kind cannot be answered by e-mail; only those that mention you can.", _WRITE_IN_CATALOG
    ),
    Reason.CONVERSATION_GONE: Why(
        "The conversation does not exist any more.",
        "If your message is still of use, begin a new conversation in the catalog.",
    ),
    Reason.EMPTY: Why(
        "There was no text of yours above the line that asks you to type your reply above it.",
        "Reply once more and write at the very top. Pictures and attachments are not posted, only text.",
    ),
    Reason.TOO_LARGE: Why(
        "Your message is too large.",
        "Reply once more with a shorter text and without attachments; those are not posted anyway.",
    ),
    Reason.TOO_COMPLEX: Why(
        "Your message has more parts and attachments than can be read.",
        "Reply once more with nothing but text.",
    ),
    Reason.REFUSED_BY_CATALOG: Why(
        "The catalog did not accept your reply: the conversation may be closed, or you may not write in it.",
        "Open the conversation in the catalog to see whether you can write there.",
    ),
    Reason.UNDECIDABLE: Why(
        "Your message could not be read. It was kept, and those who run the catalog can see it.", _WRITE_IN_CATALOG
    ),
}


def why_refused(reason: Reason) -> Why | None:
    """What is said about this reason; None for those about which nobody is told."""
    return _WHY.get(reason)


def explained(reason: Reason) -> bool:
    """Whether the author of such a reply is told, if they are known."""
    return reason in _WHY
