"""The scope to manage contractors: archiving credentials of contractors' workers, and nothing else of them."""

from dataclasses import dataclass
from typing import Any

import pytest

from app.access import Scope
from tests.credentials import actions
from tests.credentials.actions import (
    event_kinds,
    mutate_forbidden,
    mutate_refused,
    mutation_payload,
    owner_input,
    transfer_input,
)
from tests.service import Tenant

NOT_FOUND = [("NOT_FOUND", "id")]


@dataclass(frozen=True)
class Site:
    """An organization with a contractor, a team under the contractor, and a department of its own."""

    tenant: Tenant
    contractor: str
    team: str
    department: str
    key: str

    async def credential(self, unit: str | None) -> str:
        """Add a credential of a worker in a unit."""
        worker = await self.tenant.add_worker(employment={"orgUnit": unit})
        return await self.tenant.add_credential(worker)


async def add_unit(tenant: Tenant, kind: str, parent: str | None = None) -> str:
    payload = await mutation_payload(tenant, "orgUnitCreate", "orgUnit { id }", name=kind, type=kind, parent=parent)
    return str(payload["orgUnit"]["id"])


@pytest.fixture
async def site(tenant: Tenant) -> Site:
    contractor = await add_unit(tenant, "CONTRACTOR", await add_unit(tenant, "SITE"))
    team = await add_unit(tenant, "TEAM", await add_unit(tenant, "DEPARTMENT", contractor))
    department = await add_unit(tenant, "DEPARTMENT")
    return Site(tenant, contractor, team, department, await tenant.create_key(Scope.CONTRACTORS_MANAGE))


async def archive(site: Site, key: str, by: str | None = None) -> Any:
    return await site.tenant.mutate("credentialArchive", "credential { archived }", key=by or site.key, id=key)


async def test_credentials_of_contractors_workers_can_be_archived_at_any_depth(site: Site) -> None:
    for unit in (site.contractor, site.team):
        key = await site.credential(unit)
        assert await archive(site, key) == {"credential": {"archived": True}, "errors": []}
        assert await event_kinds(site.tenant, key) == ["credential.added", "credential.archived"]


async def test_credentials_of_others_are_not_found(site: Site) -> None:
    others = await actions.add_applicant_credential(site.tenant, await actions.add_applicant(site.tenant))
    keys = [await site.credential(unit) for unit in (site.department, None)]
    before = await site.tenant.rows()
    for key in (*keys, others):
        payload = await archive(site, key)
        assert [(error["code"], error["path"]) for error in payload["errors"]] == [("NOT_FOUND", ["id"])]
    assert await site.tenant.rows() == before


async def test_another_tenants_contractors_are_not_found(site: Site, other_tenant: Tenant) -> None:
    foreign = await other_tenant.create_key(Scope.CONTRACTORS_MANAGE)
    key = await site.credential(site.contractor)
    payload = await other_tenant.mutate("credentialArchive", "credential { id }", key=foreign, id=key)
    assert [error["code"] for error in payload["errors"]] == ["NOT_FOUND"]
    assert (await actions.credential_row(site.tenant, key)).archived_at is None


async def test_moving_the_worker_ends_the_permission(site: Site) -> None:
    worker = await site.tenant.add_worker(employment={"orgUnit": site.team})
    key = await site.tenant.add_credential(worker)
    input = {"worker": {"id": worker}, "employment": {"orgUnit": site.department}}
    await mutation_payload(site.tenant, "workerUpdate", "worker { id }", **input)
    assert (await archive(site, key))["errors"][0]["code"] == "NOT_FOUND"


async def test_a_key_of_one_unit_reaches_only_contractors_in_it(site: Site) -> None:
    elsewhere = await add_unit(site.tenant, "CONTRACTOR", site.department)
    limited = await site.tenant.create_key(Scope.CONTRACTORS_MANAGE, org_unit=site.department)
    inside = await site.credential(elsewhere)
    outside, no_contractor = await site.credential(site.contractor), await site.credential(site.department)
    assert (await archive(site, inside, limited))["errors"] == []
    for key in (outside, no_contractor):
        assert (await archive(site, key, limited))["errors"][0]["code"] == "NOT_FOUND"


async def test_every_other_mutation_requires_its_own_scope(site: Site) -> None:
    key = await site.credential(site.contractor)
    credential = await actions.credential_row(site.tenant, key)
    worker, to = str(credential.worker_id), await site.tenant.add_worker()
    content = {"issueDate": "2024-05-02"}
    calls: list[tuple[str, str, dict[str, Any]]] = [
        ("credentialUpdate", "credential", {"identification": {"displayName": "Mine"}}),
        ("credentialVersionAdd", "version", content),
        ("credentialVersionEdit", "version", {"id": credential.latest_version_id, **content}),
        ("credentialApprove", "credential", {}),
        ("credentialReject", "credential", {}),
        ("credentialVerify", "credential", {}),
        ("credentialLink", "credential", {"to": owner_input(to)}),
        ("credentialUnlink", "credential", {"ownerType": "WORKER"}),
        ("credentialTransfer", "credential", transfer_input(worker, to)),
        ("credentialUnarchive", "credential", {}),
        ("credentialDelete", "credential", {}),
        ("credentialUndelete", "credential", {}),
    ]
    for name, member, input in calls:
        needed = await mutate_forbidden(site.tenant, name, site.key, f"{member} {{ id }}", **{"id": key, **input})
        assert needed.startswith("CREDENTIALS_")
    purge = {"id": key, "confirm": True}
    assert await mutate_forbidden(site.tenant, "credentialPurge", site.key, "purgedId", **purge) == "CREDENTIALS_PURGE"


async def test_contractors_credentials_cannot_be_read(site: Site) -> None:
    key = await site.credential(site.contractor)
    for query in ("{ credentials { nodes { id } } }", "{ workers { nodes { id } } }"):
        assert (await site.tenant.execute(query, key=site.key)).codes == ["FORBIDDEN"]
    answer = await site.tenant.execute(
        "query ($id: ID!) { credential(by: {id: $id}) { id } }", {"id": key}, key=site.key
    )
    assert answer.codes == ["FORBIDDEN"]


async def test_viewer_can_archive_is_true_only_for_contractors(site: Site) -> None:
    own, other = await site.credential(site.team), await site.credential(site.department)
    both = await site.tenant.create_key(Scope.CONTRACTORS_MANAGE, Scope.CREDENTIALS_READ)
    text = "query ($id: ID!) { credential(by: {id: $id}) { viewerCanArchive viewerCanUnarchive viewerCanUpdate } }"
    may = {"viewerCanArchive": True, "viewerCanUnarchive": False, "viewerCanUpdate": False}
    assert (await site.tenant.execute(text, {"id": own}, key=both)).data["credential"] == may
    none = {**may, "viewerCanArchive": False}
    assert (await site.tenant.execute(text, {"id": other}, key=both)).data["credential"] == none
    await archive(site, own)
    assert (await site.tenant.execute(text, {"id": own}, key=both)).data["credential"] == none


async def test_archiving_twice_is_refused(site: Site) -> None:
    key = await site.credential(site.contractor)
    await archive(site, key)
    payload = await archive(site, key)
    assert [error["code"] for error in payload["errors"]] == ["ARCHIVED"]
    assert await mutate_refused(site.tenant, "credentialArchive", id=key) == [("ARCHIVED", "id")]
