"""Users, conversations and mentions of the embedded catalog."""
