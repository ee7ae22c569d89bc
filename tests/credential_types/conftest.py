"""Organizations of these tests, which make the credential types that they speak of."""

import pytest


@pytest.fixture(scope="session")
def stocked() -> frozenset[str]:
    """No types of credentials."""
    return frozenset()
