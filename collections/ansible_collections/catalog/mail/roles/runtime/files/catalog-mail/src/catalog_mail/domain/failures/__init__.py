"""Causes and remedies of failed connections, from what servers answer."""
