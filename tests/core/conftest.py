"""Organizations of these tests, which need no credential types."""

import pytest


@pytest.fixture(scope="session")
def stocked() -> frozenset[str]:
    """No types of credentials."""
    return frozenset()
