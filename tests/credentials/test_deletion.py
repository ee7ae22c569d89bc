"""Deleting credentials softly, and undoing it."""

from tests.calls import assert_refused, event_rows, mutate_ok, query_nodes, run_query
from tests.service import Tenant, credential_input, ids_of

STATE = "credential { revision deleted viewerCanUpdate viewerCanDelete viewerCanUndelete }"


async def test_the_deleted_leave_the_lists_and_show_when_asked(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    one, other = await tenant.add_credential(worker), await tenant.add_credential(worker)
    assert await mutate_ok(tenant, "credentialDelete", STATE, id=one) == {
        "revision": 2,
        "deleted": True,
        "viewerCanUpdate": False,
        "viewerCanDelete": False,
        "viewerCanUndelete": True,
    }
    assert ids_of(await query_nodes(tenant, "credentials", "id")) == [other]
    assert sorted(ids_of(await query_nodes(tenant, "credentials", "id", includeDeleted=True))) == [one, other]
    nested = "live: credentials { nodes { id } } all: credentials(includeDeleted: true) { nodes { id } }"
    found = (await run_query(tenant, "worker", nested, by={"id": worker})).data["worker"]
    assert ids_of(found["live"]["nodes"]) == [other]
    assert sorted(ids_of(found["all"]["nodes"])) == [one, other]
    deleted = (await run_query(tenant, "credential", "deleted", id=one)).data["credential"]
    assert deleted == {"deleted": True}
    assert await mutate_ok(tenant, "credentialUndelete", STATE, id=one, expectedRevision=2) == {
        "revision": 3,
        "deleted": False,
        "viewerCanUpdate": True,
        "viewerCanDelete": True,
        "viewerCanUndelete": False,
    }
    assert sorted(ids_of(await query_nodes(tenant, "credentials", "id"))) == [one, other]
    told = [(event["kind"], event["worker_id"]) for event in await event_rows(tenant) if event["subject_id"] == one]
    assert told == [
        ("credential.added", worker),
        ("credential.deleted", worker),
        ("credential.undeleted", worker),
    ]


async def test_the_deleted_take_no_change(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    one = await tenant.add_credential(worker)
    await assert_refused(tenant, "credentialUndelete", ("NOT_DELETED", "id"), id=one)
    await mutate_ok(tenant, "credentialDelete", STATE, id=one)
    content = {name: part for name, part in credential_input(worker).items() if name != "owners"}
    await assert_refused(tenant, "credentialUpdate", ("DELETED", "id"), id=one, verification={"status": "ACTIVE"})
    await assert_refused(tenant, "credentialReplace", ("DELETED", "id"), id=one, **content)
    await assert_refused(tenant, "credentialDelete", ("DELETED", "id"), id=one)
    await assert_refused(tenant, "credentialUndelete", ("CONFLICT", "expectedRevision"), id=one, expectedRevision=1)


async def test_credentials_outlive_their_workers_deletion(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    one = await tenant.add_credential(worker)
    await mutate_ok(tenant, "workerDelete", "worker { id }", worker={"id": worker})
    owners = "owners { worker { id deleted } }"
    assert (await run_query(tenant, "credential", owners, id=one)).data["credential"] == {
        "owners": {"worker": {"id": worker, "deleted": True}}
    }
