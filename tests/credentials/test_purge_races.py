"""A purge against whatever else is done to the credential: it is there whole, or nothing of it is left."""

import asyncio
from typing import Any

import pytest

from app.credentials.tables import Approval
from app.credentials.verification import attempts
from app.registries.registry_set import RegistrySet
from tests.credentials import audit
from tests.credentials.life import done, tally
from tests.service import Tenant

ROUNDS = 4


@pytest.fixture
async def worker(tenant: Tenant) -> str:
    return await tenant.add_worker()


async def archived(tenant: Tenant, worker: str) -> str:
    """An archived credential whose first check is still to be made."""
    key = await tenant.add_credential(worker)
    await done(tenant, "credentialArchive", id=key)
    return key


async def call(tenant: Tenant, verb: str, key: str) -> str:
    """Do it; gives the code of the refusal, or OK."""
    selection = "purgedId" if verb == "Purge" else "credential { id }"
    given: dict[str, Any] = {"confirm": True} if verb == "Purge" else {}
    payload = await tenant.mutate(f"credential{verb}", selection, id=key, **given)
    return str(payload["errors"][0]["code"]) if payload["errors"] else "OK"


async def race(tenant: Tenant, key: str, *verbs: str) -> list[str]:
    return list(await asyncio.gather(*(call(tenant, verb, key) for verb in verbs)))


@pytest.mark.parametrize("verb", ["Verify", "Approve", "Reject", "Archive"])
async def test_a_purge_against_what_the_archive_forbids(tenant: Tenant, worker: str, verb: str) -> None:
    for _ in range(ROUNDS):
        key = await archived(tenant, worker)
        found = await race(tenant, key, verb, "Purge", verb)
        assert found[1] == "OK"
        assert {found[0], found[2]} <= {"ARCHIVED", "NOT_FOUND"}
        await audit.gone(tenant, key)


async def test_a_purge_against_a_restore(tenant: Tenant, worker: str) -> None:
    for _ in range(ROUNDS):
        key = await archived(tenant, worker)
        found = await race(tenant, key, "Restore", "Purge")
        assert found in (["OK", "NOT_ARCHIVED"], ["NOT_FOUND", "OK"])
        if found[1] == "OK":
            await audit.gone(tenant, key)
        else:
            await audit.agree(tenant, key, first=Approval.NOT_REQUIRED, owners=(worker, None))


async def test_of_many_purges_one_wins(tenant: Tenant, worker: str) -> None:
    key = await archived(tenant, worker)
    assert tally(await race(tenant, key, *["Purge"] * 10)) == {"OK": 1, "NOT_FOUND": 9}
    await audit.gone(tenant, key)


async def test_checks_under_way_when_it_is_archived_and_purged(tenant: Tenant, worker: str) -> None:
    async def put_away(key: str) -> str:
        await done(tenant, "credentialArchive", id=key)
        return await call(tenant, "Purge", key)

    for _ in range(ROUNDS):
        key = await tenant.add_credential(worker)
        checks = [call(tenant, "Verify", key) for _ in range(3)]
        purged, *found = await asyncio.gather(put_away(key), *checks)
        assert purged == "OK"
        assert set(found) <= {"OK", "ARCHIVED", "NOT_FOUND"}
        await audit.gone(tenant, key)


async def test_a_pending_check_that_is_finished_while_it_is_purged(tenant: Tenant, worker: str) -> None:
    sources = RegistrySet()
    for _ in range(ROUNDS):
        key = await archived(tenant, worker)
        [attempt] = [row["id"] for row in (await tenant.rows())["verification_attempts"] if row["credential_id"] == key]
        finished = (attempts.run(tenant.service.database, sources, tenant.id, attempt) for _ in range(2))
        purged, *leased = await asyncio.gather(call(tenant, "Purge", key), *finished)
        assert purged == "OK"
        assert leased.count(True) <= 1
        await audit.gone(tenant, key)
    await sources.close()
