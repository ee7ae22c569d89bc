"""Marks for tests that run on only one of the two databases."""

import pytest

on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""For behaviour that involves no database, or that is slow and the same on both."""
on_postgresql = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
