"""What tests of registries share: a registry on a port of its own, and how it is asked."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest

from app.registries.findings import Finding
from app.registries.http import HttpAdapter, RegistryDescription
from app.registries.protocol import Inquiry
from tests import registry
from tests.registry import FakeRegistry

Ask = Callable[..., Awaitable[Finding]]


@pytest.fixture
async def fake() -> AsyncIterator[FakeRegistry]:
    """A registry."""
    async with registry.running_registry() as found:
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
        description = RegistryDescription.model_validate(fake.config(**described))
        asked = Inquiry(type_code="WWCC_NSW", reference_number=number, **(inquiry or {}))
        return await HttpAdapter(description, client).check(asked)

    return found
