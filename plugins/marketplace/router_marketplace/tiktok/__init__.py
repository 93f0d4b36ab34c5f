"""TikTok Shop customer service: reading, signed calls, the platform's own words for errors."""
