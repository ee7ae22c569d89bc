"""Putting the approved credentials back, so that every server changes the same rows from the same state."""

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

CHANGED = (
    "status", "eligibility", "status_detail", "latest_approval", "effective_version_id", "valid_from", "expires_on",
    "next_check_at", "intake", "revision", "last_updated",
)  # fmt: skip
"""The columns of a credential that a decision writes."""
VOLATILE = {"id", "digest", "occurred_at", "created_at", "decided_at", "last_updated", "request_id", "recorded_at"}
"""What two runs of the same change may differ in; the ids of credentials and versions are compared as `subject`."""

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
    UPDATE credentials AS c SET {", ".join(f"{name} = saved.{name}" for name in CHANGED)}
    FROM {{saved}} AS saved WHERE c.organization_id = saved.organization_id AND c.id = saved.id
    AND c.revision <> saved.revision
"""
_REOPEN = """
    UPDATE credential_versions AS v
    SET approval = 'PENDING', decided_by = NULL, decided_at = NULL, reason = NULL, notes = NULL
    FROM {saved} AS saved WHERE v.organization_id = saved.organization_id AND v.id = saved.latest_version_id
    AND v.approval <> 'PENDING'
"""
_FORGET = (
    "DELETE FROM events WHERE kind = 'credential.approved'",
    "DELETE FROM idempotency_keys",
    "DELETE FROM unsettled",
    """
    DELETE FROM history WHERE kind = 'credentials' AND EXISTS (
        SELECT 1 FROM {saved} AS saved WHERE saved.organization_id = history.organization_id
        AND saved.id = history.row_id AND history.recorded_at > saved.last_updated)
    """,
)
_TIDY = "VACUUM credentials, credential_versions, events, idempotency_keys, unsettled, history"


def _written(credential: str) -> dict[str, Select[Any]]:
    """The rows of a credential's approval."""
    kind = col(Event.kind) == EventKind.CREDENTIAL_APPROVED
    kept = col(IdempotencyKey.outcome)["id"].as_string()
    owner = select(col(Credential.worker_id)).where(col(Credential.id) == credential)
    last, newest = (col(History.recorded_at).desc(), col(History.id).desc()), col(CredentialVersion.number).desc()
    return {
        "credential": select(Credential).where(col(Credential.id) == credential),
        "version": select(CredentialVersion)
        .where(col(CredentialVersion.credential_id) == credential)
        .order_by(newest)
        .limit(1),
        "events": select(Event).where(col(Event.subject_id) == credential, kind),
        "keys": select(IdempotencyKey).where(kept == credential),
        "past": select(History).where(col(History.row_id) == credential).order_by(*last).limit(1),
        "marks": select(Unsettled).where(col(Unsettled.owner_id).in_(owner)),
    }


class Changes:
    """What approvals have changed in a database since the last time they were taken back."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def begin(self) -> None:
        """Keep the credentials that wait as they are; where that was done before, take back what a run left."""
        async with self._open() as database:
            await self._run(database, *(() if database.embedded else ("CREATE SCHEMA IF NOT EXISTS bench",)), *_SAVE)
        await self.take_back()

    async def take_back(self) -> None:
        """Let them wait again."""
        async with self._open() as database:
            if database.embedded:
                await self._settle_back(database)
                return
            await self._run(database, _RESTORE, _REOPEN, *_FORGET)
            async with database.engine.connect() as connection:
                await connection.execution_options(isolation_level="AUTOCOMMIT")
                await connection.execute(text(_TIDY))

    async def _settle_back(self, database: Database) -> None:
        """Where the service settles by itself, whom approvals concerned is settled anew."""
        async with database.engine.connect() as connection:
            owners = (await connection.execute(self._statement(database, _OWNERS))).all()
        await self._run(database, _RESTORE, _REOPEN, *_FORGET)
        for organization_id in {owner[0] for owner in owners}:
            async with database.writing("bench") as session:
                await settlement.mark(session, organization_id, [owner[1] for owner in owners])
            await data.settle(database, organization_id)

    async def count(self) -> int:
        """How many approvals there were."""
        statement = select(func.count()).where(col(Event.kind) == EventKind.CREDENTIAL_APPROVED)
        async with self._open() as database, database.reading() as session:
            return await session.scalar(statement) or 0

    async def written(self, credential: str) -> dict[str, Any]:
        """The rows of a credential's approval, but for what is new each time."""
        async with self._open() as database, database.reading() as session:
            found = {
                name: [_lasting(row) for row in await session.scalars(statement)]
                for name, statement in _written(credential).items()
            }
            if database.embedded:
                # The service may have settled the owners by now.
                del found["marks"]
            return found

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
        return text(statement.format(saved="bench_saved" if database.embedded else "bench.saved"))


def _lasting(row: Any) -> dict[str, Any]:
    return {name: value for name, value in row.model_dump(mode="json").items() if name not in VOLATILE}
