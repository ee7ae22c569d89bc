"""The measured organization: drawn from a seed, written fast into migrated tables, and put back after each change."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy import delete, insert, select, text
from sqlalchemy.dialects.postgresql.asyncpg import dialect as asyncpg_dialect
from sqlmodel import SQLModel, col

from app import migrations
from app.access import ALL_SCOPES, ROLES, Actor, ActorKind, Role
from app.compliance import rules, settlement
from app.compliance.rollups import counters
from app.compliance.tables import RuleScope
from app.core import clock
from app.credential_types import catalogue
from app.credentials.tables import Approval, Credential, CredentialVersion
from app.db.database import Database
from app.db.records import Record
from app.db.session import Session
from app.events.event_kinds import EventKind
from app.events.tables import Event
from app.migrations import migrator
from app.organizations import api_keys, founding
from app.organizations.tables import OrgUnit
from app.workers.tables import Worker
from scripts.benchmark import holdings, people
from scripts.benchmark.people import Draw, Row

SEED = 7
EXAMPLES = 400
"""Workers that are asked for by id."""
CHUNK = 5_000
RULES = {
    "Checked": ("WWCC_NSW", "WWCC_VIC", "BLUE_CARD_QLD", "NDIS_WORKER_SCREENING", "NATIONAL_POLICE_CHECK"),
    "Trained": ("FIRST_AID", "CPR", "MANUAL_HANDLING", "INFECTION_CONTROL", "CHILD_PROTECTION", "ANAPHYLAXIS"),
}
"""What everybody is asked for: one of some types."""
EMPTY = ("DROP SCHEMA IF EXISTS bench CASCADE", "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
FOUNDED_BEFORE = timedelta(days=people.FOUNDED_DAYS_AGO + 1)


@dataclass(frozen=True)
class Facts:
    """What a client knows of the measured organization."""

    organization_id: str
    token: str
    day: str
    """The day that the data was drawn for."""
    workers: tuple[str, ...]
    """Some who hold credentials."""
    types: tuple[str, ...]
    pending: tuple[str, ...]
    """The credentials that wait for a decision."""
    source: str
    """A digest of the code that drew it."""

    def save(self, file: Path) -> None:
        """Keep them beside the data."""
        file.write_text(json.dumps(asdict(self)))

    @staticmethod
    def read(file: Path) -> "Facts | None":
        """The kept facts, if they are of today's data as this code draws it."""
        kept = json.loads(file.read_text()) if file.exists() else {}
        if (kept.get("day"), kept.get("source")) != (_today().isoformat(), source()):
            return None
        return Facts(**kept | {name: tuple(kept[name]) for name in ("workers", "types", "pending")})


def source() -> str:
    """A digest of all code that the data depends on."""
    files = [Path(str(module.__file__)) for module in (holdings, people)]
    files += [Path(__file__), catalogue.FILE, *sorted(Path(str(migrations.__file__)).parent.rglob("*.py"))]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


async def make(url: str) -> Facts:
    """Migrate an emptied PostgreSQL database and fill it."""
    today = _today()
    database = Database(url, clock.system)
    try:
        async with database.engine.begin() as connection:
            for statement in EMPTY:
                await connection.execute(text(statement))
        await migrator.upgrade(database)
        facts = await _fill(database, Draw(Random(SEED), today))
        await settle(database, facts.organization_id)
        await _tidy(database)
    finally:
        await database.close()
    return facts


async def _fill(database: Database, draw: Draw) -> Facts:
    async with database.writing("bench") as session:
        founded = datetime.combine(draw.today - FOUNDED_BEFORE, time(), UTC)
        session.clock = lambda: founded
        session.tick()
        organization = await founding.create(session, "Measured Health")
        actor = Actor(organization.id, ActorKind.SYSTEM, "bench", "Bench", ALL_SCOPES)
        kinds = {kind.code: kind for kind in await catalogue.install(session, actor)}
        await _require(session, actor)
        issued = await api_keys.create(session, actor, {"name": "Owner", "scopes": ROLES[Role.OWNER]})
        await session.flush()
        units = people.units(draw, organization.id)
        workers = list(people.workers(draw, organization.id, units))
        held = holdings.draw_all(draw, kinds, workers)
        # Without statistics yet, each foreign key would be checked by reading a whole table.
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        driver = (await (await session.connection()).get_raw_connection()).driver_connection
        await _copy(driver, OrgUnit, units)
        await _copy(driver, Worker, workers)
        await _copy(driver, Credential, held.credentials)
        await _copy(driver, CredentialVersion, held.versions)
        await _copy(driver, Event, held.events)
        await settlement.mark(session, organization.id, [row["id"] for row in workers])
    owners = sorted({row["worker_id"] for row in held.credentials})
    return Facts(
        organization_id=organization.id,
        token=str(issued.token),
        day=draw.today.isoformat(),
        workers=tuple(draw.random.sample(owners, EXAMPLES)),
        types=holdings.TYPES,
        source=source(),
        pending=tuple(row["id"] for row in held.credentials if row["latest_approval"] is Approval.PENDING),
    )


async def _require(session: Session, actor: Actor) -> None:
    """Ask something of everybody, but raise no requests for it."""
    for name, alternatives in RULES.items():
        asked = {"name": name, "scope": RuleScope.ALL_WORKERS, "alternatives": alternatives, "autoRequest": False}
        await rules.create(session, actor, asked)


async def settle(database: Database, organization_id: str) -> None:
    """Bring counts and standings in line with the credentials, as if they had been so for long."""
    while True:
        async with database.writing("bench") as session:
            if not await settlement.settle(session, organization_id):
                await counters.delete_zeros(session, organization_id)
                break
    async with database.writing("bench") as session:
        await session.execute(delete(Event).where(col(Event.kind) == EventKind.COMPLIANCE_STANDING_CHANGED))


async def _copy(driver: Any, table: type[Record], rows: Iterable[Row]) -> None:
    """Write rows by COPY, each value as the table's own column would store it."""
    columns = list(table.__dict__["__table__"].columns)
    dialect = asyncpg_dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's own, which says no types
    store = [column.type.dialect_impl(dialect).bind_processor(dialect) or (lambda value: value) for column in columns]
    usual = [
        column.default.arg if column.default is not None and column.default.is_scalar else None for column in columns
    ]
    names = [column.name for column in columns]
    records = [
        tuple(convert(row.get(name, default)) for name, default, convert in zip(names, usual, store, strict=True))
        for row in rows
    ]
    await driver.copy_records_to_table(table.__tablename__, records=records, columns=names)


async def _tidy(database: Database) -> None:
    """Let the planner know the tables, and keep PostgreSQL from tidying up while somebody is measured."""
    async with database.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("VACUUM ANALYZE"))
        await connection.execute(text("ALTER SYSTEM SET autovacuum = off"))
        await connection.execute(text("SELECT pg_reload_conf()"))


async def copy_to_sqlite(url: str, file: Path) -> None:
    """Write an SQLite file with the very rows of a PostgreSQL database."""
    source, target = Database(url, clock.system), Database(f"sqlite:///{file}", clock.system)
    try:
        await migrator.upgrade(target)
        async with source.engine.connect() as reading, target.engine.begin() as writing:
            for table in SQLModel.metadata.sorted_tables:
                found = await reading.stream(select(table).order_by(*table.primary_key.columns))
                async for rows in found.mappings().partitions(CHUNK):
                    await writing.execute(insert(table), [dict(row) for row in rows])
        async with target.engine.begin() as writing:
            await writing.execute(text("ANALYZE"))
    finally:
        await source.close()
        await target.close()


def _today() -> date:
    return datetime.now(UTC).date()
