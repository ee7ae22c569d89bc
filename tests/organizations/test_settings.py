"""Settings of an organization: their defaults, accepted values and changes."""

import pytest

from app.access import Scope
from app.core.errors import Invalid
from app.organizations import founding
from tests.calls import assert_forbidden, assert_refused, event_rows, mutate_ok, run_query, stored_rows
from tests.service import Tenant

ALL = """organization {
  revision name
  settings { timeZone approvalsEnabled approvalFinality resubmitOnReject expiringSoonDays reminderDays }
}"""
DEFAULTS = {
    "timeZone": "UTC",
    "approvalsEnabled": False,
    "approvalFinality": "REVERSIBLE",
    "resubmitOnReject": False,
    "expiringSoonDays": 30,
    "reminderDays": [60, 30, 14, 7, 1, 0],
}


async def test_an_organization_starts_with_defaults(tenant: Tenant) -> None:
    selection = ALL.removeprefix("organization {").removesuffix("}")
    organization = (await run_query(tenant, "organization", selection)).data["organization"]
    assert organization == {"revision": 1, "name": "Harbour Health", "settings": DEFAULTS}


async def test_settings_change_one_by_one(tenant: Tenant) -> None:
    values = {
        "name": " Harbour ",
        "timeZone": "Australia/Sydney",
        "approvalsEnabled": True,
        "approvalFinality": "FINAL",
        "resubmitOnReject": True,
        "expiringSoonDays": 0,
        "reminderDays": [1, 90, 7, 1],
    }
    for number, (name, value) in enumerate(values.items(), start=2):
        organization = await mutate_ok(tenant, "organizationUpdate", ALL, **{name: value})
        assert organization["revision"] == number
    assert organization["name"] == "Harbour"
    assert organization["settings"] == {
        **{name: value for name, value in values.items() if name != "name"},
        "reminderDays": [90, 7, 1],
    }
    event = (await event_rows(tenant))[-1]
    assert (event["kind"], event["subject_id"]) == ("organization.updated", tenant.id)
    assert event["changes"] == {"reminderDays": {"from": DEFAULTS["reminderDays"], "to": [90, 7, 1]}}


async def test_an_update_without_changes_writes_nothing(tenant: Tenant) -> None:
    before = await stored_rows(tenant)
    for input in ({}, DEFAULTS, {"name": "Harbour Health", "reminderDays": [0, 1, 7, 14, 30, 60]}):
        assert (await mutate_ok(tenant, "organizationUpdate", ALL, **input))["revision"] == 1
    assert await stored_rows(tenant) == before


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("timeZone", "Mars/Olympus", "is not a time zone of the IANA database, such as Australia/Sydney"),
        ("timeZone", "localtime", "is not a time zone of the IANA database, such as Australia/Sydney"),
        ("timeZone", "Factory", "is not a time zone of the IANA database, such as Australia/Sydney"),
        ("timeZone", "utc", "is not a time zone of the IANA database, such as Australia/Sydney"),
        ("timeZone", "+10:00", "is not a time zone of the IANA database, such as Australia/Sydney"),
        ("timeZone", "../../etc/passwd", "is not a time zone of the IANA database, such as Australia/Sydney"),
        ("name", "x" * 201, "is longer than 200 characters"),
        ("expiringSoonDays", -1, "is not between 0 and 365"),
        ("expiringSoonDays", 366, "is not between 0 and 365"),
        ("reminderDays", [-1], "is not a list of at most 12 numbers of days from 0 to 365"),
        ("reminderDays", [366], "is not a list of at most 12 numbers of days from 0 to 365"),
        ("reminderDays", list(range(13)), "is not a list of at most 12 numbers of days from 0 to 365"),
    ],
)
async def test_an_invalid_value_is_refused_with_its_path(tenant: Tenant, name: str, value: object, reason: str) -> None:
    (error,) = await assert_refused(
        tenant, "organizationUpdate", ("INVALID", name), **{"approvalsEnabled": True, name: value}
    )
    assert error["message"] == f"{name} {reason}"


async def test_required_settings_cannot_be_cleared(tenant: Tenant) -> None:
    for name in ("name", "timeZone", "approvalFinality", "expiringSoonDays", "reminderDays"):
        (error,) = await assert_refused(tenant, "organizationUpdate", ("REQUIRED", name), **{name: None})
        assert error["message"] == f"{name} is required"


async def test_reminders_can_be_switched_off(tenant: Tenant) -> None:
    organization = await mutate_ok(tenant, "organizationUpdate", ALL, reminderDays=[])
    assert organization["settings"]["reminderDays"] == []


async def test_a_stale_revision_is_a_conflict(tenant: Tenant) -> None:
    conflict = ("CONFLICT", "expectedRevision")
    (error,) = await assert_refused(tenant, "organizationUpdate", conflict, name="New", expectedRevision=2)
    assert error["currentRevision"] == 1


async def test_changing_settings_requires_its_scope(tenant: Tenant) -> None:
    held = (Scope.KEYS_MANAGE, Scope.WORKERS_WRITE)
    await assert_forbidden(tenant, "organizationUpdate", *held, required_scope=Scope.ORGANIZATION_MANAGE, name="Mine")


async def test_an_organization_is_visible_to_itself_only(tenant: Tenant, other_tenant: Tenant) -> None:
    assert (await run_query(other_tenant, "node", "id", id=tenant.id)).data["node"] is None
    assert (await run_query(tenant, "node", "id", id=tenant.id)).data["node"] == {"id": tenant.id}


async def test_creating_an_organization_requires_a_valid_time_zone(tenant: Tenant) -> None:
    async with tenant.service.database.writing("test") as session:
        with pytest.raises(Invalid, match="timeZone is not a time zone"):
            await founding.create(session, "Nowhere", "Mars/Olympus")
