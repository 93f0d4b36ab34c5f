"""Trying the routing out: event lists, made-up traffic, and recorded traffic once more.

In: a list, a scenario or the store's log, with rules and a roster. Out: decisions and what they add up to.
"""
