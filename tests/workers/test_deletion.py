"""Deleting people softly, and restoring them."""

from typing import Any

import pytest

from tests.calls import assert_refused, event_rows, mutate_ok, query_nodes
from tests.service import Tenant, ids_of

KINDS = ["worker", "applicant"]
TAKEN: dict[str, Any] = {
    "contact": {"workEmail": "jo@a.test"},
    "source": {"externalId": "E-1", "sourceSystem": "hr"},
}


async def add(tenant: Tenant, kind: str, **content: Any) -> str:
    created = await mutate_ok(tenant, f"{kind}Create", f"{kind} {{ id }}", identity={"displayName": "Jo"}, **content)
    return str(created["id"])


@pytest.mark.parametrize("kind", KINDS)
async def test_the_deleted_leave_the_list_and_show_when_asked(tenant: Tenant, kind: str) -> None:
    one, other = await add(tenant, kind), await add(tenant, kind)
    by = {kind: {"id": one}}
    state = f"{kind} {{ revision deleted deletedAt viewerCanUpdate viewerCanDelete viewerCanRestore }}"
    gone = await mutate_ok(tenant, f"{kind}Delete", state, **by)
    assert gone.pop("deletedAt") is not None
    assert gone == {
        "revision": 2,
        "deleted": True,
        "viewerCanUpdate": False,
        "viewerCanDelete": False,
        "viewerCanRestore": True,
    }
    assert ids_of(await query_nodes(tenant, f"{kind}s", "id")) == [other]
    assert sorted(ids_of(await query_nodes(tenant, f"{kind}s", "id", includeDeleted=True))) == [one, other]
    back = await mutate_ok(tenant, f"{kind}Restore", state, **by, expectedRevision=2)
    assert back == {
        "revision": 3,
        "deleted": False,
        "deletedAt": None,
        "viewerCanUpdate": True,
        "viewerCanDelete": True,
        "viewerCanRestore": False,
    }
    assert sorted(ids_of(await query_nodes(tenant, f"{kind}s", "id"))) == [one, other]
    told = [event["kind"] for event in await event_rows(tenant) if event["subject_id"] == one]
    assert told == [f"{kind}.created", f"{kind}.deleted", f"{kind}.restored"]


@pytest.mark.parametrize("kind", KINDS)
async def test_the_deleted_take_no_change(tenant: Tenant, kind: str) -> None:
    one = await add(tenant, kind)
    by: dict[str, Any] = {kind: {"id": one}}
    await mutate_ok(tenant, f"{kind}Delete", f"{kind} {{ id }}", **by)
    name = {"identity": {"displayName": "New"}}
    for field, message, content in (
        ("Update", f"the {kind} is deleted; restore it first", name),
        ("Replace", f"the {kind} is deleted; restore it first", name),
        ("Delete", f"the {kind} is already deleted", {}),
    ):
        (error,) = await assert_refused(tenant, f"{kind}{field}", ("DELETED", kind), **by, **content)
        assert (error["__typename"], error["message"]) == ("StateError", message)


@pytest.mark.parametrize("kind", KINDS)
async def test_only_the_deleted_are_restored(tenant: Tenant, kind: str) -> None:
    one = await add(tenant, kind)
    (error,) = await assert_refused(tenant, f"{kind}Restore", ("NOT_DELETED", kind), **{kind: {"id": one}})
    assert error["message"] == f"the {kind} is not deleted"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("group", "path"), [("contact", "contact.workEmail"), ("source", "source.externalId")])
async def test_nobody_is_restored_into_what_another_has_taken(tenant: Tenant, kind: str, group: str, path: str) -> None:
    one = await add(tenant, kind, **{group: TAKEN[group]})
    by = {kind: {"id": one}}
    await mutate_ok(tenant, f"{kind}Delete", f"{kind} {{ id }}", **by)
    other = await add(tenant, kind, **{group: TAKEN[group]})
    await assert_refused(tenant, f"{kind}Restore", ("TAKEN", path), **by)
    await mutate_ok(tenant, f"{kind}Delete", f"{kind} {{ id }}", **{kind: {"id": other}})
    await mutate_ok(tenant, f"{kind}Restore", f"{kind} {{ id }}", **by)


async def test_a_stale_restoration_is_a_conflict(tenant: Tenant) -> None:
    one = await add(tenant, "worker")
    await mutate_ok(tenant, "workerDelete", "worker { id }", worker={"id": one})
    (error,) = await assert_refused(
        tenant, "workerRestore", ("CONFLICT", "expectedRevision"), worker={"id": one}, expectedRevision=1
    )
    assert error["currentRevision"] == 2


@pytest.mark.parametrize(
    "by", [{"email": "JO@a.test"}, {"externalId": "E-1"}, {"source": {"externalId": "E-1", "sourceSystem": "hr"}}]
)
async def test_the_deleted_are_restored_by_any_reference(tenant: Tenant, by: dict[str, Any]) -> None:
    one = await add(tenant, "worker", **TAKEN)
    await mutate_ok(tenant, "workerDelete", "worker { id }", worker=by)
    assert await mutate_ok(tenant, "workerRestore", "worker { id deleted }", worker=by) == {
        "id": one,
        "deleted": False,
    }
