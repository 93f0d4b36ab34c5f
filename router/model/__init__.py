"""The words of the domain, without I/O."""
