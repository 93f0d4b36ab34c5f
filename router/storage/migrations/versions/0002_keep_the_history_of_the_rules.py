"""Keep the history of the rules: which version is in force, since when, why, and for whom."""

import sqlalchemy as sa
from alembic import op

from router.storage.columns import Json, UtcTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Go to this revision; the newest version of before is the one in force."""
    with op.batch_alter_table("ruleset", schema=None) as batch_op:
        batch_op.add_column(sa.Column("note", sa.Text(), server_default="", nullable=False))
    op.create_table(
        "ruleset_change",
        sa.Column(
            "number",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("act", sa.String(length=12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("staged_version", sa.Integer(), nullable=True),
        sa.Column("stage", Json, nullable=True),
        sa.Column("file_version", sa.Integer(), nullable=True),
        sa.Column("author", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), server_default="", nullable=False),
        sa.Column("at", UtcTime(), nullable=False),
        sa.ForeignKeyConstraint(["version"], ["ruleset.version"], name=op.f("fk_ruleset_change_version")),
        sa.ForeignKeyConstraint(
            ["staged_version"], ["ruleset.version"], name=op.f("fk_ruleset_change_staged_version")
        ),
        sa.ForeignKeyConstraint(
            ["file_version"], ["ruleset.version"], name=op.f("fk_ruleset_change_file_version")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_ruleset_change")),
    )
    op.execute(
        "INSERT INTO ruleset_change (act, version, file_version, author, note, at) "
        "SELECT 'applied', version, version, author, '', created_at FROM ruleset "
        "ORDER BY version DESC LIMIT 1"
    )


def downgrade() -> None:
    """Go back to the revision before."""
    op.drop_table("ruleset_change")
    with op.batch_alter_table("ruleset", schema=None) as batch_op:
        batch_op.drop_column("note")
