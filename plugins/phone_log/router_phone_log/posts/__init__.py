"""Posts of phone systems: proven, stored, and read as each vendor writes them."""
