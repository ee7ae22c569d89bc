"""A pack of a day gone by says what a pack said that was made on it, whatever was recorded since."""

from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests import files
from tests.compliance import life
from tests.conftest import SettableClock
from tests.credentials.life import add_applicant, add_ticket, add_type, add_version, choose, done, requested
from tests.evidence import packing
from tests.evidence.packing import Opened
from tests.service import Service, Tenant

START = datetime(2026, 3, 2, 12, tzinfo=UTC)
MEANWHILE = ("madeAt", "recordedBefore", "requestId", "files", "madeFor")
"""What the manifest says of the pack itself."""
Step = Callable[[], Awaitable[Any]]


@pytest.fixture
async def sandboxed(service: Service, clock: SettableClock) -> Tenant:
    """An organization whose registry answers as the number's last letter says."""
    clock.set(START)
    tenant = await Tenant.create(service, "Harbour Health", sandbox=True)
    await choose(tenant, approvalsEnabled=True, resubmitOnReject=True)
    return tenant


def said(pack: Opened) -> dict[str, Any]:
    """All that a pack says of its day."""
    manifest = {name: value for name, value in pack.manifest.items() if name not in MEANWHILE}
    documents = {name: pack.document(name) for name in ("compliance", "worker", "credentials")}
    return {"manifest": manifest, **documents, "events": pack.events, "report": pack.files["README.txt"].decode()}


def differences(before: Any, after: Any, path: str) -> Iterator[tuple[str, Any, Any]]:
    """Where two documents differ, and what each says there."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in (*before, *(name for name in after if name not in before)):
            yield from differences(before.get(name), after.get(name), f"{path}.{name}")
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for place, (one, other) in enumerate(zip(before, after, strict=True)):
            yield from differences(one, other, f"{path}.{place}")
    elif before != after:
        yield path, before, after


async def live_through(tenant: Tenant, clock: SettableClock, worker: str, steps: list[Step]) -> None:
    """Take a step each day, and have a pack in the evening; in the end, each day's is told again as it was."""
    seen = {}
    for day, step in enumerate(steps, 1):
        clock.set(START + timedelta(days=day))
        await step()
        clock.advance(timedelta(hours=1))
        seen[clock().date().isoformat()] = said(await packing.fetch(tenant, worker))
    assert len({str(one["credentials"]) + str(one["worker"]) + str(one["compliance"]) for one in seen.values()}) == len(
        steps
    )
    clock.advance(timedelta(days=30))
    for past, before in seen.items():
        after = said(await packing.fetch(tenant, worker, past))
        assert list(differences(before, after, past)) == []


async def test_of_a_credential_that_is_changed_in_every_way(sandboxed: Tenant, clock: SettableClock) -> None:
    tenant, worker = sandboxed, await sandboxed.add_worker()
    other, applicant = await tenant.add_worker("Somebody Else"), await add_applicant(tenant)
    held = await tenant.add_credential(worker, identification={"referenceNumber": "WWC1111111K"})
    attempts: list[str] = []

    async def verify() -> None:
        given = {"forceRefresh": True, "correlationId": "nightly"}
        payload = await done(tenant, "credentialVerify", "attempt { id }", id=held, **given)
        attempts.append(payload["attempt"]["id"])

    def change(field: str, selection: str = "credential { id }", **given: Any) -> Step:
        return lambda: done(tenant, field, selection, id=held, **given)

    to, back = (
        {"from": {"type": "WORKER", "id": a}, "to": {"type": "WORKER", "id": b}}
        for a, b in ((worker, other), (other, worker))
    )
    await live_through(
        tenant,
        clock,
        worker,
        [
            change("credentialUpdate", identification={"displayName": "Check"}),
            change(
                "credentialUpdate", identification={"referenceNumber": "WWC2222222K"}, issuing={"jurisdiction": "NSW"}
            ),
            verify,
            lambda: done(
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
            change("credentialRestore"),
            change("credentialTransfer", "status", **to),
            change("credentialTransfer", "status", **back),
            change("credentialDelete"),
            change("credentialUndelete"),
        ],
    )


async def test_of_requests_files_rules_and_the_worker(sandboxed: Tenant, clock: SettableClock) -> None:
    tenant, worker = sandboxed, await sandboxed.add_worker()
    supports = ["REFERENCE_NUMBER", "ISSUE_DATE", "EXPIRY_DATE", "FRONT_ATTACHMENT"]
    asked = await requested(tenant, "CARD", worker, supports=supports)
    await add_type(tenant, supports=supports)
    ticket = await add_ticket(tenant, worker)
    unit, position = await life.add_unit(tenant), await life.add_position(tenant)
    made: dict[str, Any] = {}

    async def rule() -> None:
        made["rule"] = await life.add_rule(tenant, "SITE_TICKET")

    async def assign() -> None:
        [made["assignment"]] = await life.assign(tenant, position, worker)

    async def exempt() -> None:
        given = {"worker": {"id": worker}, "requirement": {"rule": made["rule"]}, "reason": "On leave"}
        made["exemption"] = (await done(tenant, "exemptionGrant", "exemption { id }", **given))["exemption"]["id"]

    def update(**given: Any) -> Step:
        return lambda: done(tenant, "workerUpdate", "worker { id }", worker={"id": worker}, **given)

    await live_through(
        tenant,
        clock,
        worker,
        [
            update(identity={"displayName": "Jo Avery"}, contact={"phone": "0400"}),
            update(employment={"orgUnit": unit, "startDate": "2026-01-05"}),
            lambda: done(tenant, "credentialArchive", id=asked),
            lambda: done(tenant, "credentialRestore", id=asked),
            lambda: files.upload_file(tenant, asked),
            lambda: done(tenant, "credentialSubmit", id=asked, referenceNumber="C-1"),
            lambda: done(tenant, "credentialReject", id=asked, reason="Blurred"),
            lambda: done(tenant, "credentialSubmit", id=asked, referenceNumber="C-2"),
            lambda: done(tenant, "credentialApprove", id=asked),
            rule,
            assign,
            exempt,
            lambda: files.upload_file(tenant, ticket),
            lambda: done(tenant, "credentialApprove", id=ticket),
            lambda: files.upload_file(tenant, ticket, "OTHER", files.PDF, "more.pdf"),
            lambda: done(tenant, "exemptionRevoke", "exemption { id }", id=made["exemption"]),
            lambda: done(tenant, "positionUnassign", "assignment { id }", id=made["assignment"]),
            lambda: done(tenant, "requirementRuleUpdate", "requirementRule { id }", id=made["rule"], level="OPTIONAL"),
            lambda: done(tenant, "requirementRuleDelete", "requirementRule { id }", id=made["rule"]),
            lambda: done(tenant, "workerDelete", "worker { id }", worker={"id": worker}),
        ],
    )


async def test_of_a_unit_that_was_deleted_since_the_id_is_known(sandboxed: Tenant, clock: SettableClock) -> None:
    tenant, unit = sandboxed, await life.add_unit(sandboxed)
    worker = await tenant.add_worker(employment={"orgUnit": unit})
    clock.advance(timedelta(days=3))
    given = {"worker": {"id": worker}, "employment": {"orgUnit": None}}
    await done(tenant, "workerUpdate", "worker { id }", **given)
    await done(tenant, "orgUnitDelete", "orgUnit { id }", id=unit)
    day = (START + timedelta(days=1)).date().isoformat()
    told = (await packing.fetch(tenant, worker, day)).document("worker")
    assert (told["employment"]["orgUnit"], told["orgUnits"]) == (unit, [{"id": unit, "name": None}])
    assert (await packing.fetch(tenant, worker)).document("worker")["orgUnits"] == []


async def test_of_what_was_purged_since_only_little_is_known(sandboxed: Tenant, clock: SettableClock) -> None:
    tenant, worker = sandboxed, await sandboxed.add_worker()
    held = await tenant.add_credential(worker)
    clock.advance(timedelta(days=3))
    day = (START + timedelta(days=1)).date().isoformat()
    [before] = (await packing.fetch(tenant, worker, day)).document("credentials")
    await done(tenant, "credentialArchive", id=held)
    await done(tenant, "credentialPurge", "purgedId", id=held, confirm=True)
    pack = await packing.fetch(tenant, worker, day)
    [after] = pack.document("credentials")
    assert after["purged"] is True
    assert (after["versions"], after["verifications"]) == ([], [])
    for name in ("id", "credentialType", "category", "validity", "approval"):
        assert after[name] == before[name]
    assert "It was purged since" in pack.files["README.txt"].decode()
    assert (await packing.fetch(tenant, worker)).document("credentials") == []
