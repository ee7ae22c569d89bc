"""Fixtures of the HTTP tests."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import structlog

from app.core import logs
from app.settings import Settings
from tests.oidc import service_trusting_issuer
from tests.service import Tenant


@pytest.fixture(scope="module")
async def shared_oidc_tenant(shared_tenant: Tenant, settings: Settings, jwks: Path) -> AsyncIterator[Tenant]:
    """The shared organization, at a service that trusts the issuer, for requests that change nothing."""
    async with service_trusting_issuer(shared_tenant, settings, str(jwks)) as service:
        yield replace(shared_tenant, service=service)


@pytest.fixture
def log() -> Iterator[list[str]]:
    """The lines of the log, with full tracebacks of exceptions."""
    lines: list[str] = []

    def keep(_logger: object, _name: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        rendered = structlog.processors.format_exc_info(None, "", dict(event))
        lines.append(str(structlog.processors.JSONRenderer()(None, "", rendered)))
        raise structlog.DropEvent

    before = list(logs.PROCESSORS)
    logs.PROCESSORS[:] = [keep]
    yield lines
    logs.PROCESSORS[:] = before
