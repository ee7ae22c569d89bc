"""The rows recorded on a day: current rows for today and later, history for past days.

Both sources return snapshots. A past day is read only from history recorded before that day ended, so that no later
fact changes a report about it.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Protocol

import msgspec
from sqlalchemy import ColumnElement, Select, func, select, true
from sqlmodel import col

from app.compliance.evaluation.snapshots import (
    SNAPSHOTS,
    TABLES,
    ApplicantSnapshot,
    AssignmentSnapshot,
    CredentialSnapshot,
    Snapshot,
    SnapshotRows,
    SnapshotT,
    WorkerSnapshot,
)
from app.credentials.tables import Credential
from app.db.history import History
from app.db.records import Record
from app.db.session import Session
from app.lists.key_lists import in_keys
from app.workers.tables import Applicant, Assignment, Worker


class RowSource(Protocol):
    """A source of the snapshots of one day."""

    @property
    def until(self) -> datetime | None:
        """The instant before which a row must have been recorded to count; None if all rows count."""

    async def shared(self, types: Sequence[type[Snapshot]]) -> SnapshotRows:
        """Return all rows of some types, except those about one worker."""

    async def about_workers(self, types: Sequence[type[Snapshot]], workers: Sequence[str]) -> SnapshotRows:
        """Return the rows of some types about some workers, including the workers themselves."""

    async def applicants(self, ids: Sequence[str] | None = None) -> list[ApplicantSnapshot]:
        """Return some applicants, or all."""

    async def applicant_credentials(self, applicants: Sequence[str] | None = None) -> list[CredentialSnapshot]:
        """Return the credentials of some applicants, or of all."""

    async def worker_ids(self, after: str, limit: int) -> list[str]:
        """Return a page of worker ids in order, after one id; on a past day, of all workers recorded until then."""

    async def position_holders(self, position_id: str) -> set[str]:
        """Return the ids of all workers with a past, present or future assignment to a position."""

    async def unit_members(self, units: Sequence[str]) -> set[str]:
        """Return the ids of all workers in some units. Workers who left the units may be among them."""


class CurrentRows:
    """The current rows."""

    until = None

    def __init__(self, session: Session, organization_id: str) -> None:
        self._session = session
        self._organization_id = organization_id

    async def shared(self, types: Sequence[type[Snapshot]]) -> SnapshotRows:
        """Run one statement per type."""
        return {snapshot: await self._read(snapshot, *_about_no_worker(TABLES[snapshot])) for snapshot in types}

    async def about_workers(self, types: Sequence[type[Snapshot]], workers: Sequence[str]) -> SnapshotRows:
        """Run one statement per type."""
        dialect = self._session.dialect_name
        return {
            snapshot: await self._read(snapshot, in_keys(_worker_column(TABLES[snapshot]), workers, dialect))
            for snapshot in types
        }

    async def applicants(self, ids: Sequence[str] | None = None) -> list[ApplicantSnapshot]:
        """Run one statement."""
        conditions = [] if ids is None else [in_keys(col(Applicant.id), ids, self._session.dialect_name)]
        return await self._read(ApplicantSnapshot, *conditions)

    async def applicant_credentials(self, applicants: Sequence[str] | None = None) -> list[CredentialSnapshot]:
        """Run one statement."""
        owner = col(Credential.applicant_id)
        condition = owner.is_not(None) if applicants is None else in_keys(owner, applicants, self._session.dialect_name)
        return await self._read(CredentialSnapshot, condition)

    async def worker_ids(self, after: str, limit: int) -> list[str]:
        """Page through the workers by primary key."""
        is_own = col(Worker.organization_id) == self._organization_id
        statement = select(col(Worker.id)).where(is_own, col(Worker.id) > after).order_by(col(Worker.id)).limit(limit)
        return list(await self._session.scalars(statement))

    async def position_holders(self, position_id: str) -> set[str]:
        """Read the current assignments."""
        is_own = col(Assignment.organization_id) == self._organization_id
        statement = select(col(Assignment.worker_id)).where(is_own, col(Assignment.position_id) == position_id)
        return set(await self._session.scalars(statement))

    async def unit_members(self, units: Sequence[str]) -> set[str]:
        """Read the current workers."""
        inside = in_keys(col(Worker.org_unit_id), units, self._session.dialect_name)
        statement = select(col(Worker.id)).where(col(Worker.organization_id) == self._organization_id, inside)
        return set(await self._session.scalars(statement))

    async def _read(self, snapshot: type[SnapshotT], *conditions: ColumnElement[bool]) -> list[SnapshotT]:
        table = TABLES[snapshot]
        columns = [getattr(table, name) for name in snapshot.__struct_fields__]
        statement = select(*columns).where(col(table.organization_id) == self._organization_id, *conditions)
        return [msgspec.convert(dict(row), snapshot) for row in (await self._session.execute(statement)).mappings()]


class HistoricalRows:
    """The rows as they were at an instant, read from history."""

    def __init__(self, session: Session, organization_id: str, until: datetime) -> None:
        self._session = session
        self._organization_id = organization_id
        self.until = until

    async def shared(self, types: Sequence[type[Snapshot]]) -> SnapshotRows:
        """Run one statement for all types."""
        rows = await self._read(types, col(History.worker_id).is_(None))
        return {snapshot: [row for row in snapshots if _worker_of(row) is None] for snapshot, snapshots in rows.items()}

    async def about_workers(self, types: Sequence[type[Snapshot]], workers: Sequence[str]) -> SnapshotRows:
        """Run one statement for all types."""
        rows = await self._read(types, in_keys(col(History.worker_id), workers, self._session.dialect_name))
        # A row that is found by an older entry may have belonged to another worker at the instant.
        wanted = set(workers)
        return {
            snapshot: [row for row in snapshots if _worker_of(row) in wanted] for snapshot, snapshots in rows.items()
        }

    async def applicants(self, ids: Sequence[str] | None = None) -> list[ApplicantSnapshot]:
        """Run one statement."""
        condition = true() if ids is None else in_keys(col(History.row_id), ids, self._session.dialect_name)
        return (await self._read([ApplicantSnapshot], condition))[ApplicantSnapshot]

    async def applicant_credentials(self, applicants: Sequence[str] | None = None) -> list[CredentialSnapshot]:
        """Read the history of all credentials: entries are indexed by worker, not by applicant."""
        owner = col(History.values)["applicant_id"].as_string()
        condition = owner.is_not(None) if applicants is None else in_keys(owner, applicants, self._session.dialect_name)
        rows = await self._read([CredentialSnapshot], condition)
        return [
            row
            for row in rows[CredentialSnapshot]
            if (row.applicant_id is not None if applicants is None else row.applicant_id in applicants)
        ]

    async def worker_ids(self, after: str, limit: int) -> list[str]:
        """Page through all workers with an entry in history."""
        statement = (
            select(col(History.row_id))
            .where(*self._conditions([WorkerSnapshot]), col(History.row_id) > after)
            .distinct()
            .order_by(col(History.row_id))
            .limit(limit)
        )
        return list(await self._session.scalars(statement))

    async def position_holders(self, position_id: str) -> set[str]:
        """Read every recorded version of the position's assignments."""
        condition = col(History.values)["position_id"].as_string() == position_id
        statement = select(col(History.worker_id)).where(*self._conditions([AssignmentSnapshot]), condition)
        return {key for key in await self._session.scalars(statement) if key is not None}

    async def unit_members(self, units: Sequence[str]) -> set[str]:
        """Read every recorded version of workers; a worker who has left the units is among them."""
        condition = in_keys(col(History.values)["org_unit_id"].as_string(), units, self._session.dialect_name)
        return set(
            await self._session.scalars(
                select(col(History.row_id)).where(*self._conditions([WorkerSnapshot]), condition)
            )
        )

    def _conditions(self, types: Iterable[type[Snapshot]]) -> list[ColumnElement[bool]]:
        names = [str(TABLES[snapshot].__tablename__) for snapshot in types]
        return [
            col(History.organization_id) == self._organization_id,
            col(History.kind).in_(names),
            col(History.recorded_at) < self.until,
        ]

    async def _read(self, types: Sequence[type[Snapshot]], about: ColumnElement[bool]) -> SnapshotRows:
        """Return the last entry of each row with some entry that satisfies `about`."""
        row_ids = select(col(History.row_id)).where(*self._conditions(types), about)
        latest = _latest(self._conditions(types), row_ids)
        rows: SnapshotRows = {snapshot: [] for snapshot in types}
        for name, row_id, values in await self._session.execute(latest):
            if values is not None:
                rows[SNAPSHOTS[name]].append(msgspec.convert({**values, "id": row_id}, SNAPSHOTS[name]))
        return rows


def _latest(conditions: Sequence[ColumnElement[bool]], row_ids: Select[Any]) -> Select[Any]:
    row = (col(History.kind), col(History.row_id))
    age_rank = func.row_number().over(
        partition_by=row, order_by=(col(History.recorded_at).desc(), col(History.id).desc())
    )
    ranked = (
        select(*row, col(History.values), age_rank.label("age_rank"))
        .where(*conditions, col(History.row_id).in_(row_ids))
        .subquery()
    )
    return select(ranked.c.kind, ranked.c.row_id, ranked.c["values"]).where(ranked.c.age_rank == 1)


def _worker_of(row: Snapshot) -> str | None:
    """Return the id of the worker that a row is about, or None."""
    about = TABLES[type(row)].worker_column
    return None if about is None else getattr(row, about)


def _worker_column(table: type[Record]) -> Any:
    """Return the column with the id of the worker that a row is about."""
    return getattr(table, str(table.worker_column))


def _about_no_worker(table: type[Record]) -> list[ColumnElement[bool]]:
    return [] if table.worker_column is None else [_worker_column(table).is_(None)]
