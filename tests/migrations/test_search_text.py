# ruff: noqa: RUF001 - characters that look alike are what is tested
"""The revision that folds search text anew: rows from before are found as new ones are."""

from pathlib import Path
from typing import Any

import httpx
import pytest
from alembic import command
from sqlalchemy import text

from app.core import clock
from app.core.text import fold
from app.main import create_app
from app.migrations import migrator
from app.settings import Settings
from tests.calls import mutate_ok
from tests.databases import KINDS, new_url, open_migrated
from tests.service import Service, Tenant

BEFORE = "0010"
FORMERLY = (
    "UPDATE workers SET display_name_key = lower(display_name), first_name_key = 'x', team_key = 'x', "
    "email_key = 'jo@strasse.example', search_text = 'x'",
    "UPDATE applicants SET display_name_key = 'x', email_key = '', search_text = 'x'",
    "UPDATE credentials SET display_name_key = 'x', search_text = 'x'",
    "UPDATE credential_types SET name_key = 'x', search_text = 'x'",
    *(f"UPDATE {table} SET name_key = 'x'" for table in ("positions", "org_units", "requirement_rules", "api_keys")),
)
INSERT = (
    "INSERT INTO positions (organization_id, id, name, name_key, revision, created_at, updated_at) "
    "VALUES (:organization, :id, :name, :key, 1, '2026-01-01 00:00:00', '2026-01-01 00:00:00')"
)
MANY = 2_100  # rows, which the revision reads in several batches


@pytest.mark.parametrize("kind", KINDS)
async def test_search_text_from_before_is_folded_anew(
    kind: str, tmp_path: Path, settings: Settings, request: pytest.FixtureRequest
) -> None:
    url = await new_url(kind, request, tmp_path)
    async with (
        open_migrated(url, clock.system) as database,
        httpx.AsyncClient(
            transport=httpx.ASGITransport(create_app(settings, database)), base_url="http://credgraph.test"
        ) as client,
    ):
        tenant = await Tenant.create(Service(client, database), "Ältere", types=frozenset({"NPI", "WWCC_NSW"}))
        await _fill(tenant)
        async with database.engine.begin() as connection:
            names = {f"pos_{number:016}": f"Ä{number}" for number in range(MANY)}
            rows = [{"organization": tenant.id, "id": id, "name": names[id], "key": fold(names[id])} for id in names]
            await connection.execute(text(INSERT), rows)
        before = await tenant.rows()
        await migrator._run(database, lambda config: command.downgrade(config, BEFORE))
        async with database.engine.begin() as connection:
            for statement in FORMERLY:
                await connection.execute(text(statement))
        await migrator.upgrade(database)
        assert await tenant.rows() == before
        assert await migrator.differences(database) is None


async def _fill(tenant: Tenant) -> None:
    content: dict[str, Any] = {
        "identity": {"firstName": "José", "lastName": "Nuñez"},
        "contact": {"workEmail": "Jo@Straße.example", "phone": "+61 (0)412 345-678"},
        "source": {"externalId": "E-1"},
        "employment": {"team": "Équipe", "jobTitle": "Éducateur"},
    }
    worker = await tenant.add_worker("José Nuñez", **content)
    applicant = await mutate_ok(
        tenant,
        "applicantCreate",
        "applicant { id }",
        identity={"displayName": "Łukasz"},
        contact={"workEmail": "Ł@a.test"},
    )
    await tenant.add_credential(worker, identification={"displayName": "Permis d’été"})
    await tenant.add_credential(worker, owners={"applicant": {"id": applicant["id"]}})
    await mutate_ok(tenant, "orgUnitCreate", "orgUnit { id }", name="Über", type="TEAM")
    rule = {"name": "Règle", "scope": "ALL_WORKERS", "alternatives": ["NPI"], "autoRequest": False}
    await mutate_ok(tenant, "requirementRuleCreate", "requirementRule { id }", **rule)
