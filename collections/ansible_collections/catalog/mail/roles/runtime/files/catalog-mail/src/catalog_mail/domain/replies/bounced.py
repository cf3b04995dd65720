# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A report that an e-mail of this service could not be delivered."""

from __future__ import annotations

from dataclasses import dataclass

from catalog_mail.domain.failures.failure import Cause, Failure


@dataclass(frozen=True)
class BounceReport:
    """A failure for good to deliver an e-mail, as a mail server reported it.

    `handle` is that of the intent in the returned e-mail, None when it has no intent that this installation signed; then
    `message_id` is its Message-ID, whose local part is the random id of a delivery. `status` is the enhanced status code (RFC
    3463), such as 5.1.1. `code` and `text` are the words of the server that refused the e-mail, if the report has them.
    """

    handle: str | None
    message_id: str | None
    status: str
    code: int | None = None
    text: str | None = None

    @property
    def is_permanent(self) -> bool:
        """Return whether further e-mails to the recipient would come back as well: the status is about address or mailbox."""
        return self.status.startswith(("5.0.", "5.1.", "5.2."))

    @property
    def failure(self) -> Failure:
        """Return the failure of the delivery."""
        said = f' The server said: "{self.text}".' if self.text else ""
        if self.is_permanent:
            return Failure(
                Cause.BOUNCED,
                f"The e-mail came back: its recipient cannot get it ({self.status}).{said}",
                "Correct the recipient's address in the catalog, or make the user inactive.",
                temporary=False,
                smtp_code=self.code,
                smtp_text=self.text,
            )
        return Failure(
            Cause.UNDELIVERED,
            f"The e-mail came back: a mail server did not deliver it ({self.status}).{said}",
            "Remove what the server's words name, such as a sender that it does not accept; then send a new notification.",
            temporary=False,
            smtp_code=self.code,
            smtp_text=self.text,
        )
