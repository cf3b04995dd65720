"""The document of the e-mail settings: fields, validation, changes, connections."""
