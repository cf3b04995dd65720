"""Replies by e-mail: intents, reading, decisions, text, archive."""
