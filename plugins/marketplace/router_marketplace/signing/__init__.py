"""Signatures of marketplaces, as pure functions.

In: parameters, a secret, the clock's value. Out: what goes on the wire, or whether a push is genuine.
Every request recipe has a `base` function, which rebuilds the signed text, and a `sign` function, which
gives the parameters or headers to send. Base texts may hold the secret: they are never logged.
"""
