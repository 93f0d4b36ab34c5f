"""Alembic's entry: runs the revisions over a connection that `router.storage.upgrade` hands in."""

from typing import Any, Literal

from alembic import context
from alembic.autogenerate.api import AutogenContext
from sqlalchemy import JSON

from router.storage.columns import UtcTime
from router.storage.schema import metadata


def render_item(type_: str, obj: Any, autogen_context: AutogenContext) -> str | Literal[False]:
    """Write our own column types with their import."""
    if type_ == "type" and isinstance(obj, UtcTime):
        autogen_context.imports.add("from router.storage.columns import UtcTime")
        return "UtcTime()"
    if type_ == "type" and isinstance(obj, JSON):
        autogen_context.imports.add("from router.storage.columns import Json")
        return "Json"
    return False


context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
    render_item=render_item,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
