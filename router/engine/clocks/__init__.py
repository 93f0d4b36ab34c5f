"""Promises to the customer: what is due when, what stops the clock, and when people are told."""
