"""The queries of large lists: their usual order, their counts and their free text come from an index.

SQLite tells which index it takes even of empty tables. PostgreSQL reads small tables as a whole.
"""

from typing import Any

import pytest
from sqlalchemy import Select, text

from app.credentials import queries
from app.credentials.tables import SEARCHED_COLUMNS
from app.lists.page_request import PageRequest
from tests.databases import on_postgresql, on_sqlite
from tests.service import Tenant

LISTS = {
    "credentials_of_type": (queries.listing, PageRequest(where={"type": {"eq": "WWCC_NSW"}})),
    "credentials_of_status": (queries.listing, PageRequest(where={"status": {"eq": "PENDING"}})),
    "credentials_waiting": (queries.review_queue, PageRequest()),
}


async def planned(tenant: Tenant, make: Any, ask: PageRequest) -> str:
    """Return SQLite's plan of a statement."""
    database = tenant.service.database
    async with database.reading() as session:
        statement: Select[Any] = make(session, tenant.actor, ask)
        written = statement.compile(dialect=database.dialect, compile_kwargs={"literal_binds": True})
        steps = await session.execute(text(f"EXPLAIN QUERY PLAN {written}"))
        return "\n".join(row[-1] for row in steps)


@on_sqlite
@pytest.mark.parametrize("index", LISTS)
async def test_a_list_comes_in_the_order_of_its_index(tenant: Tenant, index: str) -> None:
    listing, ask = LISTS[index]
    plan = await planned(tenant, listing.statement, ask)
    assert f"INDEX {index} " in plan
    assert "ORDER BY" not in plan  # no sorting


@on_sqlite
@pytest.mark.parametrize("index", LISTS)
async def test_a_list_is_counted_by_its_index(tenant: Tenant, index: str) -> None:
    listing, ask = LISTS[index]
    assert f"INDEX {index} " in await planned(tenant, listing.count_statement, ask)


CROWD = """
INSERT INTO credentials (organization_id, id, display_name, display_name_key, search_text, worker_text, applicant_text,
  credential_type_id, type_code, category, worker_id, intake, status, is_verifiable, latest_version_id,
  latest_version_at, latest_approval, expires_on, periods, revision, created_at, updated_at, living_owner)
SELECT organization_id, 'cred_' || lpad(n::text, 16, '0'), display_name, display_name_key, md5(n::text),
  md5((n + 1000000)::text) || '@crowd.example', '', credential_type_id, type_code, category, worker_id, intake, status,
  is_verifiable, 'v', now(), latest_approval, expires_on, '[]', 1, now(), now(), living_owner
FROM credentials, generate_series(1, 12000) n WHERE organization_id = :organization
"""


@on_postgresql
async def test_an_owner_is_found_by_the_index_of_all_texts(tenant: Tenant) -> None:
    await tenant.add_credential(await tenant.add_worker("Unmistakable"))
    database = tenant.service.database
    async with database.engine.connect() as connection:
        await connection.execute(text(CROWD), {"organization": tenant.id})
        await connection.execute(text("SELECT gin_clean_pending_list('credentials_search')"))
        await connection.execute(text("ANALYZE credentials"))
        # A million rows, at which the index is faster by itself, would take too long to add.
        for way in ("enable_seqscan", "enable_indexscan"):
            await connection.execute(text(f"SET LOCAL {way} = off"))
        async with database.reading() as session:
            statement = queries.listing.statement(session, tenant.actor, PageRequest(search="unmistakable"))
        written = statement.compile(dialect=database.dialect, compile_kwargs={"literal_binds": True})
        plan = "\n".join(row[0] for row in await connection.execute(text(f"EXPLAIN {written}")))
        await connection.rollback()
    assert plan.count("Bitmap Index Scan on credentials_search") == 3
    for column in SEARCHED_COLUMNS:
        assert f"{column} ~~ '%unmistakable%'" in plan
