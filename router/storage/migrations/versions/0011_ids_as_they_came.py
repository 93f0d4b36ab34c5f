"""Compare ids of providers as they came: only e-mail addresses are the same in upper and lower case."""

from collections.abc import Callable

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_OWNERS = {"contact_point": "account", "claimed_point": "contact_point_id"}


def upgrade() -> None:
    """Go to this revision."""
    _rewrite(lambda address, display: display.strip() if display.strip().casefold() == address else address)


def downgrade() -> None:
    """Go back from this revision; of ids that differ in case only the first is folded."""
    _rewrite(lambda address, _: address.casefold())


def _rewrite(wanted: Callable[[str, str], str]) -> None:
    """Give each id the address wanted for it, unless another has that."""
    for name, owner in _OWNERS.items():
        columns: list[sa.ColumnClause[str]] = [
            sa.column(each) for each in (owner, "kind", "address", "display")
        ]
        table = sa.table(name, *columns)
        found = op.get_bind().execute(sa.select(*columns).where(table.c.kind != "email"))
        rows = [tuple(row) for row in found]
        taken = {row[:3] for row in rows}
        for held_by, kind, address, display in rows:
            new = wanted(address, display)
            if (held_by, kind, new) in taken:
                continue
            taken.add((held_by, kind, new))
            here = (columns[0] == held_by) & (columns[1] == kind) & (columns[2] == address)
            op.execute(table.update().where(here).values(address=new))
