"""YAML documents written by people: read with the place of everything, checked against models."""
