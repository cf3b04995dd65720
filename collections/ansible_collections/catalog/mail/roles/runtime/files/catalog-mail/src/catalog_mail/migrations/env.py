"""Alembic's way in: the connection is given by catalog_mail.adapters.database.migrate."""

from __future__ import annotations

from alembic import context

from catalog_mail.adapters.database.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,  # SQLite changes a table by copying it
)
with context.begin_transaction():
    context.run_migrations()
