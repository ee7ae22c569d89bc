"""Which database a test is for, where it is not for both."""

import pytest

on_sqlite = pytest.mark.parametrize("database", ["sqlite"], indirect=True)
"""For what is answered before any database is asked, or takes long and is the same whatever the database."""
on_postgresql = pytest.mark.parametrize("database", ["postgresql"], indirect=True)
