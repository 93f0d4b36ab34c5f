"""Simulated platforms: they remember, misbehave on demand, and let buyers write."""
