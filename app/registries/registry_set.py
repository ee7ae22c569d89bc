"""The registries of an installation by name, each with a time limit, retries with jitter and a circuit breaker."""

import binascii
import json
import os
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from time import monotonic, perf_counter

import httpx
from pydantic import TypeAdapter, ValidationError
from standardwebhooks import Webhook
from standardwebhooks.webhooks import EmptyWebhookSecretError
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from app.registries import breaker
from app.registries.breaker import CircuitBreaker
from app.registries.findings import Finding
from app.registries.http import HttpAdapter, RegistryDescription
from app.registries.manual import ManualAdapter
from app.registries.protocol import Inquiry, Misconfigured, RegistryAdapter, RegistryUnavailable
from app.registries.sandbox import SandboxAdapter


@dataclass(frozen=True)
class Guard:
    """The retries and circuit breaker of a registry.

    All tries of a check must end well within the lease of its attempt (see `credentials/verification/attempts`).
    """

    tries: int = 3
    first_wait_seconds: float = 0.2
    max_wait_seconds: float = 2
    failure_threshold: int = 5
    """Consecutive failed checks, each after all its tries, that open the breaker."""
    open_seconds: float = 30
    clock: Callable[[], float] = monotonic


@dataclass(frozen=True)
class TimedFinding:
    """A finding with the duration of its check in milliseconds."""

    finding: Finding
    latency: int


class GuardedRegistry:
    """A registry behind its adapter and guard. While its breaker is open, it is not asked."""

    def __init__(
        self, name: str, adapter: RegistryAdapter, guard: Guard | None = None, *, push_secret: str | None = None
    ) -> None:
        self.name = name
        self.adapter = adapter
        self.push_secret = push_secret
        self._guard = guard
        limits = guard or Guard()
        self._breaker = CircuitBreaker(RegistryUnavailable, limits.failure_threshold, limits.open_seconds, limits.clock)

    @property
    def state(self) -> str:
        """The state of the breaker: `closed`, `open` or `half_open`."""
        return self._breaker.state

    async def check(self, inquiry: Inquiry) -> TimedFinding:
        """Ask the registry, with retries. Raises RegistryUnavailable."""
        started = perf_counter()
        if self._guard is None:
            finding = await self.adapter.check(inquiry)
        else:
            try:
                with self._breaker.guard():
                    finding = await self._ask(inquiry, self._guard)
            except breaker.BreakerOpen:
                raise RegistryUnavailable("the registry has failed repeatedly and is not asked for a while") from None
        return TimedFinding(finding, round((perf_counter() - started) * 1_000))

    async def _ask(self, inquiry: Inquiry, guard: Guard) -> Finding:
        retrying = AsyncRetrying(
            stop=stop_after_attempt(guard.tries),
            wait=wait_random_exponential(multiplier=guard.first_wait_seconds, max=guard.max_wait_seconds),
            retry=retry_if_exception_type(RegistryUnavailable),
            reraise=True,
        )
        async for attempt in retrying:
            with attempt:
                return await self.adapter.check(inquiry)
        raise AssertionError("unreachable")


class RegistrySet:
    """All registries: those described in a file, the sandbox, and manual review for any other name."""

    def __init__(self, file: Path | None = None, guard: Guard | None = None) -> None:
        """Read the file of descriptions. Raises Misconfigured if the file or a description is unusable."""
        described = _read(file) if file is not None else {}
        # No client without descriptions: it would read all trusted certificate authorities at start.
        self._client = httpx.AsyncClient(verify=_trusted_authorities(), follow_redirects=False) if described else None
        self._described: dict[str, GuardedRegistry] = {}
        for name, description in described.items():
            assert self._client is not None
            try:
                secret = _push_secret(description)
                self._described[name] = GuardedRegistry(
                    name, HttpAdapter(description, self._client), guard or Guard(), push_secret=secret
                )
            except Misconfigured as error:
                raise Misconfigured(f"{file}: {name}: {error}") from None
        self._sandbox: dict[str, GuardedRegistry] = {}
        self._manual: dict[str, GuardedRegistry] = {}

    def get(self, name: str, *, sandbox: bool) -> GuardedRegistry:
        """Return the registry of a name, for organizations in sandbox mode or others."""
        if sandbox:
            # No guard: after a partner tests failures, an open breaker would refuse the next check.
            return self._sandbox.setdefault(name, GuardedRegistry(name, SandboxAdapter()))
        return self._described.get(name) or self._manual.setdefault(name, GuardedRegistry(name, ManualAdapter()))

    def find_pushing(self, name: str) -> GuardedRegistry | None:
        """Return the described registry of a name if it has a push secret, else None."""
        source = self._described.get(name)
        return source if source is not None and source.push_secret else None

    async def close(self) -> None:
        """Close the HTTP connections."""
        if self._client is not None:
            await self._client.aclose()


@cache
def _trusted_authorities() -> ssl.SSLContext:
    """Return the machine's trusted authorities. Read once per process: reading is the slowest step of a start."""
    return httpx.create_ssl_context()


def _read(file: Path) -> dict[str, RegistryDescription]:
    try:
        return TypeAdapter(dict[str, RegistryDescription]).validate_python(json.loads(file.read_bytes()))
    except OSError as error:
        raise Misconfigured(f"{file}: {error.strerror}") from None
    except ValidationError as error:
        problems = "; ".join(f"{'.'.join(map(str, part['loc']))}: {part['msg']}" for part in error.errors())
        raise Misconfigured(f"{file}: {problems}") from None
    except ValueError as error:
        raise Misconfigured(f"{file}: not JSON: {error}") from None


def _push_secret(description: RegistryDescription) -> str | None:
    if description.push_secret is None:
        return None
    secret = os.environ.get(description.push_secret)
    if not secret:
        raise Misconfigured(f"push_secret: the variable {description.push_secret} is not set")
    try:
        Webhook(secret)
    except (binascii.Error, ValueError, EmptyWebhookSecretError):
        raise Misconfigured(f"push_secret: the variable {description.push_secret} is not a base64 secret") from None
    return secret
