"""The smallest honest programs that do a part of the router's work, to measure the router against."""
