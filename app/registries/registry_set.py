"""The registries of an installation by name, each guarded: bounded time, retries with jitter, a circuit breaker."""

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
from app.registries.breaker import Breaker
from app.registries.http import Description, Http
from app.registries.manual import Manual
from app.registries.protocol import Finding, Inquiry, Misconfigured, Registry, Unavailable
from app.registries.sandbox import Sandbox


@dataclass(frozen=True)
class Guard:
    """How a registry is guarded. All tries of a check end well within its lease (see `credentials/verification`)."""

    tries: int = 3
    first_wait_seconds: float = 0.2
    longest_wait_seconds: float = 2
    failures_that_open: int = 5
    """Checks in a row that failed, after all their tries."""
    open_seconds: float = 30
    clock: Callable[[], float] = monotonic


@dataclass(frozen=True)
class Checked:
    """A finding with the time that it took, in milliseconds."""

    finding: Finding
    latency: int


class Source:
    """One registry and its guard. While its breaker is open it is not asked."""

    def __init__(
        self, name: str, registry: Registry, guard: Guard | None = None, *, push_secret: str | None = None
    ) -> None:
        self.name = name
        self.registry = registry
        self.push_secret = push_secret
        self._guard = guard
        told = guard or Guard()
        self._breaker = Breaker(Unavailable, told.failures_that_open, told.open_seconds, told.clock)

    @property
    def state(self) -> str:
        """The breaker's state: `closed` (asked), `open` (not asked) or `half_open` (tried once)."""
        return self._breaker.state

    async def check(self, inquiry: Inquiry) -> Checked:
        """Ask the registry. Raises Unavailable."""
        started = perf_counter()
        if self._guard is None:
            finding = await self.registry.check(inquiry)
        else:
            try:
                with self._breaker.passing():
                    finding = await self._ask(inquiry, self._guard)
            except breaker.LeftAlone:
                raise Unavailable("the registry has failed repeatedly and is not asked for a while") from None
        return Checked(finding, round((perf_counter() - started) * 1_000))

    async def _ask(self, inquiry: Inquiry, guard: Guard) -> Finding:
        retrying = AsyncRetrying(
            stop=stop_after_attempt(guard.tries),
            wait=wait_random_exponential(multiplier=guard.first_wait_seconds, max=guard.longest_wait_seconds),
            retry=retry_if_exception_type(Unavailable),
            reraise=True,
        )
        async for attempt in retrying:
            with attempt:
                return await self.registry.check(inquiry)
        raise AssertionError("unreachable")


class Sources:
    """All registries: those that a file describes, the sandbox, and a person for what is not described."""

    def __init__(self, file: Path | None = None, guard: Guard | None = None) -> None:
        """Raises Misconfigured where a registry could not be asked as the file says."""
        described = _read(file) if file is not None else {}
        # None where nobody is to be asked: it reads all authorities that the machine trusts.
        self._client = httpx.AsyncClient(verify=_trusted(), follow_redirects=False) if described else None
        self._described: dict[str, Source] = {}
        for name, told in described.items():
            assert self._client is not None
            try:
                secret = _push_secret(told)
                self._described[name] = Source(name, Http(told, self._client), guard or Guard(), push_secret=secret)
            except Misconfigured as error:
                raise Misconfigured(f"{file}: {name}: {error}") from None
        self._sandbox: dict[str, Source] = {}
        self._manual: dict[str, Source] = {}

    def of(self, name: str, *, sandbox: bool) -> Source:
        """The registry of a name, for an organization that is in sandbox mode or not."""
        if sandbox:
            # Unguarded: a partner who tries out failure must not meet an open breaker next.
            return self._sandbox.setdefault(name, Source(name, Sandbox()))
        return self._described.get(name) or self._manual.setdefault(name, Source(name, Manual()))

    def pushing(self, name: str) -> Source | None:
        """The described registry of a name, if it may push."""
        source = self._described.get(name)
        return source if source is not None and source.push_secret else None

    async def close(self) -> None:
        """Give the connections back."""
        if self._client is not None:
            await self._client.aclose()


@cache
def _trusted() -> ssl.SSLContext:
    """The authorities that the machine trusts, read once in a process: it takes longer than all else at a start."""
    return httpx.create_ssl_context()


def _read(file: Path) -> dict[str, Description]:
    try:
        return TypeAdapter(dict[str, Description]).validate_python(json.loads(file.read_bytes()))
    except OSError as error:
        raise Misconfigured(f"{file}: {error.strerror}") from None
    except ValidationError as error:
        wrong = "; ".join(f"{'.'.join(map(str, part['loc']))}: {part['msg']}" for part in error.errors())
        raise Misconfigured(f"{file}: {wrong}") from None
    except ValueError as error:
        raise Misconfigured(f"{file}: not JSON: {error}") from None


def _push_secret(told: Description) -> str | None:
    if told.push_secret is None:
        return None
    secret = os.environ.get(told.push_secret)
    if not secret:
        raise Misconfigured(f"push_secret: the variable {told.push_secret} is not set")
    try:
        Webhook(secret)
    except (binascii.Error, ValueError, EmptyWebhookSecretError):
        raise Misconfigured(f"push_secret: the variable {told.push_secret} is not base64, as a secret is") from None
    return secret
