"""The sessions and DataLoaders of the plain Strawberry peer."""

import os
from collections import defaultdict
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import async_sessionmaker, create_async_engine
from sqlmodel import col
from strawberry.dataloader import DataLoader

from app.credential_types.tables import CredentialType
from app.credentials.tables import NEVER, Credential, CredentialVersion
from app.db.database import url_of
from app.events.tables import Event
from app.organizations.tables import ApiKey, Organization, OrgUnit
from app.workers.tables import Worker
from scripts.benchmark.peers import plain_types as types

engine = create_async_engine(url_of(os.environ["DATABASE_URL"]), pool_size=20, max_overflow=0)
sessions = async_sessionmaker(engine, expire_on_commit=False)


def shown(kind: Any, row: Any) -> Any:
    """Return a row as the type of the schema."""
    if row is None:
        return None
    names = [field.python_name for field in kind.__strawberry_definition__.fields if field.base_resolver is None]
    private = [name for name in kind.__annotations__ if name not in names and hasattr(row, name)]
    return kind(**{name: getattr(row, name) for name in (*names, *private)})


class Loaders:
    """The DataLoaders of one request."""

    def __init__(self, key: ApiKey, organization: Organization) -> None:
        self.tenant, self.organization = key.organization_id, organization
        self._many: dict[Any, DataLoader[str, Any]] = {}
        self._workers = self._one(Worker, types.Worker)
        self._units = self._one(OrgUnit, types.OrgUnit)
        self._versions = self._one(CredentialVersion, types.Version)
        self._types = self._one(CredentialType, None)

    async def worker(self, key: str | None) -> Any:
        return None if key is None else await self._workers.load(key)

    async def unit(self, key: str | None) -> Any:
        return None if key is None else await self._units.load(key)

    async def version(self, key: str) -> Any:
        return await self._versions.load(key)

    async def type(self, key: str) -> Any:
        return shown(types.CredentialType, await self._types.load(key))

    async def credentials(self, key: str, first: int) -> Any:
        shows = (col(Credential.deleted_at).is_(None), col(Credential.archived_at).is_(None))
        order = (col(Credential.updated_at).desc(), col(Credential.id).desc())
        return await self._of(Credential, types.Credential, col(Credential.worker_id), order, first, *shows).load(key)

    async def versions(self, key: str, first: int) -> Any:
        order = (col(CredentialVersion.number).desc(),)
        parent = col(CredentialVersion.credential_id)
        return await self._of(CredentialVersion, types.Version, parent, order, first).load(key)

    async def activity(self, key: str, first: int) -> Any:
        order = (col(Event.occurred_at).desc(), col(Event.id).desc())
        return await self._of(Event, types.Event, col(Event.worker_id), order, first).load(key)

    async def validity(self, credential: Any) -> str:
        kind = await self._types.load(credential.credential_type_id)
        soon = kind.expiring_soon_days if kind.expiring_soon_days is not None else self.organization.expiring_soon_days
        today, expires = datetime.now(UTC).date(), credential.expires_on
        if credential.valid_from is not None and today < credential.valid_from:
            return "NOT_YET_VALID"
        if expires == NEVER:
            return "NO_EXPIRY"
        if expires < today:
            return "EXPIRED"
        return "EXPIRING_SOON" if expires <= today + timedelta(days=soon) else "VALID"

    def _one(self, table: Any, kind: Any) -> DataLoader[str, Any]:
        async def fetch(keys: list[str]) -> Sequence[Any]:
            async with sessions() as session:
                statement = select(table).where(table.organization_id == self.tenant, table.id.in_(keys))
                found = {row.id: shown(kind, row) if kind else row for row in await session.scalars(statement)}
            return [found.get(key) for key in keys]

        return DataLoader(load_fn=fetch)

    def _of(self, table: Any, kind: Any, parent: Any, order: Any, first: int, *shows: Any) -> DataLoader[str, Any]:
        async def fetch(keys: list[str]) -> Sequence[Any]:
            # The first rows of each parent, numbered by a window function: the usual way to page per parent.
            number = func.row_number().over(partition_by=parent, order_by=order).label("number")
            numbered = select(table.id, number).where(table.organization_id == self.tenant, parent.in_(keys), *shows)
            within = numbered.subquery()
            statement = (
                select(table)
                .join(within, (within.c.id == table.id) & (within.c.number <= first))
                .where(table.organization_id == self.tenant)
                .order_by(*order)
            )
            groups: dict[str, list[Any]] = defaultdict(list)
            async with sessions() as session:
                for row in await session.scalars(statement):
                    groups[getattr(row, parent.key)].append(shown(kind, row))
            return [groups[key] for key in keys]

        name = (table, first)
        if name not in self._many:
            self._many[name] = DataLoader(load_fn=fetch)
        return self._many[name]
