"""A pack of a past day equals the pack that was made on that day, whatever was recorded since."""

from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests import files
from tests.compliance import requirement_calls
from tests.conftest import SettableClock
from tests.credentials.actions import (
    add_applicant,
    add_requested,
    add_ticket,
    add_type,
    add_version,
    mutation_payload,
    update_settings,
)
from tests.evidence import packs
from tests.evidence.packs import UnpackedPack
from tests.service import Service, Tenant

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
ABOUT_THE_PACK = ("madeAt", "recordedBefore", "requestId", "files", "madeFor")
"""The members of the manifest that differ between two packs of the same day."""
Step = Callable[[], Awaitable[Any]]


@pytest.fixture
async def sandboxed(service: Service, clock: SettableClock) -> Tenant:
    """A sandbox organization: the last letter of a reference number selects the registry's answer."""
    clock.set(START)
    tenant = await Tenant.create(service, "Harbour Health", sandbox=True)
    await update_settings(tenant, approvalsEnabled=True, resubmitOnReject=True)
    return tenant


def comparable_content(pack: UnpackedPack) -> dict[str, Any]:
    """Return everything in a pack that depends only on its day."""
    manifest = {name: value for name, value in pack.manifest.items() if name not in ABOUT_THE_PACK}
    documents = {name: pack.document(name) for name in ("compliance", "worker", "credentials")}
    return {"manifest": manifest, **documents, "events": pack.events, "report": pack.files["README.txt"].decode()}


def differences(before: Any, after: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """Yield the path of each difference between two documents, with both values."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in (*before, *(name for name in after if name not in before)):
            yield from differences(before.get(name), after.get(name), f"{path}.{name}")
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for index, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from differences(one, other, f"{path}.{index}")
    elif before != after:
        yield path, before, after


async def assert_packs_stay_the_same(tenant: Tenant, clock: SettableClock, worker: str, steps: list[Step]) -> None:
    """Run one step a day and fetch the day's pack; a month later, assert that the pack of each day is the same."""
    contents = {}
    for day, step in enumerate(steps, 1):
        clock.set(START + timedelta(days=day))
        await step()
        clock.advance(timedelta(hours=1))
        contents[clock().date().isoformat()] = comparable_content(await packs.fetch(tenant, worker))
    distinct = {
        str([content[name] for name in ("credentials", "worker", "compliance")]) for content in contents.values()
    }
    assert len(distinct) == len(steps)
    clock.advance(timedelta(days=30))
    for past_day, before in contents.items():
        after = comparable_content(await packs.fetch(tenant, worker, past_day))
        assert list(differences(before, after, past_day)) == []


async def test_credential_that_is_changed_in_every_way(sandboxed: Tenant, clock: SettableClock) -> None:
    tenant, worker = sandboxed, await sandboxed.add_worker()
    other, applicant = await tenant.add_worker("Somebody Else"), await add_applicant(tenant)
    held = await tenant.add_credential(worker, identification={"referenceNumber": "WWC1111111K"})
    attempts: list[str] = []

    async def verify() -> None:
        input = {"forceRefresh": True, "correlationId": "nightly"}
        payload = await mutation_payload(tenant, "credentialVerify", "attempt { id }", id=held, **input)
        attempts.append(payload["attempt"]["id"])

    def change(field: str, selection: str = "credential { id }", **input: Any) -> Step:
        return lambda: mutation_payload(tenant, field, selection, id=held, **input)

    to, back = (
        {"from": {"type": "WORKER", "id": a}, "to": {"type": "WORKER", "id": b}}
        for a, b in ((worker, other), (other, worker))
    )
    await assert_packs_stay_the_same(
        tenant,
        clock,
        worker,
        [
            change("credentialUpdate", identification={"displayName": "Check"}),
            change(
                "credentialUpdate", identification={"referenceNumber": "WWC2222222K"}, issuing={"jurisdiction": "NSW"}
            ),
            verify,
            lambda: mutation_payload(
                tenant,
                "verificationResolve",
                "attempt { id }",
                id=attempts[-1],
                eligibility="MAY_ENGAGE",
                reason="Rang",
            ),
            verify,
            change("credentialApprove", reason="Sighted"),
            change("credentialReject", reason="Forged", notes="The stamp"),
            lambda: add_version(
                tenant, held, referenceNumber="WWC3333333E", issueDate="2026-03-01", expiryDate="2031-03-01"
            ),
            change("credentialApprove", reason="Renewed"),
            change("credentialUpdate", issuing={"expiryDate": "2030-01-01"}),
            change("credentialUpdate", verification={"status": "SUSPENDED"}),
            change("credentialLink", "status", to={"type": "APPLICANT", "id": applicant}),
            change("credentialUnlink", "status", ownerType="APPLICANT"),
            change("credentialArchive"),
            change("credentialUnarchive"),
            change("credentialTransfer", "status", **to),
            change("credentialTransfer", "status", **back),
            change("credentialDelete"),
            change("credentialUndelete"),
        ],
    )


async def test_changes_of_requests_files_rules_and_the_worker(sandboxed: Tenant, clock: SettableClock) -> None:
    tenant, worker = sandboxed, await sandboxed.add_worker()
    supports = ["REFERENCE_NUMBER", "ISSUE_DATE", "EXPIRY_DATE", "FRONT_ATTACHMENT"]
    requested = await add_requested(tenant, "CARD", worker, supports=supports)
    await add_type(tenant, supports=supports)
    ticket = await add_ticket(tenant, worker)
    unit, position = await requirement_calls.add_unit(tenant), await requirement_calls.add_position(tenant)
    ids: dict[str, Any] = {}

    async def rule() -> None:
        ids["rule"] = await requirement_calls.add_rule(tenant, "SITE_TICKET")

    async def assign() -> None:
        [ids["assignment"]] = await requirement_calls.assign(tenant, position, worker)

    async def exempt() -> None:
        input = {"worker": {"id": worker}, "requirement": {"rule": ids["rule"]}, "reason": "On leave"}
        ids["exemption"] = (await mutation_payload(tenant, "exemptionGrant", "exemption { id }", **input))["exemption"][
            "id"
        ]

    def update(**input: Any) -> Step:
        return lambda: mutation_payload(tenant, "workerUpdate", "worker { id }", worker={"id": worker}, **input)

    await assert_packs_stay_the_same(
        tenant,
        clock,
        worker,
        [
            update(identity={"displayName": "Jo Avery"}, contact={"phone": "0400"}),
            update(employment={"orgUnit": unit, "startDate": "2026-01-05"}),
            lambda: mutation_payload(tenant, "credentialArchive", id=requested),
            lambda: mutation_payload(tenant, "credentialUnarchive", id=requested),
            lambda: files.upload_file(tenant, requested),
            lambda: mutation_payload(tenant, "credentialSubmit", id=requested, referenceNumber="C-1"),
            lambda: mutation_payload(tenant, "credentialReject", id=requested, reason="Blurred"),
            lambda: mutation_payload(tenant, "credentialSubmit", id=requested, referenceNumber="C-2"),
            lambda: mutation_payload(tenant, "credentialApprove", id=requested),
            rule,
            assign,
            exempt,
            lambda: files.upload_file(tenant, ticket),
            lambda: mutation_payload(tenant, "credentialApprove", id=ticket),
            lambda: files.upload_file(tenant, ticket, "OTHER", files.PDF, "more.pdf"),
            lambda: mutation_payload(tenant, "exemptionRevoke", "exemption { id }", id=ids["exemption"]),
            lambda: mutation_payload(tenant, "positionUnassign", "assignment { id }", id=ids["assignment"]),
            lambda: mutation_payload(
                tenant, "requirementRuleUpdate", "requirementRule { id }", id=ids["rule"], level="OPTIONAL"
            ),
            lambda: mutation_payload(tenant, "requirementRuleDelete", "requirementRule { id }", id=ids["rule"]),
            lambda: mutation_payload(tenant, "workerDelete", "worker { id }", worker={"id": worker}),
        ],
    )


async def test_unit_deleted_since_has_an_id_and_no_name(sandboxed: Tenant, clock: SettableClock) -> None:
    tenant, unit = sandboxed, await requirement_calls.add_unit(sandboxed)
    worker = await tenant.add_worker(employment={"orgUnit": unit})
    clock.advance(timedelta(days=3))
    input = {"worker": {"id": worker}, "employment": {"orgUnit": None}}
    await mutation_payload(tenant, "workerUpdate", "worker { id }", **input)
    await mutation_payload(tenant, "orgUnitDelete", "orgUnit { id }", id=unit)
    day = (START + timedelta(days=1)).date().isoformat()
    document = (await packs.fetch(tenant, worker, day)).document("worker")
    assert (document["employment"]["orgUnit"], document["orgUnits"]) == (unit, [{"id": unit, "name": None}])
    assert (await packs.fetch(tenant, worker)).document("worker")["orgUnits"] == []


async def test_credential_purged_since_has_only_its_summary(sandboxed: Tenant, clock: SettableClock) -> None:
    tenant, worker = sandboxed, await sandboxed.add_worker()
    held = await tenant.add_credential(worker)
    clock.advance(timedelta(days=3))
    day = (START + timedelta(days=1)).date().isoformat()
    [before] = (await packs.fetch(tenant, worker, day)).document("credentials")
    await mutation_payload(tenant, "credentialArchive", id=held)
    await mutation_payload(tenant, "credentialPurge", "purgedId", id=held, confirm=True)
    pack = await packs.fetch(tenant, worker, day)
    [after] = pack.document("credentials")
    assert after["purged"] is True
    assert (after["versions"], after["verifications"]) == ([], [])
    for name in ("id", "credentialType", "category", "validity", "approval"):
        assert after[name] == before[name]
    assert "It was purged since" in pack.files["README.txt"].decode()
    assert (await packs.fetch(tenant, worker)).document("credentials") == []
