"""The database behind the ports, on SQLite or PostgreSQL by SQLAlchemy."""
