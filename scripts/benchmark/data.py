"""The measured organization: generated from a seed and copied into migrated tables."""

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
from app.credentials.tables import ApprovalStatus, Credential, CredentialVersion
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
from scripts.benchmark.people import Generator, Row

SEED = 7
QUERIED_WORKERS = 400
"""The number of workers that are queried by id."""
CHUNK = 5_000  # rows per INSERT of the copy to SQLite
RULES = {
    "Checked": ("WWCC_NSW", "WWCC_VIC", "BLUE_CARD_QLD", "NDIS_WORKER_SCREENING", "NATIONAL_POLICE_CHECK"),
    "Trained": ("FIRST_AID", "CPR", "MANUAL_HANDLING", "INFECTION_CONTROL", "CHILD_PROTECTION", "ANAPHYLAXIS"),
}
"""The requirement rules for all workers: one credential of some types."""
RESET_STATEMENTS = ("DROP SCHEMA IF EXISTS bench CASCADE", "DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
AGE_OF_ORGANIZATION = timedelta(days=people.FOUNDED_DAYS_AGO + 1)


@dataclass(frozen=True)
class Dataset:
    """The facts about the measured organization that the requests need."""

    organization_id: str
    token: str
    drawn_for: str
    """The day for which the data was generated."""
    worker_ids: tuple[str, ...]
    """The ids of some workers with credentials."""
    type_codes: tuple[str, ...]
    pending_credentials: tuple[str, ...]
    """The ids of credentials that wait for a decision."""
    code_digest: str
    """A digest of the code that generated the data."""

    def save(self, file: Path) -> None:
        """Write the facts to a file beside the data."""
        file.write_text(json.dumps(asdict(self)))

    @staticmethod
    def read(file: Path) -> "Dataset | None":
        """Return the saved facts; None if the data was generated on another day or by other code."""
        saved = json.loads(file.read_text()) if file.exists() else {}
        if (saved.get("drawn_for"), saved.get("code_digest")) != (_today().isoformat(), code_digest()):
            return None
        return Dataset(
            **saved | {name: tuple(saved[name]) for name in ("worker_ids", "type_codes", "pending_credentials")}
        )


def code_digest() -> str:
    """Return a digest of all code that the data depends on."""
    files = [Path(str(module.__file__)) for module in (holdings, people)]
    files += [Path(__file__), catalogue.FILE, *sorted(Path(str(migrations.__file__)).parent.rglob("*.py"))]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


async def create(url: str) -> Dataset:
    """Empty, migrate and fill a PostgreSQL database."""
    today = _today()
    database = Database(url, clock.system)
    try:
        async with database.engine.begin() as connection:
            for statement in RESET_STATEMENTS:
                await connection.execute(text(statement))
        await migrator.upgrade(database)
        dataset = await _fill(database, Generator(Random(SEED), today))
        await settle(database, dataset.organization_id)
        await _vacuum(database)
    finally:
        await database.close()
    return dataset


async def _fill(database: Database, generator: Generator) -> Dataset:
    async with database.writing("bench") as session:
        founded = datetime.combine(generator.today - AGE_OF_ORGANIZATION, time(), UTC)
        session.clock = lambda: founded
        session.tick()
        organization = await founding.create(session, "Measured Health")
        actor = Actor(organization.id, ActorKind.SYSTEM, "bench", "Bench", ALL_SCOPES)
        types = {type_.code: type_ for type_ in await catalogue.install(session, actor)}
        await _create_rules(session, actor)
        issued = await api_keys.create(session, actor, {"name": "Owner", "scopes": ROLES[Role.OWNER]})
        await session.flush()
        units = people.draw_units(generator, organization.id)
        workers = list(people.draw_workers(generator, organization.id, units))
        drawn = holdings.draw_holdings(generator, types, workers)
        # Foreign keys are not checked: without statistics, each check would scan a whole table.
        await session.execute(text("SET LOCAL session_replication_role = replica"))
        driver = (await (await session.connection()).get_raw_connection()).driver_connection
        await _copy(driver, OrgUnit, units)
        await _copy(driver, Worker, workers)
        await _copy(driver, Credential, drawn.credentials)
        await _copy(driver, CredentialVersion, drawn.versions)
        await _copy(driver, Event, drawn.events)
        await settlement.mark(session, organization.id, [row["id"] for row in workers])
    owners = sorted({row["worker_id"] for row in drawn.credentials})
    return Dataset(
        organization_id=organization.id,
        token=str(issued.token),
        drawn_for=generator.today.isoformat(),
        worker_ids=tuple(generator.random.sample(owners, QUERIED_WORKERS)),
        type_codes=holdings.TYPES,
        code_digest=code_digest(),
        pending_credentials=tuple(
            row["id"] for row in drawn.credentials if row["latest_approval"] is ApprovalStatus.PENDING
        ),
    )


async def _create_rules(session: Session, actor: Actor) -> None:
    """Create rules for all workers that raise no credential requests."""
    for name, alternatives in RULES.items():
        rule = {"name": name, "scope": RuleScope.ALL_WORKERS, "alternatives": alternatives, "autoRequest": False}
        await rules.create(session, actor, rule)


async def settle(database: Database, organization_id: str) -> None:
    """Settle counts and standings, and delete the events of it, as if the standings had long been the same."""
    while True:
        async with database.writing("bench") as session:
            if not await settlement.settle(session, organization_id):
                await counters.delete_zeros(session, organization_id)
                break
    async with database.writing("bench") as session:
        await session.execute(delete(Event).where(col(Event.kind) == EventKind.COMPLIANCE_STANDING_CHANGED))


async def _copy(driver: Any, table: type[Record], rows: Iterable[Row]) -> None:
    """Write rows by COPY, with each value converted as its column stores it."""
    columns = list(table.__dict__["__table__"].columns)
    dialect = asyncpg_dialect()  # type: ignore[no-untyped-call]  # SQLAlchemy declares no types for it
    processors = [
        column.type.dialect_impl(dialect).bind_processor(dialect) or (lambda value: value) for column in columns
    ]
    defaults = [
        column.default.arg if column.default is not None and column.default.is_scalar else None for column in columns
    ]
    names = [column.name for column in columns]
    records = [
        tuple(
            convert(row.get(name, default)) for name, default, convert in zip(names, defaults, processors, strict=True)
        )
        for row in rows
    ]
    await driver.copy_records_to_table(table.__tablename__, records=records, columns=names)


async def _vacuum(database: Database) -> None:
    """Update the planner's statistics, and switch autovacuum off, so that it does not disturb the measurements."""
    async with database.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("VACUUM ANALYZE"))
        await connection.execute(text("ALTER SYSTEM SET autovacuum = off"))
        await connection.execute(text("SELECT pg_reload_conf()"))


async def copy_to_sqlite(url: str, file: Path) -> None:
    """Copy all rows of a PostgreSQL database to a new SQLite file."""
    source, target = Database(url, clock.system), Database(f"sqlite:///{file}", clock.system)
    try:
        await migrator.upgrade(target)
        async with source.engine.connect() as reading, target.engine.begin() as writing:
            for table in SQLModel.metadata.sorted_tables:
                result = await reading.stream(select(table).order_by(*table.primary_key.columns))
                async for rows in result.mappings().partitions(CHUNK):
                    await writing.execute(insert(table), [dict(row) for row in rows])
        async with target.engine.begin() as writing:
            await writing.execute(text("ANALYZE"))
    finally:
        await source.close()
        await target.close()


def _today() -> date:
    return datetime.now(UTC).date()
