"""Sessions: finding and writing rows on the driver, queued writes, savepoints, and the ends of transactions."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import delete, select, text, update
from sqlalchemy.exc import IntegrityError, NoResultFound
from sqlalchemy.orm.exc import StaleDataError
from sqlmodel import col

from app.core import ids
from app.core.errors import NotFound
from app.db.database import Database
from app.db.engine.write_batch import MAX_INLINE
from app.db.history import History
from app.db.read_batch import Read
from app.db.read_executor import ReadProgram
from app.db.row_access import find, find_for_update
from app.db.session import Session
from app.migrations import migrator
from app.organizations import founding, units
from app.organizations.tables import Organization, OrgUnit, OrgUnitType
from app.workers.tables import Position, Worker
from tests.databases import create_on_server, on_postgresql
from tests.service import Tenant, random_name, system_actor
from tests.statement_counter import recorded_statements


def position(tenant: Tenant, name: str, external_id: str | None = None) -> Position:
    """Return a new position, not written yet."""
    return Position(
        organization_id=tenant.id,
        id=ids.new(Position.prefix),
        name=name,
        external_id=external_id,
        created_at=tenant.service.database.clock(),
        updated_at=tenant.service.database.clock(),
    )


async def names(tenant: Tenant) -> list[str]:
    """Return the names of all positions, as another session sees them."""
    async with tenant.service.database.reading() as session:
        is_own = col(Position.organization_id) == tenant.id
        return list(await session.scalars(select(col(Position.name)).where(is_own).order_by(col(Position.name))))


@asynccontextmanager
async def writing(tenant: Tenant) -> AsyncIterator[Session]:
    """Open a write transaction."""
    async with tenant.service.database.writing("test") as session:
        yield session


async def test_a_row_is_one_object_however_it_is_found(tenant: Tenant) -> None:
    key = await tenant.add_worker("Jo")
    async with writing(tenant) as session:
        first = await session.get_row(Worker, (tenant.id, key))
        with recorded_statements() as statements:
            assert await session.get_row(Worker, (tenant.id, key)) is first
        assert statements == []
        assert await find(session, tenant.actor, Worker, key, ("id",)) is first
        assert await find_for_update(session, tenant.actor, Worker, key, ("id",)) is first
        workers = await session.scalars(select(Worker).where(col(Worker.organization_id) == tenant.id))
        assert list(workers) == [first]
        assert first not in session.dirty
        with pytest.raises(NoResultFound):
            await session.get_row(Worker, (tenant.id, "wkr_0000000000000000"))


async def test_a_prefetched_row_is_read_with_the_next_row_that_is_found(tenant: Tenant) -> None:
    first, second, third = [await tenant.add_worker(name) for name in ("Jo", "Mo", "Bo")]
    async with writing(tenant) as session:
        session.prefetch(Worker, (tenant.id, second))
        session.prefetch(Worker, (tenant.id, "wkr_0000000000000000"))
        await find_for_update(session, tenant.actor, Worker, third, ("id",))  # a read that locks prefetches nothing
        session.prefetch(Worker, (tenant.id, third))
        assert (await find(session, tenant.actor, Worker, first, ("id",))).display_name == "Jo"
        with recorded_statements() as statements:
            worker = await session.get_row(Worker, (tenant.id, second))
        assert statements == []
        worker.display_name = "Mona"
        with pytest.raises(NoResultFound):
            await session.get_row(Worker, (tenant.id, "wkr_0000000000000000"))
        await session.flush()
        session.prefetch(Worker, (tenant.id, second))
        assert await find(session, tenant.actor, Worker, second, ("id",)) is worker
    async with writing(tenant) as session:
        session.prefetch(Worker, (tenant.id, second))
        direct = await session.get_row(Worker, (tenant.id, second))
    async with tenant.service.database.reading() as session:
        by_orm = (await session.scalars(select(Worker).where(col(Worker.id) == second))).one()
    assert direct.model_dump() == by_orm.model_dump()
    assert direct.display_name == "Mona"


async def test_a_row_has_the_values_that_the_orm_reads(tenant: Tenant) -> None:
    key = await tenant.add_worker("Jo", employment={"startDate": "2026-01-01", "status": "ON_LEAVE"})
    async with tenant.service.database.reading() as session:
        direct = await session.get_row(Worker, (tenant.id, key))
    async with tenant.service.database.reading() as session:
        session.prefetch(Worker, (tenant.id, key))
        await session.get_row(Organization, (tenant.id, tenant.id))
        with recorded_statements() as statements:
            prefetched = await session.get_row(Worker, (tenant.id, key))
        assert statements == []
    assert prefetched.model_dump() == direct.model_dump()
    async with tenant.service.database.reading() as session:
        by_orm = (await session.scalars(select(Worker).where(col(Worker.id) == key))).one()
    assert direct.model_dump() == by_orm.model_dump()


async def test_only_changed_columns_are_written_and_once(tenant: Tenant) -> None:
    one = position(tenant, "One")
    async with writing(tenant) as session:
        session.add(one)
        await session.flush()
        one.name, one.external_id = "Two", None  # the second has the value that it had
        with recorded_statements() as statements:
            await session.flush()
            await session.flush()
    assert [statement.split(" WHERE")[0] for statement in statements] == [statements[0].split(" WHERE")[0]]
    assert "name=" in statements[0]
    assert "external_id" not in statements[0]
    assert await names(tenant) == ["Two"]


async def test_every_change_of_a_history_column_is_recorded(tenant: Tenant) -> None:
    key = await tenant.add_worker("Jo")
    async with writing(tenant) as session:
        worker = await session.get_row(Worker, (tenant.id, key))
        worker.job_title = "Nurse"  # no history column
        await session.flush()
        worker.status = type(worker.status).TERMINATED
    async with tenant.service.database.reading() as session:
        past = select(col(History.values)).where(col(History.row_id) == key).order_by(col(History.recorded_at))
        statuses = [values["status"] for values in await session.scalars(past)]
    assert statuses == ["ACTIVE", "TERMINATED"]


async def test_a_change_of_a_row_that_is_gone_is_an_error(tenant: Tenant) -> None:
    one = position(tenant, "One")
    async with writing(tenant) as session:
        session.add(one)

    async def write() -> None:
        async with writing(tenant) as session:
            row = await session.get_row(Position, (tenant.id, one.id))
            gone = delete(Position).where(col(Position.id) == one.id)
            await session.execute(gone.execution_options(synchronize_session=False))
            row.name = "Two"
            await session.flush()

    with pytest.raises(StaleDataError):
        await write()
    assert await names(tenant) == ["One"]


async def test_a_savepoint_rolls_back_what_came_after_it_and_nothing_else(tenant: Tenant) -> None:
    one, two, three = (position(tenant, name) for name in ("One", "Two", "Three"))
    async with writing(tenant) as session:
        session.add(one)
        await session.flush()
        one.name = "First"
        nested = await session.begin_nested()
        one.name = "Changed"
        session.add(two)
        await session.flush()
        await nested.rollback()
        session.add(three)
    assert await names(tenant) == ["First", "Three"]
    assert one.name == "First"


async def test_queued_changes_are_written_before_anything_is_read(tenant: Tenant) -> None:
    one = position(tenant, "One")
    own_names = select(col(Position.name)).where(col(Position.organization_id) == tenant.id)
    async with writing(tenant) as session:
        session.add(one)
        await session.queue_changes()
        assert await names(tenant) == []
        assert list(await session.scalars(own_names)) == ["One"]
        one.name = "Two"
        await session.queue_changes()
        assert (await find_for_update(session, tenant.actor, Position, one.id, ("id",))).name == "Two"
        assert list(await session.scalars(own_names)) == ["Two"]
        one.name = "Three"
        await session.queue_changes()
        nested = await session.begin_nested()
        await session.scalars(own_names)
        await nested.rollback()
    assert await names(tenant) == ["Three"]


async def test_a_queued_row_is_written_before_it_changes_again(tenant: Tenant) -> None:
    one = position(tenant, "One")
    async with writing(tenant) as session:
        session.add(one)
        await session.queue_changes()
        for name in ("Two", "Three"):
            one.name = name
            await session.queue_changes()
    assert await names(tenant) == ["Three"]


@pytest.mark.parametrize("number", [1, MAX_INLINE, MAX_INLINE + 1, 40])
async def test_few_and_many_rows_are_written_in_their_order(tenant: Tenant, number: int) -> None:
    old = [position(tenant, f"Old {index:02}", str(index)) for index in range(number)]
    async with writing(tenant) as session:
        session.add_all(old)
    async with writing(tenant) as session:
        rows = [await session.get_row(Position, (tenant.id, row.id)) for row in old]
        for row in rows:
            row.external_id = None
        await session.queue_changes()
        session.add_all([position(tenant, f"New {index:02}", str(index)) for index in range(number)])
        await session.flush()
    assert await names(tenant) == [f"{when} {index:02}" for when in ("New", "Old") for index in range(number)]


async def test_a_violated_index_rolls_everything_back(tenant: Tenant) -> None:
    async def write() -> None:
        async with writing(tenant) as session:
            session.add(position(tenant, "One", "X"))
            await session.flush()
            session.add(position(tenant, "Two", "X"))

    with pytest.raises(IntegrityError):
        await write()
    assert await names(tenant) == []


async def test_a_cancelled_transaction_writes_nothing_and_holds_no_lock(tenant: Tenant) -> None:
    key = await tenant.add_worker("Jo")
    wrote = asyncio.Event()

    async def write() -> None:
        async with writing(tenant) as session:
            await find_for_update(session, tenant.actor, Worker, key, ("id",))
            session.add(position(tenant, "One"))
            await session.flush()
            wrote.set()
            await asyncio.sleep(60)

    for _ in range(30):  # more often than there are connections
        wrote.clear()
        writer = asyncio.create_task(write())
        await wrote.wait()
        writer.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writer
    assert await names(tenant) == []
    async with writing(tenant) as session:
        await find_for_update(session, tenant.actor, Worker, key, ("id",))
        await session.execute(update(Worker).where(col(Worker.id) == key).values(job_title="Nurse"))


async def test_a_transaction_may_be_cancelled_at_any_time(tenant: Tenant) -> None:
    async def write() -> None:
        async with writing(tenant) as session:
            session.add(position(tenant, "One"))
            await session.queue_changes()
            await session.scalars(select(Position).where(col(Position.organization_id) == tenant.id))
            await asyncio.sleep(60)

    for turns in range(40):
        writer = asyncio.create_task(write())
        for _ in range(turns):
            await asyncio.sleep(0.0001)
        writer.cancel()
        with pytest.raises(asyncio.CancelledError):
            await writer
    async with writing(tenant) as session:
        session.add(position(tenant, "Two"))
    assert await names(tenant) == ["Two"]


async def test_more_writers_than_connections_wait_for_each_other(tenant: Tenant) -> None:
    done: list[int] = []

    async def write(number: int) -> None:
        async with writing(tenant) as session:
            await session.scalars(select(col(Position.id)).where(col(Position.organization_id) == tenant.id))
            await asyncio.sleep(0.001)
            done.append(number)

    await asyncio.gather(*(write(number) for number in range(40)))
    assert sorted(done) == list(range(40))


@on_postgresql
async def test_connections_that_the_server_closed_are_replaced(postgresql: str, database: Database) -> None:
    url = await create_on_server(postgresql, f"closing_{random_name()}")
    own = Database(url, database.clock)
    await migrator.upgrade(own)
    organization = await organization_of(own)
    await asyncio.gather(*(own.read_executor.run(select_one()) for _ in range(3)))
    async with database.reading() as session:
        ending = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = :name"
        await session.execute(text(ending), {"name": own.url.database})
    await asyncio.sleep(0.2)  # until the connections have noticed
    async with own.writing() as session:
        unit = await units.create(session, system_actor(organization), {"name": "Ward", "type": OrgUnitType.TEAM})
    async with own.reading() as session:
        assert (await session.get_row(OrgUnit, (organization, unit.id))).name == "Ward"
    async with own.snapshot() as session:
        assert (await session.get_row(OrgUnit, (organization, unit.id))).name == "Ward"
    assert await own.read_executor.run(select_one()) == 1
    await own.close()


async def organization_of(database: Database) -> str:
    async with database.writing() as session:
        return (await founding.create(session, "Own")).id


def select_one() -> ReadProgram[int]:
    [[row]] = yield [Read("SELECT 1", ())]
    return int(row[0])


@on_postgresql  # SQLite has one writer at a time
async def test_a_parent_deleted_after_it_was_found_is_not_found(tenant: Tenant) -> None:
    payload = await tenant.mutate("orgUnitCreate", "orgUnit { id }", name="Here", type="SITE")
    unit, attempts = payload["orgUnit"]["id"], 0

    async def write() -> None:
        nonlocal attempts
        attempts += 1
        async with writing(tenant) as session:
            await units.create(session, tenant.actor, {"name": "There", "type": "SITE", "parent": unit})
            assert (await tenant.mutate("orgUnitDelete", "orgUnit { id }", id=unit))["errors"] == []

    with pytest.raises(NotFound):
        await tenant.service.database.run_with_retries(write)
    assert attempts == 2
