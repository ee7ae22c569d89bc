"""What a resolver works with: look (a query), load (a batch), change (a transaction).

`settled` brings what is kept in line before it is read, and `once` does what a mutation's field stands for a single
time. One context serves one operation: its loaders remember rows, and are forgotten after every change.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy.exc import IntegrityError
from strawberry.dataloader import DataLoader

from app.access import Actor, Scope
from app.attachments.file_service import Files
from app.compliance import settlement
from app.core.errors import DomainError, IdempotencyMismatch, Refused, Unauthenticated
from app.db import idempotency, read_executor, row_access
from app.db.database import Database, Session
from app.db.read_batch import Read
from app.db.read_executor import Reading
from app.registries.registry_set import Sources
from app.signing.sealed_tokens import Signer

Result = TypeVar("Result")
Action = Callable[[Session, Actor, dict[str, Any]], Awaitable[Any]]
Batch = Callable[..., Awaitable[dict[str, Any]]]

SETTLED_BY_READERS = 200
"""The most owners whom somebody who reads settles; the jobs settle the rest."""


@idempotency.outcome
@dataclass(frozen=True)
class Refusals:
    """The outcome of a call that was refused, kept for its idempotency key."""

    errors: list[DomainError]


@dataclass
class Context:
    """One operation's actor, database and loaders."""

    database: Database
    signer: Signer
    sources: Sources
    files: Files
    caller: Actor | None
    """Who calls; None for someone without a key, who may only read the schema."""
    request_id: str
    origin: str = ""
    """How the caller reached the service, such as `https://credgraph.example`; empty when nothing tells."""
    prepared: Any = None
    """The operation's document, parsed, validated and measured (see `execution`)."""
    _done: dict[str | int, Any] = field(default_factory=dict)
    """The outcomes of the mutations so far, by the names of their fields in the response."""
    _loaders: dict[Any, DataLoader[str, Any]] = field(default_factory=dict)
    _settling: asyncio.Task[bool] | None = None

    @property
    def actor(self) -> Actor:
        """Who calls. Raises Unauthenticated."""
        if self.caller is None:
            raise Unauthenticated("an API key or token is needed: Authorization: Bearer …")
        return self.caller

    def permitted(self, scope: Scope | None, *, own: bool = False, contractors: bool = False) -> Actor:
        """Who calls, as a field that takes a scope, or none, sees them. Raises MissingScope and Unauthenticated."""
        return self.actor if scope is None else self.actor.permitted(scope, own=own, contractors=contractors)

    async def look(self, query: Callable[..., Awaitable[Result]], actor: Actor, *arguments: Any) -> Result:
        """Run one query in a read session of its own."""
        async with self.database.reading(self.request_id) as session:
            return await query(session, actor, *arguments)

    def load(self, batch: Batch, actor: Actor, key: str, *arguments: Any) -> Awaitable[Any]:
        """One key's share of a batch query, which is asked once for all keys of the same level."""
        name = (batch, actor, *arguments)
        loader = self._loaders.get(name)
        if loader is None:

            async def fetch(keys: Sequence[str]) -> list[Any]:
                found = await self.look(batch, actor, list(keys), *arguments)
                return [found.get(key) for key in keys]

            loader = self._loaders[name] = DataLoader(load_fn=fetch)
        return loader.load(key)

    async def settled(self, actor: Actor) -> bool:
        """Settle some of what is left to settle before something kept is read; gives whether nothing is left.

        Once in an operation, and again after each change.
        """
        if self._settling is None:
            self._settling = asyncio.create_task(self._settle(actor))
        return await asyncio.shield(self._settling)

    def kept(self, actor: Actor, *reads: Read) -> Reading[tuple[bool, list[Any]]]:
        """What some reads of what is kept give, once it is settled; and whether nothing is left to settle.

        Most of the time nothing is: one round tells both.
        """
        if self._settling is None:
            [[[pending]], *found] = read_executor.told((yield [settlement.pending(self.database, actor), *reads]))
            if not pending:
                return True, found
        [settled] = read_executor.told((yield [lambda: self.settled(actor)]))
        return settled, read_executor.told((yield reads))

    async def _settle(self, actor: Actor) -> bool:
        if not await self.database.lanes.run(settlement.is_pending(self.database, actor)):
            return True

        async def attempt() -> int:
            async with self.database.writing(self.request_id) as session:
                return await settlement.settle(session, actor.organization_id, SETTLED_BY_READERS, wait=False)

        await self.database.retrying(attempt)
        return not await self.database.lanes.run(settlement.is_pending(self.database, actor))

    async def once(self, name: str | int, perform: Callable[..., Awaitable[Result]], *arguments: Any) -> Result:
        """Do what a mutation's field stands for; where the operation is run anew, only tell what came of it."""
        if name not in self._done:
            self._done[name] = await perform(self, *arguments)
        outcome: Result = self._done[name]
        return outcome

    async def change(self, actor: Actor, name: str, action: Action, given: dict[str, Any]) -> Any:
        """Run one action in a transaction of its own; gives its result, or its refusals as `Refusals`.

        With an idempotency key in the input, a repeated call gives the first one's outcome.
        """
        key = given.pop("idempotencyKey", None)
        try:
            if key is None:
                return await self._write(action, actor, given)
            return await self._write_once(key, name, action, actor, given)
        except (DomainError, Refused, IntegrityError) as error:
            return Refusals(row_access.refusals_of(error))
        finally:
            self._loaders.clear()
            self._settling = None

    async def _write_once(self, key: str, name: str, action: Action, actor: Actor, given: dict[str, Any]) -> Any:
        """Run one action, unless a call with this key did. A refusal is kept as well, once all else is taken back.

        Should another call with the key come between, its outcome is everybody's.
        """
        call = [name, given]
        try:
            return await self._write(_claimed, actor, key, call, lambda session: action(session, actor, given))
        except IdempotencyMismatch:
            raise
        except (DomainError, Refused, IntegrityError) as error:
            refusals = Refusals(row_access.refusals_of(error))

        async def refuse(_session: Session) -> Refusals:
            return refusals

        return await self._write(_claimed, actor, key, call, refuse)

    async def _write(self, action: Callable[..., Awaitable[Result]], actor: Actor, *arguments: Any) -> Result:
        async def attempt() -> Result:
            async with self.database.writing(self.request_id) as session:
                return await action(session, actor, *arguments)

        return await self.database.retrying(attempt)


async def _claimed(
    session: Session, actor: Actor, key: str, call: list[Any], act: Callable[[Session], Awaitable[Any]]
) -> Any:
    """Act and keep what came of it, unless that is kept already."""
    mine = (session, actor.organization_id, actor.id, key)
    kept = await idempotency.claim(*mine, call)
    if kept is not None:
        return await idempotency.unpack(session, actor, kept)
    result = await act(session)
    await session.gather()
    await idempotency.keep(*mine, result)
    return result
