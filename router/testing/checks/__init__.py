"""The contract checks, by what they look at; each takes a stage and raises what it finds."""

import importlib.util
import pkgutil

# A failing contract would show a bare AssertionError otherwise; it has to be asked for before the import.
if importlib.util.find_spec("pytest") is not None:
    import pytest

    pytest.register_assert_rewrite(*(f"{__name__}.{each.name}" for each in pkgutil.iter_modules(__path__)))
