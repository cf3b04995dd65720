"""Notifications: kinds, recipients, messages, outcomes, retries."""
