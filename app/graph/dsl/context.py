"""The context of one operation: its actor, its database and its loaders.

A resolver runs a query (`run_query`), loads one key of a batch query (`load`) or runs an action in a transaction
(`run_action`). Compliance counts are settled before they are read (`settle`, `read_settled`). Loaders cache rows, and
every action clears them.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

import strawberry
from sqlalchemy.exc import IntegrityError
from strawberry.dataloader import DataLoader

from app.access import Actor, Scope
from app.attachments.file_service import FileService
from app.compliance import settlement
from app.core.errors import DomainError, DomainErrorGroup, IdempotencyMismatch, Unauthenticated
from app.db import idempotency, read_executor, unique_violations
from app.db.database import Database
from app.db.read_batch import Read
from app.db.read_executor import ReadProgram
from app.db.session import Session
from app.registries.registry_set import RegistrySet
from app.signing.sealed_tokens import Signer

ReturnValue = TypeVar("ReturnValue")
MutationAction = Callable[[Session, Actor, dict[str, Any]], Awaitable[Any]]
"""An action of the domain, called with the session, the actor and the input as plain data."""
BatchQuery = Callable[..., Awaitable[dict[str, Any]]]
"""A query for many keys, called with a session, an actor, the keys and its arguments. Returns key → value."""

MAX_OWNERS_SETTLED_BY_READ = 200  # owners; background jobs settle the rest, so that a read stays short


@idempotency.replayable
@dataclass(frozen=True)
class Refusals:
    """The result of a refused action, in a form that is stored for its idempotency key."""

    errors: list[DomainError]


@dataclass
class Context:
    """The actor, database and loaders of one operation."""

    database: Database
    signer: Signer
    registries: RegistrySet
    files: FileService
    caller: Actor | None
    """The authenticated actor; None without credentials, which allows reading the schema only."""
    request_id: str
    origin: str = ""
    """The scheme and host that the caller used, such as `https://credgraph.example`; empty if unknown."""
    prepared: Any = None
    """The operation's document: parsed, validated and measured against the limits."""
    _results: dict[str | int, Any] = field(default_factory=dict)
    """Response name of a mutation's field → its payload, for the mutations of this operation that have run."""
    _loaders: dict[Any, DataLoader[str, Any]] = field(default_factory=dict)
    _settlement: asyncio.Task[bool] | None = None

    @property
    def actor(self) -> Actor:
        """The authenticated actor. Raises Unauthenticated if there is none."""
        if self.caller is None:
            raise Unauthenticated("an API key or token is needed: Authorization: Bearer …")
        return self.caller

    def permitted_actor(self, scope: Scope | None, *, own: bool = False, contractors: bool = False) -> Actor:
        """Return the actor, narrowed to the rows that a field with this scope may read.

        Raises MissingScope or Unauthenticated.
        """
        return self.actor if scope is None else self.actor.require_scope(scope, own=own, contractors=contractors)

    async def run_query(
        self, query: Callable[..., Awaitable[ReturnValue]], actor: Actor, *arguments: Any
    ) -> ReturnValue:
        """Run a query in a new read session."""
        async with self.database.reading(self.request_id) as session:
            return await query(session, actor, *arguments)

    def load(self, batch: BatchQuery, actor: Actor, key: str, *arguments: Any) -> Awaitable[Any]:
        """Return the value of one key of a batch query, which runs once for all keys requested together."""
        loader_key = (batch, actor, *arguments)
        loader = self._loaders.get(loader_key)
        if loader is None:

            async def fetch(keys: Sequence[str]) -> list[Any]:
                values = await self.run_query(batch, actor, list(keys), *arguments)
                return [values.get(key) for key in keys]

            loader = self._loaders[loader_key] = DataLoader(load_fn=fetch)
        return loader.load(key)

    async def settle(self, actor: Actor) -> bool:
        """Settle pending compliance counts, up to `MAX_OWNERS_SETTLED_BY_READ`, and return whether none is left.

        Runs once in an operation, and again after each action.
        """
        if self._settlement is None:
            self._settlement = asyncio.create_task(self._settle_now(actor))
        return await asyncio.shield(self._settlement)

    def read_settled(self, actor: Actor, *reads: Read) -> ReadProgram[tuple[bool, list[Any]]]:
        """Settle pending compliance counts, then run the reads. Return whether all is settled, and the reads' results.

        Nothing is pending most of the time, so that the check and the reads share one round trip.
        """
        if self._settlement is None:
            [[[pending]], *results] = read_executor.raise_first_error(
                (yield [settlement.pending_read(self.database, actor), *reads])
            )
            if not pending:
                return True, results
        [settled] = read_executor.raise_first_error((yield [lambda: self.settle(actor)]))
        return settled, read_executor.raise_first_error((yield reads))

    async def _settle_now(self, actor: Actor) -> bool:
        if not await self.database.read_executor.run(settlement.is_pending(self.database, actor)):
            return True

        async def attempt() -> int:
            async with self.database.writing(self.request_id) as session:
                return await settlement.settle(session, actor.organization_id, MAX_OWNERS_SETTLED_BY_READ, wait=False)

        await self.database.run_with_retries(attempt)
        return not await self.database.read_executor.run(settlement.is_pending(self.database, actor))

    async def run_once(
        self, name: str | int, perform: Callable[..., Awaitable[ReturnValue]], *arguments: Any
    ) -> ReturnValue:
        """Run a mutation's field once per operation, and return its payload.

        A plan that falls back to graphql-core runs the operation again: mutations that have run return their payload.
        """
        if name not in self._results:
            self._results[name] = await perform(self, *arguments)
        outcome: ReturnValue = self._results[name]
        return outcome

    async def run_action(self, actor: Actor, name: str, action: MutationAction, input: dict[str, Any]) -> Any:
        """Run an action in a new transaction. Return its result, or its errors as `Refusals`.

        With an idempotency key in the input, a repeated call returns the outcome of the first one.
        """
        key = input.pop("idempotencyKey", None)
        try:
            if key is None:
                return await self._write(action, actor, input)
            return await self._write_once(key, name, action, actor, input)
        except (DomainError, DomainErrorGroup, IntegrityError) as error:
            return Refusals(unique_violations.to_domain_errors(error))
        finally:
            self._loaders.clear()
            self._settlement = None

    async def _write_once(
        self, key: str, name: str, action: MutationAction, actor: Actor, input: dict[str, Any]
    ) -> Any:
        """Run an action unless a call with this idempotency key has run.

        A refusal is stored too, in a second transaction, because the first one was rolled back. If another call with
        the key commits between the two, both calls return that call's outcome.
        """
        call = [name, input]
        try:
            return await self._write(_act_once, actor, key, call, lambda session: action(session, actor, input))
        except IdempotencyMismatch:
            raise
        except (DomainError, DomainErrorGroup, IntegrityError) as error:
            refusals = Refusals(unique_violations.to_domain_errors(error))

        async def refuse(_session: Session) -> Refusals:
            return refusals

        return await self._write(_act_once, actor, key, call, refuse)

    async def _write(self, action: Callable[..., Awaitable[ReturnValue]], actor: Actor, *arguments: Any) -> ReturnValue:
        async def attempt() -> ReturnValue:
            async with self.database.writing(self.request_id) as session:
                return await action(session, actor, *arguments)

        return await self.database.run_with_retries(attempt)


Info = strawberry.Info[Context, None]


async def _act_once(
    session: Session, actor: Actor, key: str, call: list[Any], act: Callable[[Session], Awaitable[Any]]
) -> Any:
    """Act and store the outcome for the idempotency key. If an outcome is stored already, return that one."""
    record_key = (session, actor.organization_id, actor.id, key)
    stored = await idempotency.claim(*record_key, call)
    if stored is not None:
        return await idempotency.unpack(session, actor, stored)
    result = await act(session)
    await idempotency.store(*record_key, result)
    return result
