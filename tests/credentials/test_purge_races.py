"""Races of a purge with other operations: the credential is complete, or nothing of it is left."""

import asyncio
from typing import Any

import pytest

from app.credentials.tables import ApprovalStatus
from app.credentials.verification import attempts
from app.registries.registry_set import RegistrySet
from tests.credentials import consistency
from tests.credentials.actions import count, mutation_payload
from tests.service import Tenant

ROUNDS = 4


@pytest.fixture
async def worker(tenant: Tenant) -> str:
    return await tenant.add_worker()


async def archived(tenant: Tenant, worker: str) -> str:
    """Add an archived credential whose first check is pending."""
    key = await tenant.add_credential(worker)
    await mutation_payload(tenant, "credentialArchive", id=key)
    return key


async def call(tenant: Tenant, verb: str, key: str) -> str:
    """Run a mutation; return the code of the refusal, or OK."""
    selection = "purgedId" if verb == "Purge" else "credential { id }"
    input: dict[str, Any] = {"confirm": True} if verb == "Purge" else {}
    payload = await tenant.mutate(f"credential{verb}", selection, id=key, **input)
    return str(payload["errors"][0]["code"]) if payload["errors"] else "OK"


async def race(tenant: Tenant, key: str, *verbs: str) -> list[str]:
    return list(await asyncio.gather(*(call(tenant, verb, key) for verb in verbs)))


@pytest.mark.parametrize("verb", ["Verify", "Approve", "Reject", "Archive"])
async def test_purge_races_operations_refused_in_the_archive(tenant: Tenant, worker: str, verb: str) -> None:
    for _ in range(ROUNDS):
        key = await archived(tenant, worker)
        codes = await race(tenant, key, verb, "Purge", verb)
        assert codes[1] == "OK"
        assert {codes[0], codes[2]} <= {"ARCHIVED", "NOT_FOUND"}
        await consistency.assert_purged(tenant, key)


async def test_purge_races_restore(tenant: Tenant, worker: str) -> None:
    for _ in range(ROUNDS):
        key = await archived(tenant, worker)
        codes = await race(tenant, key, "Unarchive", "Purge")
        assert codes in (["OK", "NOT_ARCHIVED"], ["NOT_FOUND", "OK"])
        if codes[1] == "OK":
            await consistency.assert_purged(tenant, key)
        else:
            await consistency.assert_matches_events(
                tenant, key, first=ApprovalStatus.NOT_REQUIRED, owners=(worker, None)
            )


async def test_one_of_many_concurrent_purges_wins(tenant: Tenant, worker: str) -> None:
    key = await archived(tenant, worker)
    assert count(await race(tenant, key, *["Purge"] * 10)) == {"OK": 1, "NOT_FOUND": 9}
    await consistency.assert_purged(tenant, key)


async def test_running_checks_race_archive_and_purge(tenant: Tenant, worker: str) -> None:
    async def put_away(key: str) -> str:
        await mutation_payload(tenant, "credentialArchive", id=key)
        return await call(tenant, "Purge", key)

    for _ in range(ROUNDS):
        key = await tenant.add_credential(worker)
        checks = [call(tenant, "Verify", key) for _ in range(3)]
        purged, *codes = await asyncio.gather(put_away(key), *checks)
        assert purged == "OK"
        assert set(codes) <= {"OK", "ARCHIVED", "NOT_FOUND"}
        await consistency.assert_purged(tenant, key)


async def test_a_finishing_check_races_a_purge(tenant: Tenant, worker: str) -> None:
    sources = RegistrySet()
    for _ in range(ROUNDS):
        key = await archived(tenant, worker)
        [attempt] = [row["id"] for row in (await tenant.rows())["verification_attempts"] if row["credential_id"] == key]
        finished = (attempts.run(tenant.service.database, sources, tenant.id, attempt) for _ in range(2))
        purged, *leased = await asyncio.gather(call(tenant, "Purge", key), *finished)
        assert purged == "OK"
        assert leased.count(True) <= 1
        await consistency.assert_purged(tenant, key)
    await sources.close()
