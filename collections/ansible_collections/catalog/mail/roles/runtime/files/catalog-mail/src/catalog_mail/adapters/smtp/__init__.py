"""Mail over SMTP: to a corporate server, or to the host's own Postfix."""

from catalog_mail.adapters.smtp.senders import SmtpSenders

__all__ = ["SmtpSenders"]
