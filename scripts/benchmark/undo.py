"""Undo of approvals, so that every server changes the same rows from the same state."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from sqlalchemy import Select, func, select, text
from sqlmodel import col

from app.compliance import settlement
from app.compliance.tables import Unsettled
from app.core import clock
from app.credentials.tables import Credential, CredentialVersion
from app.db.database import Database
from app.db.history import History
from app.db.idempotency import IdempotencyKey
from app.events.event_kinds import EventKind
from app.events.tables import Event
from scripts.benchmark import data

CHANGED_COLUMNS = (
    "status", "eligibility", "status_detail", "latest_approval", "effective_version_id", "valid_from", "expires_on",
    "next_check_at", "intake", "revision", "updated_at",
)  # fmt: skip
"""The columns of a credential that a decision changes."""
VOLATILE_COLUMNS = {
    "id",
    "digest",
    "occurred_at",
    "created_at",
    "decided_at",
    "updated_at",
    "request_id",
    "recorded_at",
}
"""Columns in which two runs of the same change may differ. The ids of credentials and versions are compared as
`subject_id`."""

_SAVE = (
    "CREATE TABLE IF NOT EXISTS {saved} AS SELECT * FROM credentials WHERE latest_approval = 'PENDING'",
    "CREATE UNIQUE INDEX IF NOT EXISTS saved_key ON {saved} (organization_id, id)",
    "CREATE UNIQUE INDEX IF NOT EXISTS saved_version ON {saved} (organization_id, latest_version_id)",
)
_OWNERS = """
    SELECT c.organization_id, c.worker_id FROM credentials c
    JOIN {saved} saved ON saved.organization_id = c.organization_id AND saved.id = c.id
    WHERE c.revision <> saved.revision
"""
_RESTORE = f"""
    UPDATE credentials AS c SET {", ".join(f"{name} = saved.{name}" for name in CHANGED_COLUMNS)}
    FROM {{saved}} AS saved WHERE c.organization_id = saved.organization_id AND c.id = saved.id
    AND c.revision <> saved.revision
"""
_REOPEN = """
    UPDATE credential_versions AS v
    SET approval = 'PENDING', decided_by = NULL, decided_at = NULL, reason = NULL, notes = NULL
    FROM {saved} AS saved WHERE v.organization_id = saved.organization_id AND v.id = saved.latest_version_id
    AND v.approval <> 'PENDING'
"""
_DELETE_NEW_ROWS = (
    "DELETE FROM events WHERE kind = 'credential.approved'",
    "DELETE FROM idempotency_keys",
    "DELETE FROM unsettled",
    """
    DELETE FROM history WHERE kind = 'credentials' AND EXISTS (
        SELECT 1 FROM {saved} AS saved WHERE saved.organization_id = history.organization_id
        AND saved.id = history.row_id AND history.recorded_at > saved.updated_at)
    """,
)
_VACUUM = "VACUUM credentials, credential_versions, events, idempotency_keys, unsettled, history"


def _row_queries(credential: str) -> dict[str, Select[Any]]:
    """Return the queries of the rows that an approval of a credential writes."""
    is_approval = col(Event.kind) == EventKind.CREDENTIAL_APPROVED
    approved_id = col(IdempotencyKey.outcome)["id"].as_string()
    owner = select(col(Credential.worker_id)).where(col(Credential.id) == credential)
    last_entry = (col(History.recorded_at).desc(), col(History.id).desc())
    last_version = col(CredentialVersion.number).desc()
    return {
        "credential": select(Credential).where(col(Credential.id) == credential),
        "version": select(CredentialVersion)
        .where(col(CredentialVersion.credential_id) == credential)
        .order_by(last_version)
        .limit(1),
        "events": select(Event).where(col(Event.subject_id) == credential, is_approval),
        "keys": select(IdempotencyKey).where(approved_id == credential),
        "past": select(History).where(col(History.row_id) == credential).order_by(*last_entry).limit(1),
        "marks": select(Unsettled).where(col(Unsettled.owner_id).in_(owner)),
    }


class ApprovalUndo:
    """The undo of all approvals in a database since it was last called."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def save(self) -> None:
        """Save the pending credentials; if they were saved before, undo the approvals of an earlier run."""
        async with self._open() as database:
            await self._run(database, *(() if database.is_embedded else ("CREATE SCHEMA IF NOT EXISTS bench",)), *_SAVE)
        await self.restore()

    async def restore(self) -> None:
        """Undo the approvals: the credentials are pending again."""
        async with self._open() as database:
            if database.is_embedded:
                await self._restore_and_settle(database)
                return
            await self._run(database, _RESTORE, _REOPEN, *_DELETE_NEW_ROWS)
            async with database.engine.connect() as connection:
                await connection.execution_options(isolation_level="AUTOCOMMIT")
                await connection.execute(text(_VACUUM))

    async def _restore_and_settle(self, database: Database) -> None:
        """Undo the approvals and settle their owners, for a database in which the service settles by itself."""
        async with database.engine.connect() as connection:
            owners = (await connection.execute(self._statement(database, _OWNERS))).all()
        await self._run(database, _RESTORE, _REOPEN, *_DELETE_NEW_ROWS)
        for organization_id in {owner[0] for owner in owners}:
            async with database.writing("bench") as session:
                await settlement.mark(session, organization_id, [owner[1] for owner in owners])
            await data.settle(database, organization_id)

    async def count_approvals(self) -> int:
        """Return the number of approvals."""
        statement = select(func.count()).where(col(Event.kind) == EventKind.CREDENTIAL_APPROVED)
        async with self._open() as database, database.reading() as session:
            return await session.scalar(statement) or 0

    async def written_rows(self, credential: str) -> dict[str, Any]:
        """Return the rows that a credential's approval wrote, without the columns that differ each time."""
        async with self._open() as database, database.reading() as session:
            rows = {
                name: [_stable_columns(row) for row in await session.scalars(statement)]
                for name, statement in _row_queries(credential).items()
            }
            if database.is_embedded:
                # The service may have settled the owners and deleted their marks by now.
                del rows["marks"]
            return rows

    @asynccontextmanager
    async def _open(self) -> AsyncIterator[Database]:
        database = Database(self._url, clock.system, connections=2)
        try:
            yield database
        finally:
            await database.close()

    async def _run(self, database: Database, *statements: str) -> None:
        async with database.engine.begin() as connection:
            for statement in statements:
                await connection.execute(self._statement(database, statement))

    def _statement(self, database: Database, statement: str) -> Any:
        return text(statement.format(saved="bench_saved" if database.is_embedded else "bench.saved"))


def _stable_columns(row: Any) -> dict[str, Any]:
    return {name: value for name, value in row.model_dump(mode="json").items() if name not in VOLATILE_COLUMNS}
