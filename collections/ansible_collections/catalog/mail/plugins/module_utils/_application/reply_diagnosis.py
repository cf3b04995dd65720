# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# Private to this collection: it may change without notice.
"""Explain why a reply by e-mail was not posted, from the state of receiving replies before and after. Pure."""

from __future__ import annotations

from typing import Any, Dict, List, Mapping, NamedTuple, Optional, Sequence, Tuple


class Explained(NamedTuple):
    """Cause and remedy, each a sentence without a full stop."""

    cause: str
    remedy: str


_LOST = Explained(
    "The answer was accepted by the mail server, but nothing of it has arrived in the mailbox of replies in this time",
    "Look in the log of the mail server where it went. A server that does not take sub-addresses bounces them into the"
    " author's mailbox: set interactions.intent_tracking to message_id, or auto. If delivery is slow, raise leg_timeout",
)
_REASONS: Mapping[str, Tuple[str, str]] = {
    "auto_reply": (
        "it looks like an automatic answer", "Look what adds a header such as Auto-Submitted or Precedence on the way"),
    "bounce": ("it looks like a bounce", "Look what changes its sender or its content type on the way"),
    "receipt": ("it looks like a receipt", "Look what changes its content type on the way"),
    "own_mail": (
        "it looks like mail of the catalog itself",
        "Give as user one whose address is not the sender of notifications or the mailbox of replies",
    ),
    "malformed": ("it has no sender, or several", "Look what rewrites its header From on the way"),
    "unknown_sender": (
        "no user of the catalog has the sender's address",
        "Compare the user's address in the catalog with the one that the mail was sent from",
    ),
    "sender_not_verified": (
        "the server interactions.authserv_id gives no verdict on its sender, or another than pass",
        "Compare interactions.authserv_id with the topmost header Authentication-Results of a mail in the mailbox of replies",
    ),
    "inactive_user": ("its sender is not active in the catalog", "Make the user active, or test with another one"),
    "no_intent": (
        "nothing in it tells what it answers",
        "Something on the way removes sub-addresses, In-Reply-To and References: have that switched off",
    ),
    "forged_intent": (
        "what tells what it answers was changed, or is another catalog's",
        "Let only one catalog use the mailbox of replies, and look what rewrites addresses or references on the way",
    ),
    "expired_intent": ("the mail that it answers is too old, or not known", "Compare the clocks of the hosts"),
    "wrong_sender": (
        "it comes from another address than the mail that it answers went to",
        "Have the submission server leave the sender as it is, or give the user the address that they send from",
    ),
    "not_answerable": ("mail of this kind cannot be answered", "This is a fault of the application: report it"),
    "conversation_gone": ("its conversation is gone", "Run the test once more"),
    "empty": ("no text was found above the marker line", "Look what rewrites the text of mails on the way"),
    "encrypted": ("it is encrypted", "Look what encrypts mail on the way, such as a gateway or a rule of the mail server"),
    "too_large": ("it is too large", "Look what adds to mails on the way, and raise application_replies.largest_message"),
    "too_complex": ("it has too many parts", "Look what adds parts to mails on the way"),
    "refused_by_catalog": ("the other catalog refused it", "Look in the log of that catalog"),
    "undecidable": (
        "it could not be decided, and was set aside",
        "Read 'journalctl -u catalog-mail-reply-sync' on the host, and report the error there",
    ),
}


def healthy(state: Mapping[str, Any]) -> bool:
    """Return True if replies are on, a process reads their mailbox, and there are no problems."""
    reads = any(_is_good(worker) for worker in _workers(state))
    return bool(state.get("enabled")) and reads and not state.get("problems")


def _is_good(worker: Mapping[str, Any]) -> bool:
    return worker.get("last_good_poll") is not None and not worker.get("error")


def new_reasons(before: Mapping[str, Any], after: Mapping[str, Any]) -> List[Tuple[str, str]]:
    """Return disposition and reason of the messages handled in between and not posted, each pair once."""
    found = []
    for disposition in ("rejected", "ignored", "quarantined"):
        earlier = _counts(before, disposition)
        found += [
            (disposition, reason) for reason, count in sorted(_counts(after, disposition).items())
            if count > earlier.get(reason, 0) and reason != "probe"]
    return found


def not_posted(before: Mapping[str, Any], after: Mapping[str, Any]) -> Explained:
    """Explain why a reply that the mail server accepted is not in its conversation."""
    if not after.get("enabled"):
        return Explained(
            "Replies by e-mail are switched off",
            "Set email_settings_interactions with enabled: true, as the module catalog.mail.email_settings describes it")
    reasons = new_reasons(before, after)
    if reasons:
        disposition, reason = reasons[0]
        why, remedy = _REASONS.get(reason, (f"its reason is {reason}", "Read 'journalctl -u catalog-mail-reply-sync'"))
        return Explained(f"The answer was {disposition} ({reason}): {why}", remedy)
    problems = [str(one) for one in after.get("problems") or []]
    return _problem(after, problems) or _LOST


def _problem(state: Mapping[str, Any], problems: Sequence[str]) -> Optional[Explained]:
    """Return the first problem of reading the mailbox; the error of a process has its own cause and remedy."""
    for worker in _workers(state):
        error = worker.get("error")
        if isinstance(error, dict) and error.get("cause"):
            return Explained(_bare(error["cause"]), _bare(error.get("remedy") or "Read the journal of the service"))
    if not problems:
        return None
    cause, _stop, remedy = problems[0].partition(". ")
    return Explained(_bare(cause), _bare(remedy or "Read 'journalctl -u catalog-mail-reply-sync' on the host"))


def _workers(state: Mapping[str, Any]) -> List[Dict[str, Any]]:
    return [worker for worker in state.get("workers") or [] if isinstance(worker, dict)]


def _counts(state: Mapping[str, Any], disposition: str) -> Dict[str, int]:
    found = (state.get("outcomes") or {}).get(disposition)
    return {str(name): count for name, count in found.items() if isinstance(count, int)} if isinstance(found, dict) else {}


def _bare(sentence: str) -> str:
    return str(sentence).strip().rstrip(".")
