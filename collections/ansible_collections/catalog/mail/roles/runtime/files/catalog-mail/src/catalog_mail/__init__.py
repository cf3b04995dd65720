"""The e-mail of a data catalog: settings with Test and Save, notifications that are not lost, conversations."""

__version__ = "0.2.0"
