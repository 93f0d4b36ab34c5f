"""`omnirouter demo`: a whole shop on loopback, and its check without a person."""
