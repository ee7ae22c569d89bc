"""Fixtures of registry tests: a registry on its own port, and a function to ask it."""

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest

from app.registries.findings import Finding
from app.registries.http import HttpAdapter, RegistryDescription
from app.registries.protocol import Inquiry
from tests.registry import FakeRegistry

Ask = Callable[..., Awaitable[Finding]]


@pytest.fixture(scope="session")
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """Provide the HTTP client."""
    async with httpx.AsyncClient(follow_redirects=False) as client:
        yield client


@pytest.fixture
def ask(fake: FakeRegistry, client: httpx.AsyncClient) -> Ask:
    """Ask the registry about a number: `await ask("WWC1")`, `await ask("WWC1", timeout_seconds=1)`."""

    async def check(number: str | None = "WWC1", inquiry: dict[str, Any] | None = None, **described: Any) -> Finding:
        description = RegistryDescription.model_validate(fake.config(**described))
        inquiry_sent = Inquiry(type_code="WWCC_NSW", reference_number=number, **(inquiry or {}))
        return await HttpAdapter(description, client).check(inquiry_sent)

    return check
