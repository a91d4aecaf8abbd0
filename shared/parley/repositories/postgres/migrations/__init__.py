"""The migrations and how Alembic finds them."""
