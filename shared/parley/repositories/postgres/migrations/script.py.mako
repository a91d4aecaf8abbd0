"""${message}."""

from alembic import op

revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}


def upgrade() -> None:
    """Add before anything is removed: the version before must go on working."""
    op.execute("")


def downgrade() -> None:
    """Undo it, without losing what people made."""
    op.execute("")
