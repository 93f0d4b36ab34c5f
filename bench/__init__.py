"""Measurements of the router beside floors of the same work, as ratios taken in one run."""
