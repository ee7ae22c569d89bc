"""The queries of large lists: their usual order and counts come from an index.

SQLite tells which index it takes even of empty tables. PostgreSQL reads small tables as a whole.
"""

from typing import Any

import pytest
from sqlalchemy import Select, text

from app.credentials import queries
from app.lists.page_request import PageRequest
from tests.databases import on_sqlite
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
