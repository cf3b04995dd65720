"""The database's changes from version to version, for Alembic."""
