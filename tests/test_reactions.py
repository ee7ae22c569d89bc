"""Reactions to events: the owners that each event kind marks for settlement, and the changes it settles at once."""

from typing import Any

from sqlalchemy import delete
from sqlmodel import col

from app.compliance.tables import Unsettled
from app.events.event_kinds import EventKind
from app.reactions import REACTIONS
from tests.calls import Step, credential_type_id, mutate, mutate_ok, mutation_step
from tests.service import Tenant, credential_input
from tests.statement_counter import recorded_statements

REACTION_TABLES = ("unsettled", "settled", "tallies", "credential_requests", "requirement_rules")
"""Tables that only reactions read or write."""
WITHOUT_REACTION = {
    *("organization.created", "orgUnit.created", "orgUnit.deleted", "apiKey.created", "apiKey.rotated"),
    *("apiKey.revoked", "applicant.created", "credentialType.created"),
    *("position.created", "position.updated", "position.archived", "position.restored"),
    *("request.created", "request.reminded", "request.cancelled", "compliance.standingChanged"),
}
"""Event kinds that change no standing and no count."""


def test_every_event_kind_has_a_reaction_or_is_listed() -> None:
    assert {kind.value for kind in REACTIONS} | WITHOUT_REACTION == set(EventKind)
    assert not {kind.value for kind in REACTIONS} & WITHOUT_REACTION


async def take_marks(tenant: Tenant) -> set[str]:
    """Return the owners that are marked for settlement, and delete the marks."""
    rows = (await tenant.rows())["unsettled"]
    async with tenant.service.database.writing("test") as session:
        await session.execute(delete(Unsettled).where(col(Unsettled.organization_id) == tenant.id))
    return {row["owner_id"] for row in rows}


ADA, CY = {"type": "WORKER", "id": "ada"}, {"type": "APPLICANT", "id": "cy"}
BEN = {"type": "WORKER", "id": "ben"}
CREDENTIAL_CHANGES: list[tuple[Step, set[str]]] = [
    (mutation_step("credentialUpdate", id="held", issuing={"expiryDate": "2030-01-01"}), {"ada"}),
    (mutation_step("credentialVersionAdd", id="held", expiryDate="2031-01-01"), {"ada"}),
    (mutation_step("credentialApprove", id="held"), {"ada"}),
    (mutation_step("credentialReject", id="held"), {"ada"}),
    (mutation_step("credentialVerify", id="held", forceRefresh=True), {"ada"}),
    (mutation_step("credentialLink", id="held", to=CY), {"ada", "cy"}),
    (mutation_step("credentialTransfer", id="held", **{"from": ADA, "to": BEN}), {"ada", "ben", "cy"}),
    (mutation_step("credentialUnlink", id="held", ownerType="APPLICANT"), {"ben", "cy"}),
    (mutation_step("credentialDelete", id="held"), {"ben"}),
    (mutation_step("credentialUndelete", id="held"), {"ben"}),
    (mutation_step("credentialArchive", id="held"), {"ben"}),
    (mutation_step("credentialUnarchive", id="held"), {"ben"}),
    (mutation_step("credentialLink", id="held", to=CY), {"ben", "cy"}),
    (mutation_step("credentialArchive", id="held"), {"ben", "cy"}),
    (mutation_step("credentialPurge", id="held", confirm=True), {"ben", "cy"}),
]


async def _people(tenant: Tenant) -> dict[str, str]:
    ids = {name: await tenant.add_worker(name) for name in ("ada", "ben")}
    applicant = await mutate_ok(tenant, "applicantCreate", "applicant { id }", identity={"displayName": "Cy"})
    return ids | {"cy": applicant["id"]}


async def test_change_of_a_credential_marks_its_present_and_former_owners(tenant: Tenant) -> None:
    ids = await _people(tenant)
    await take_marks(tenant)
    payload = await mutate(tenant, "credentialCreate", "credential { id }", **credential_input(ids["ada"]))
    ids["held"] = payload["credential"]["id"]
    assert await take_marks(tenant) == {ids["ada"]}
    for number, (change, expected) in enumerate(CREDENTIAL_CHANGES):
        await change(tenant, ids)
        assert (number, await take_marks(tenant)) == (number, {ids[name] for name in expected})


async def test_requested_credential_marks_nobody_until_submitted(tenant: Tenant) -> None:
    ids = await _people(tenant)
    await take_marks(tenant)
    input = {"workers": [ids["ada"]], "types": [{"credentialType": "WWCC_NSW"}]}
    payload = await mutate(tenant, "credentialRequestsCreate", "results { request { id credential { id } } }", **input)
    [result] = payload["results"]
    assert await take_marks(tenant) == set()
    await mutate_ok(tenant, "credentialRequestCancel", "credentialRequest { id }", id=result["request"]["id"])
    assert await take_marks(tenant) == set()
    resent = await mutate_ok(
        tenant, "credentialRequestResend", "credentialRequest { credential { id } }", id=result["request"]["id"]
    )
    submission = {"id": resent["credential"]["id"], "referenceNumber": "WWC1234567E"}
    await mutate(tenant, "credentialSubmit", **submission)
    assert await take_marks(tenant) == {ids["ada"]}


async def test_change_of_expiry_settings_marks_everyone_affected(tenant: Tenant) -> None:
    ids = await _people(tenant)
    await tenant.add_credential(ids["ada"])
    selector = {"id": await credential_type_id(tenant, "WWCC_NSW")}
    await take_marks(tenant)
    await mutate_ok(tenant, "credentialTypeUpdate", "credentialType { id }", **selector, name="Renamed")
    assert await take_marks(tenant) == set()
    await mutate_ok(tenant, "credentialTypeUpdate", "credentialType { id }", **selector, expiringSoonDays=7)
    assert await take_marks(tenant) == {ids["ada"]}
    await mutate_ok(tenant, "organizationUpdate", "organization { id }", name="Renamed")
    assert await take_marks(tenant) == set()
    await mutate_ok(tenant, "organizationUpdate", "organization { id }", expiringSoonDays=7)
    assert await take_marks(tenant) == set(ids.values())
    await mutate_ok(tenant, "organizationUpdate", "organization { id }", timeZone="Australia/Perth")
    assert await take_marks(tenant) == set(ids.values())


async def test_changes_of_requirements_are_settled_before_the_response(tenant: Tenant) -> None:
    unit = (await mutate_ok(tenant, "orgUnitCreate", "orgUnit { id }", name="Ward", type="TEAM"))["id"]
    worker = await tenant.add_worker(employment={"orgUnit": unit})
    position = (await mutate_ok(tenant, "positionCreate", "position { id }", name="Nurse"))["id"]

    async def standing() -> str | None:
        assert await take_marks(tenant) == set()
        [row] = (await tenant.rows())["workers"]
        return None if row["standing"] is None else str(row["standing"].value)

    assert await standing() == "COMPLIANT"
    content: dict[str, Any] = {"name": "R", "alternatives": ["WWCC_NSW"], "scope": "POSITION", "position": position}
    rule = (await mutate_ok(tenant, "requirementRuleCreate", "requirementRule { id }", **content))["id"]
    assert await standing() == "COMPLIANT"
    selection = "results { assignment { id } }"
    payload = await mutate(tenant, "positionAssign", selection, position=position, workers=[worker])
    assert await standing() == "NON_COMPLIANT"
    input = {"worker": {"id": worker}, "requirement": {"rule": rule}, "reason": "On the way."}
    exemption = (await mutate_ok(tenant, "exemptionGrant", "exemption { id }", **input))["id"]
    assert await standing() == "COMPLIANT"
    await mutate_ok(tenant, "exemptionRevoke", "exemption { id }", id=exemption)
    assert await standing() == "NON_COMPLIANT"
    unassignment = {"id": payload["results"][0]["assignment"]["id"], "endsOn": "2020-01-01"}
    await mutate(tenant, "positionUnassign", "removed", **unassignment)
    assert await standing() == "COMPLIANT"
    changes = {"scope": "ORG_UNIT", "orgUnit": unit, "position": None}
    await mutate_ok(tenant, "requirementRuleUpdate", "requirementRule { id }", id=rule, **changes)
    assert await standing() == "NON_COMPLIANT"
    await mutate_ok(tenant, "workerUpdate", "worker { id }", worker={"id": worker}, employment={"orgUnit": None})
    assert await standing() == "COMPLIANT"
    await mutate_ok(tenant, "workerUpdate", "worker { id }", worker={"id": worker}, employment={"status": "TERMINATED"})
    assert await standing() is None
    await mutate_ok(tenant, "workerDelete", "worker { id }", worker={"id": worker})
    await mutate_ok(tenant, "workerUndelete", "worker { id }", worker={"id": worker})
    assert await standing() is None


async def test_decision_adds_one_insert(tenant: Tenant) -> None:
    key = await tenant.add_credential(await tenant.add_worker())
    with recorded_statements() as statements:
        await mutate_ok(tenant, "credentialApprove", "credential { id }", id=key)
    reaction_statements = [text for text in statements if any(name in text for name in REACTION_TABLES)]
    assert [text.split()[:3] for text in reaction_statements] == [["INSERT", "INTO", "unsettled"]]
