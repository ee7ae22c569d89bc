"""Soft deletion and restoration of people."""

from typing import Any

import pytest

from tests.calls import assert_refused, event_rows, mutate_ok, query_nodes
from tests.service import Tenant, ids_of

NOUNS = ["worker", "applicant"]
TAKEN: dict[str, Any] = {
    "contact": {"workEmail": "jo@a.test"},
    "source": {"externalId": "E-1", "sourceSystem": "hr"},
}


async def add(tenant: Tenant, noun: str, **content: Any) -> str:
    created = await mutate_ok(tenant, f"{noun}Create", f"{noun} {{ id }}", identity={"displayName": "Jo"}, **content)
    return str(created["id"])


@pytest.mark.parametrize("noun", NOUNS)
async def test_deleted_people_are_hidden_by_default(tenant: Tenant, noun: str) -> None:
    person_id, other = await add(tenant, noun), await add(tenant, noun)
    by = {noun: {"id": person_id}}
    state = f"{noun} {{ revision deleted deletedAt viewerCanUpdate viewerCanDelete viewerCanUndelete }}"
    deleted = await mutate_ok(tenant, f"{noun}Delete", state, **by)
    assert deleted.pop("deletedAt") is not None
    assert deleted == {
        "revision": 2,
        "deleted": True,
        "viewerCanUpdate": False,
        "viewerCanDelete": False,
        "viewerCanUndelete": True,
    }
    assert ids_of(await query_nodes(tenant, f"{noun}s", "id")) == [other]
    assert sorted(ids_of(await query_nodes(tenant, f"{noun}s", "id", includeDeleted=True))) == [person_id, other]
    restored = await mutate_ok(tenant, f"{noun}Undelete", state, **by, expectedRevision=2)
    assert restored == {
        "revision": 3,
        "deleted": False,
        "deletedAt": None,
        "viewerCanUpdate": True,
        "viewerCanDelete": True,
        "viewerCanUndelete": False,
    }
    assert sorted(ids_of(await query_nodes(tenant, f"{noun}s", "id"))) == [person_id, other]
    event_kinds = [event["kind"] for event in await event_rows(tenant) if event["subject_id"] == person_id]
    assert event_kinds == [f"{noun}.created", f"{noun}.deleted", f"{noun}.restored"]


@pytest.mark.parametrize("noun", NOUNS)
async def test_deleted_people_cannot_be_changed(tenant: Tenant, noun: str) -> None:
    person_id = await add(tenant, noun)
    by: dict[str, Any] = {noun: {"id": person_id}}
    await mutate_ok(tenant, f"{noun}Delete", f"{noun} {{ id }}", **by)
    name = {"identity": {"displayName": "New"}}
    for field, message, content in (
        ("Update", f"the {noun} is deleted; undelete it first", name),
        ("Replace", f"the {noun} is deleted; undelete it first", name),
        ("Delete", f"the {noun} is already deleted", {}),
    ):
        (error,) = await assert_refused(tenant, f"{noun}{field}", ("DELETED", noun), **by, **content)
        assert (error["__typename"], error["message"]) == ("StateError", message)


@pytest.mark.parametrize("noun", NOUNS)
async def test_only_deleted_people_can_be_restored(tenant: Tenant, noun: str) -> None:
    person_id = await add(tenant, noun)
    (error,) = await assert_refused(tenant, f"{noun}Undelete", ("NOT_DELETED", noun), **{noun: {"id": person_id}})
    assert error["message"] == f"the {noun} is not deleted"


@pytest.mark.parametrize("noun", NOUNS)
@pytest.mark.parametrize(("group", "path"), [("contact", "contact.workEmail"), ("source", "source.externalId")])
async def test_a_restoration_with_taken_values_is_refused(tenant: Tenant, noun: str, group: str, path: str) -> None:
    person_id = await add(tenant, noun, **{group: TAKEN[group]})
    by = {noun: {"id": person_id}}
    await mutate_ok(tenant, f"{noun}Delete", f"{noun} {{ id }}", **by)
    other = await add(tenant, noun, **{group: TAKEN[group]})
    await assert_refused(tenant, f"{noun}Undelete", ("TAKEN", path), **by)
    await mutate_ok(tenant, f"{noun}Delete", f"{noun} {{ id }}", **{noun: {"id": other}})
    await mutate_ok(tenant, f"{noun}Undelete", f"{noun} {{ id }}", **by)


async def test_a_stale_restoration_is_a_conflict(tenant: Tenant) -> None:
    person_id = await add(tenant, "worker")
    await mutate_ok(tenant, "workerDelete", "worker { id }", worker={"id": person_id})
    (error,) = await assert_refused(
        tenant, "workerUndelete", ("CONFLICT", "expectedRevision"), worker={"id": person_id}, expectedRevision=1
    )
    assert error["currentRevision"] == 2


@pytest.mark.parametrize(
    "by", [{"email": "JO@a.test"}, {"externalId": "E-1"}, {"source": {"externalId": "E-1", "sourceSystem": "hr"}}]
)
async def test_deleted_people_are_restored_by_any_reference(tenant: Tenant, by: dict[str, Any]) -> None:
    person_id = await add(tenant, "worker", **TAKEN)
    await mutate_ok(tenant, "workerDelete", "worker { id }", worker=by)
    assert await mutate_ok(tenant, "workerUndelete", "worker { id deleted }", worker=by) == {
        "id": person_id,
        "deleted": False,
    }
