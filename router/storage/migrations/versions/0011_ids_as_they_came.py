"""Compare ids of providers as they came: only e-mail addresses are the same in upper and lower case."""

from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_AS_IT_CAME = """
UPDATE {table} SET address = trim(display)
WHERE kind <> 'email' AND address <> trim(display) AND address = lower(trim(display))
"""

# Two that differ in case only cannot both be folded: they stay as they came.
_FOLDED = """
UPDATE {table} SET address = lower(address)
WHERE kind <> 'email' AND address <> lower(address) AND NOT EXISTS (
    SELECT 1 FROM {table} other WHERE other.{owner} = {table}.{owner} AND other.kind = {table}.kind
    AND other.address <> {table}.address AND lower(other.address) = lower({table}.address)
)
"""

_OWNERS = {"contact_point": "account", "claimed_point": "contact_point_id"}


def upgrade() -> None:
    """Go to this revision."""
    for table in _OWNERS:
        op.execute(_AS_IT_CAME.format(table=table))


def downgrade() -> None:
    """Go back from this revision."""
    for table, owner in _OWNERS.items():
        op.execute(_FOLDED.format(table=table, owner=owner))
