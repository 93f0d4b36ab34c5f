"""The routing engine: pure functions of (events, configuration, clock values, seed); no I/O below here."""
