"""The web side: typed API for desks and programs, live updates, static pages."""
