"""What was on record on a day: today's rows for today and the days to come, the history for days gone by.

Both give the same: the kept columns of rows. A day gone by is read from what was recorded before it ended, and from
nothing else, so that no later fact changes what is said of it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Protocol

import msgspec
from sqlalchemy import ColumnElement, Select, func, select, true
from sqlmodel import col

from app.compliance.evaluation.snapshots import (
    KINDS,
    TABLES,
    K,
    Kept,
    KeptApplicant,
    KeptAssignment,
    KeptCredential,
    KeptWorker,
    Rows,
)
from app.credentials.tables import Credential
from app.db.database import Session
from app.db.history import History
from app.db.records import Record
from app.lists.key_lists import among
from app.workers.tables import Applicant, Assignment, Worker


class Source(Protocol):
    """Where the rows of a day are read from."""

    @property
    def until(self) -> datetime | None:
        """The instant before which all that counts was recorded; None where all does."""

    async def all(self, kinds: Sequence[type[Kept]]) -> Rows:
        """All rows of some kinds that are about no worker in particular."""

    async def about(self, kinds: Sequence[type[Kept]], workers: Sequence[str]) -> Rows:
        """The rows of some kinds that are about some workers, the workers themselves among them."""

    async def applicants(self, ids: Sequence[str] | None = None) -> list[KeptApplicant]:
        """Some applicants, or all."""

    async def of_applicants(self, applicants: Sequence[str]) -> list[KeptCredential]:
        """The credentials of some applicants."""

    async def workers(self, after: str, limit: int) -> list[str]:
        """The ids of all workers there were, from one on."""

    async def holders(self, position_id: str) -> set[str]:
        """The ids of all who held a position, hold it or will."""

    async def members(self, units: Sequence[str]) -> set[str]:
        """The ids of all workers in some units; there may be some too many."""


class Present:
    """The rows as they are."""

    until = None

    def __init__(self, session: Session, organization_id: str) -> None:
        self._session = session
        self._organization_id = organization_id

    async def all(self, kinds: Sequence[type[Kept]]) -> Rows:
        """One statement for each kind."""
        return {kind: await self._read(kind, *_of_nobody(TABLES[kind])) for kind in kinds}

    async def about(self, kinds: Sequence[type[Kept]], workers: Sequence[str]) -> Rows:
        """One statement for each kind."""
        dialect = self._session.dialect
        return {kind: await self._read(kind, among(_worker(TABLES[kind]), workers, dialect)) for kind in kinds}

    async def applicants(self, ids: Sequence[str] | None = None) -> list[KeptApplicant]:
        """One statement."""
        these = [] if ids is None else [among(col(Applicant.id), ids, self._session.dialect)]
        return await self._read(KeptApplicant, *these)

    async def of_applicants(self, applicants: Sequence[str]) -> list[KeptCredential]:
        """One statement."""
        theirs = among(col(Credential.applicant_id), applicants, self._session.dialect)
        return await self._read(KeptCredential, theirs)

    async def workers(self, after: str, limit: int) -> list[str]:
        """By the primary key."""
        mine = col(Worker.organization_id) == self._organization_id
        statement = select(col(Worker.id)).where(mine, col(Worker.id) > after).order_by(col(Worker.id)).limit(limit)
        return list(await self._session.scalars(statement))

    async def holders(self, position_id: str) -> set[str]:
        """By their assignments."""
        mine = col(Assignment.organization_id) == self._organization_id
        statement = select(col(Assignment.worker_id)).where(mine, col(Assignment.position_id) == position_id)
        return set(await self._session.scalars(statement))

    async def members(self, units: Sequence[str]) -> set[str]:
        """By the workers themselves."""
        inside = among(col(Worker.org_unit_id), units, self._session.dialect)
        statement = select(col(Worker.id)).where(col(Worker.organization_id) == self._organization_id, inside)
        return set(await self._session.scalars(statement))

    async def _read(self, kind: type[K], *conditions: ColumnElement[bool]) -> list[K]:
        table = TABLES[kind]
        columns = [getattr(table, name) for name in kind.__struct_fields__]
        statement = select(*columns).where(col(table.organization_id) == self._organization_id, *conditions)
        return [msgspec.convert(dict(row), kind) for row in (await self._session.execute(statement)).mappings()]


class Past:
    """The rows as they were at an instant."""

    def __init__(self, session: Session, organization_id: str, until: datetime) -> None:
        self._session = session
        self._organization_id = organization_id
        self.until = until

    async def all(self, kinds: Sequence[type[Kept]]) -> Rows:
        """One statement for all kinds."""
        rows = await self._read(kinds, col(History.worker_id).is_(None))
        return {kind: [row for row in found if _subject(row) is None] for kind, found in rows.items()}

    async def about(self, kinds: Sequence[type[Kept]], workers: Sequence[str]) -> Rows:
        """One statement for all kinds."""
        rows = await self._read(kinds, among(col(History.worker_id), workers, self._session.dialect))
        # A row may have been somebody else's when the day ended.
        wanted = set(workers)
        return {kind: [row for row in found if _subject(row) in wanted] for kind, found in rows.items()}

    async def applicants(self, ids: Sequence[str] | None = None) -> list[KeptApplicant]:
        """One statement."""
        these = true() if ids is None else among(col(History.row_id), ids, self._session.dialect)
        return (await self._read([KeptApplicant], these))[KeptApplicant]

    async def of_applicants(self, applicants: Sequence[str]) -> list[KeptCredential]:
        """One statement, which looks at every credential's past: entries are found by their worker alone."""
        theirs = among(col(History.values)["applicant_id"].as_string(), applicants, self._session.dialect)
        rows = await self._read([KeptCredential], theirs)
        return [row for row in rows[KeptCredential] if row.applicant_id in applicants]

    async def workers(self, after: str, limit: int) -> list[str]:
        """By their first entries."""
        statement = (
            select(col(History.row_id))
            .where(*self._mine([KeptWorker]), col(History.row_id) > after)
            .distinct()
            .order_by(col(History.row_id))
            .limit(limit)
        )
        return list(await self._session.scalars(statement))

    async def holders(self, position_id: str) -> set[str]:
        """By whatever was recorded of assignments."""
        theirs = col(History.values)["position_id"].as_string() == position_id
        statement = select(col(History.worker_id)).where(*self._mine([KeptAssignment]), theirs)
        return {key for key in await self._session.scalars(statement) if key is not None}

    async def members(self, units: Sequence[str]) -> set[str]:
        """By whatever was recorded of workers."""
        theirs = among(col(History.values)["org_unit_id"].as_string(), units, self._session.dialect)
        return set(await self._session.scalars(select(col(History.row_id)).where(*self._mine([KeptWorker]), theirs)))

    def _mine(self, kinds: Iterable[type[Kept]]) -> list[ColumnElement[bool]]:
        names = [str(TABLES[kind].__tablename__) for kind in kinds]
        return [
            col(History.organization_id) == self._organization_id,
            col(History.kind).in_(names),
            col(History.recorded_at) < self.until,
        ]

    async def _read(self, kinds: Sequence[type[Kept]], about: ColumnElement[bool]) -> Rows:
        """The last entry of each row of which some entry fits."""
        fitting = select(col(History.row_id)).where(*self._mine(kinds), about)
        latest = _latest(self._mine(kinds), fitting)
        found: Rows = {kind: [] for kind in kinds}
        for name, row_id, values in await self._session.execute(latest):
            if values is not None:
                found[KINDS[name]].append(msgspec.convert({**values, "id": row_id}, KINDS[name]))
        return found


def _latest(mine: Sequence[ColumnElement[bool]], fitting: Select[Any]) -> Select[Any]:
    row = (col(History.kind), col(History.row_id))
    turn = func.row_number().over(partition_by=row, order_by=(col(History.recorded_at).desc(), col(History.id).desc()))
    entries = (
        select(*row, col(History.values), turn.label("turn")).where(*mine, col(History.row_id).in_(fitting)).subquery()
    )
    return select(entries.c.kind, entries.c.row_id, entries.c["values"]).where(entries.c.turn == 1)


def _subject(row: Kept) -> str | None:
    """The worker whom a row is about, if any."""
    about = TABLES[type(row)].about
    return None if about is None else getattr(row, about)


def _worker(table: type[Record]) -> Any:
    """The column that tells which worker a row is about."""
    return getattr(table, str(table.about))


def _of_nobody(table: type[Record]) -> list[ColumnElement[bool]]:
    return [] if table.about is None else [_worker(table).is_(None)]
