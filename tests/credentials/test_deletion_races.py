"""Changes that run into the deletion of their owner: each comes before it, and follows it, or is refused."""

import asyncio

from app.compliance import request_lifecycle
from app.credentials.tables import Credential
from tests.calls import mutate
from tests.compliance import recount, requirement_calls
from tests.credentials import actions, consistency
from tests.service import Tenant, credential_input

ROUNDS = 3


async def test_nothing_is_left_to_a_worker_who_is_deleted_meanwhile(tenant: Tenant) -> None:
    position, other = await requirement_calls.add_position(tenant), await tenant.add_worker("Kim")
    await requirement_calls.add_rule(tenant, "WWCC_VIC")
    for _ in range(ROUNDS):
        worker = await tenant.add_worker()
        moved = await tenant.add_credential(other)
        await actions.mutation_payload(
            tenant,
            "credentialLink",
            "status",
            id=moved,
            to={"type": "APPLICANT", "id": await actions.add_applicant(tenant)},
        )
        people = {"from": {"type": "WORKER", "id": other}, "to": {"type": "WORKER", "id": worker}}
        by = {"worker": {"id": worker}}
        calls = [
            mutate(tenant, "credentialCreate", "credential { id }", **credential_input(worker)),
            mutate(
                tenant,
                "credentialRequestsCreate",
                "results { errors { code } }",
                workers=[worker],
                types=[{"credentialType": "NPI"}],
            ),
            mutate(tenant, "credentialTransfer", "status", id=moved, **people),
            mutate(tenant, "positionAssign", "results { errors { code } }", position=position, workers=[worker]),
            mutate(
                tenant, "exemptionGrant", "exemption { id }", **by, requirement={"credentialType": "NPI"}, reason="No."
            ),
        ]
        calls.insert(2, mutate(tenant, "workerDelete", "worker { id }", **by))
        payloads = await asyncio.gather(*calls)
        codes = {error["code"] for payload in payloads for error in payload["errors"]}
        assert codes <= {"DELETED"}
        for credential in await requirement_calls.rows(tenant, Credential, worker_id=worker):
            await consistency.assert_consistent(tenant, credential)
        for table in request_lifecycle.NOTED_TABLES:
            assert all(row.worker_deleted for row in await requirement_calls.rows(tenant, table, worker_id=worker))
        assert await requirement_calls.requested_codes(tenant, worker) == []
    await recount.settle_all(tenant.service.database, tenant.id)
    await recount.assert_matches_recount(tenant.service.database, tenant.id)
