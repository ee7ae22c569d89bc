"""Measure roll-ups as an organization grows, on PostgreSQL: `python -m tests.compliance.scale 1000 10000`."""

import asyncio
import secrets
import statistics
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import httpx
from sqlalchemy import text

from app import reactions
from app.core import clock
from app.db.database import Database
from app.jobs import settle
from app.main import create_app
from app.migrations import migrator
from app.settings import Settings
from tests import calls, postgres
from tests.conftest import SECRET
from tests.databases import create_on_server
from tests.service import STARTER_TYPES, Service, Tenant

RUNS = 15
WORKERS = """
INSERT INTO workers (organization_id, id, display_name, display_name_key, first_name_key, last_name_key, email_key,
  search_text, source_system, job_title_key, team_key, department_key, worker_type, status, invitation_state, revision,
  org_unit_id, created_at, updated_at)
SELECT :organization, 'wkr_' || lpad(n::text, 16, '0'), 'Worker ' || n, 'worker ' || lpad(n::text, 9, '0'), '', '', '',
  'worker ' || n, '', '', '', '', 'EMPLOYEE', 'ACTIVE', 'CREATED', 1, (CAST(:units AS text[]))[1 + n % 50], now(), now()
FROM generate_series(1, :count) n
"""
CREDENTIALS = """
INSERT INTO credentials (organization_id, id, display_name, display_name_key, search_text, credential_type_id,
  type_code, category, worker_id, intake, status, is_verifiable, eligibility, latest_version_id, latest_version_at,
  latest_approval, effective_version_id, valid_from, expires_on, revision, created_at, updated_at, worker_text,
  applicant_text, living_owner)
SELECT :organization, 'cred_' || c.place || lpad(n::text, 15, '0'), c.code, c.code, c.code, c.id, c.code, 'SCREENING',
  'wkr_' || lpad(n::text, 16, '0'), 'DIRECT', 'ACTIVE', false, 'MAY_ENGAGE', 'v', now(), 'NOT_REQUIRED', 'v',
  CURRENT_DATE - 400, CURRENT_DATE - 20 + CAST((n * 7919 + c.place * 131) % 1500 AS int), 1, now(), now(),
  'worker ' || n, '', 'WORKER'
FROM generate_series(1, :count) n, (SELECT id, code, row_number() OVER (ORDER BY code) AS place FROM credential_types
  WHERE organization_id = :organization ORDER BY code LIMIT 3) c
"""
MARKS = """
INSERT INTO unsettled (organization_id, id, owner_id)
SELECT organization_id, 'uns_' || substr(id, 5), id FROM workers WHERE organization_id = :organization
"""
QUERIES: dict[str, str] = {
    "summary": "{ complianceSummary { total settled byStatus { value count } byCategory { value count } byJurisdiction "
    "{ value count } byEligibility { value count } byValidity { value count } byStanding { value count } } }",
    "standing": "{ workers(where: {standing: {eq: NON_COMPLIANT}}) { nodes { id identity { displayName } } } }",
    "matrix": "{ complianceMatrix { rules { name } nodes { worker { id } standing cells { status reason } } } }",
    "gaps by rule": "{ gapsByRule { nodes { rule { name } workers } } }",
    "gaps by worker": "{ gapsByWorker { nodes { worker { id } gaps { status } } } }",
}


async def create_organization(service: Service, count: int) -> tuple[Tenant, float]:
    """Create an organization of `count` workers with three credentials each; return it and the seconds to settle it."""
    tenant = await Tenant.create(service, f"Of {count}")
    units = [
        (await calls.mutate_ok(tenant, "orgUnitCreate", "orgUnit { id }", name=f"Unit {n}", type="TEAM"))["id"]
        for n in range(50)
    ]
    for code in sorted(STARTER_TYPES)[:3]:
        content = {"name": code, "scope": "ALL_WORKERS", "alternatives": [code], "autoRequest": False}
        await calls.mutate_ok(tenant, "requirementRuleCreate", "requirementRule { id }", **content)
    parameters = {"organization": tenant.id, "count": count, "units": units}
    async with service.database.engine.begin() as connection:
        for statement in (WORKERS, CREDENTIALS, MARKS):
            used = {name: value for name, value in parameters.items() if f":{name}" in statement}
            await connection.execute(text(statement), used)
    await vacuum(service.database)
    seconds = await settle_all(service.database)
    await vacuum(service.database)
    return tenant, seconds


async def vacuum(database: Database) -> None:
    """Vacuum and analyze, so that the planner has statistics."""
    async with database.engine.connect() as connection:
        await connection.execution_options(isolation_level="AUTOCOMMIT")
        await connection.execute(text("VACUUM ANALYZE"))


async def settle_all(database: Database) -> float:
    """Settle everything and return the seconds that it took."""
    start = time.perf_counter()
    while await settle.run(database):
        pass
    return time.perf_counter() - start


async def measure_rule_creation(tenant: Tenant) -> str:
    """Add a rule that all workers fail; report the seconds of the call, and until all requests are raised."""
    content = {"name": "New", "scope": "ALL_WORKERS", "alternatives": [sorted(STARTER_TYPES)[3]], "autoRequest": True}
    start = time.perf_counter()
    await calls.mutate_ok(tenant, "requirementRuleCreate", "requirementRule { id }", **content)
    call_seconds = time.perf_counter() - start
    settle_seconds = await settle_all(tenant.service.database)
    return f"a rule for all workers {call_seconds:.1f} s, and {settle_seconds:.1f} s until all requests are raised"


async def measure(tenant: Tenant, query: str) -> tuple[float, Any]:
    """Return the median milliseconds of a query, and its data."""
    seconds: list[float] = []
    for _ in range(RUNS):
        start = time.perf_counter()
        data = (await tenant.execute(query)).data
        seconds.append((time.perf_counter() - start) * 1_000)
    return statistics.median(seconds), data


async def main(counts: list[int]) -> None:
    """Measure each size in turn and print one line of figures for each."""
    with postgres.running_server() as server, TemporaryDirectory() as folder:
        database = Database(
            await create_on_server(server, f"scale_{secrets.token_hex(4)}"), clock.system, before_commit=reactions.react
        )
        await migrator.upgrade(database)
        app = create_app(Settings(data=Path(folder), secret=SECRET), database)
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://credgraph.test") as client:
            for count in counts:
                tenant, seconds = await create_organization(Service(client, database), count)
                figures = [f"{name} {(await measure(tenant, query))[0]:.1f} ms" for name, query in QUERIES.items()]
                figures.append(await measure_rule_creation(tenant))
                sys.stdout.write(f"{count:>7} workers: settled in {seconds:.1f} s; {', '.join(figures)}\n")
                sys.stdout.flush()
        await database.close()


if __name__ == "__main__":
    asyncio.run(main([int(number) for number in sys.argv[1:]]))
