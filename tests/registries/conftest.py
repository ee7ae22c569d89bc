"""What tests of registries share: a registry on a port of its own, and how it is asked."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest

from app.registries.http import Description, Http
from app.registries.protocol import Finding, Inquiry
from tests import registry
from tests.registry import FakeRegistry

Ask = Callable[..., Awaitable[Finding]]


@pytest.fixture
async def fake() -> AsyncIterator[FakeRegistry]:
    """A registry."""
    async with registry.serving() as found:
        yield found


@pytest.fixture(scope="session")
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """What asks."""
    async with httpx.AsyncClient(follow_redirects=False) as found:
        yield found


@pytest.fixture
def ask(fake: FakeRegistry, client: httpx.AsyncClient) -> Ask:
    """Ask the registry about a number: `await ask("WWC1")`, `await ask("WWC1", timeout_seconds=1)`."""

    async def found(number: str | None = "WWC1", inquiry: dict[str, Any] | None = None, **described: Any) -> Finding:
        description = Description.model_validate(fake.describe(**described))
        asked = Inquiry(type_code="WWCC_NSW", reference_number=number, **(inquiry or {}))
        return await Http(description, client).check(asked)

    return found
