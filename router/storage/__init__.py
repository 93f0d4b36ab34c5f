"""The database: schema, the one writer, and what the rooms ask of it."""
