"""Lazada instant messaging: reading, signed calls, the platform's own words for errors."""
