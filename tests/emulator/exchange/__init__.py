"""Exchange in Graph: mailboxes, folders, messages, sending, and who may."""
