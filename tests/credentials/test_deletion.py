"""Deleting and undeleting credentials."""

from tests.calls import assert_refused, event_rows, mutate_ok, query_nodes, run_query
from tests.service import Tenant, credential_input, ids_of

STATE = "credential { revision deleted viewerCanUpdate viewerCanDelete viewerCanUndelete }"


async def test_deleted_credentials_are_listed_only_on_request(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    key, other = await tenant.add_credential(worker), await tenant.add_credential(worker)
    assert await mutate_ok(tenant, "credentialDelete", STATE, id=key) == {
        "revision": 2,
        "deleted": True,
        "viewerCanUpdate": False,
        "viewerCanDelete": False,
        "viewerCanUndelete": True,
    }
    assert ids_of(await query_nodes(tenant, "credentials", "id")) == [other]
    assert sorted(ids_of(await query_nodes(tenant, "credentials", "id", includeDeleted=True))) == [key, other]
    nested = "live: credentials { nodes { id } } all: credentials(includeDeleted: true) { nodes { id } }"
    nested = (await run_query(tenant, "worker", nested, by={"id": worker})).data["worker"]
    assert ids_of(nested["live"]["nodes"]) == [other]
    assert sorted(ids_of(nested["all"]["nodes"])) == [key, other]
    deleted = (await run_query(tenant, "credential", "deleted", by={"id": key})).data["credential"]
    assert deleted == {"deleted": True}
    assert await mutate_ok(tenant, "credentialUndelete", STATE, id=key, expectedRevision=2) == {
        "revision": 3,
        "deleted": False,
        "viewerCanUpdate": True,
        "viewerCanDelete": True,
        "viewerCanUndelete": False,
    }
    assert sorted(ids_of(await query_nodes(tenant, "credentials", "id"))) == [key, other]
    events = [(event["kind"], event["worker_id"]) for event in await event_rows(tenant) if event["subject_id"] == key]
    assert events == [
        ("credential.added", worker),
        ("credential.deleted", worker),
        ("credential.undeleted", worker),
    ]


async def test_deleted_credentials_refuse_changes(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    key = await tenant.add_credential(worker)
    await assert_refused(tenant, "credentialUndelete", ("NOT_DELETED", "id"), id=key)
    await mutate_ok(tenant, "credentialDelete", STATE, id=key)
    content = {name: part for name, part in credential_input(worker).items() if name != "owners"}
    await assert_refused(tenant, "credentialUpdate", ("DELETED", "id"), id=key, verification={"status": "ACTIVE"})
    await assert_refused(tenant, "credentialReplace", ("DELETED", "id"), id=key, **content)
    await assert_refused(tenant, "credentialDelete", ("DELETED", "id"), id=key)
    await assert_refused(tenant, "credentialUndelete", ("CONFLICT", "expectedRevision"), id=key, expectedRevision=1)


async def test_credentials_outlive_their_workers_deletion(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    key = await tenant.add_credential(worker)
    await mutate_ok(tenant, "workerDelete", "worker { id }", worker={"id": worker})
    owners = "owners { worker { id deleted } }"
    assert (await run_query(tenant, "credential", owners, by={"id": key})).data["credential"] == {
        "owners": {"worker": {"id": worker, "deleted": True}}
    }
