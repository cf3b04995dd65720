"""Header fields, addresses and text of messages (RFC 5322, RFC 2045 to 2047)."""
