"""Amazon: what its interface lets a seller write to a buyer; buyers themselves write by mail."""
