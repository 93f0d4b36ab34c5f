"""Read queries for desks: an open connection and a `Scope` go in, shapes of `router.model.desk` come out.

Every function takes the scope of who asks; what the scope does not show does not exist.
"""
