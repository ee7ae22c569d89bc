"""What follows from what: whom each kind of fact marks to be settled anew, and what it settles at once."""

from typing import Any

from sqlalchemy import delete
from sqlmodel import col

from app.compliance.tables import Unsettled
from app.events.event_kinds import EventKind
from app.reactions import REACTIONS
from tests.calls import Step, credential_type_id, mutate, mutate_ok, mutation_step
from tests.service import Tenant, credential_input
from tests.statement_counter import recorded_statements

INNER = ("unsettled", "settled", "tallies", "credential_requests", "requirement_rules")
"""Tables that only what follows from a change reads or writes."""
NOTHING_FOLLOWS = {
    *("organization.created", "orgUnit.created", "orgUnit.deleted", "apiKey.created", "apiKey.rotated"),
    *("apiKey.revoked", "applicant.created", "applicant.updated", "credentialType.created"),
    *("position.created", "position.updated", "position.archived", "position.restored"),
    *("request.created", "request.reminded", "request.cancelled", "compliance.standingChanged"),
}
"""Facts that change nobody's standing, nor what anybody counts as."""


def test_for_every_kind_of_fact_it_is_said_what_follows() -> None:
    assert {kind.value for kind in REACTIONS} | NOTHING_FOLLOWS == set(EventKind)
    assert not {kind.value for kind in REACTIONS} & NOTHING_FOLLOWS


async def marked(tenant: Tenant) -> set[str]:
    """Who waits to be settled; they wait no more."""
    rows = (await tenant.rows())["unsettled"]
    async with tenant.service.database.writing("test") as session:
        await session.execute(delete(Unsettled).where(col(Unsettled.organization_id) == tenant.id))
    return {row["owner_id"] for row in rows}


ADA, CY = {"type": "WORKER", "id": "ada"}, {"type": "APPLICANT", "id": "cy"}
BEN = {"type": "WORKER", "id": "ben"}
OF_CREDENTIALS: list[tuple[Step, set[str]]] = [
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
    (mutation_step("credentialRestore", id="held"), {"ben"}),
    (mutation_step("credentialLink", id="held", to=CY), {"ben", "cy"}),
    (mutation_step("credentialArchive", id="held"), {"ben", "cy"}),
    (mutation_step("credentialPurge", id="held", confirm=True), {"ben", "cy"}),
]


async def _people(tenant: Tenant) -> dict[str, str]:
    ids = {name: await tenant.add_worker(name) for name in ("ada", "ben")}
    applicant = await mutate_ok(tenant, "applicantCreate", "applicant { id }", identity={"displayName": "Cy"})
    return ids | {"cy": applicant["id"]}


async def test_a_change_of_a_credential_marks_those_who_hold_or_held_it(tenant: Tenant) -> None:
    ids = await _people(tenant)
    await marked(tenant)
    payload = await mutate(tenant, "credentialCreate", "credential { id }", **credential_input(ids["ada"]))
    ids["held"] = payload["credential"]["id"]
    assert await marked(tenant) == {ids["ada"]}
    for number, (take, expected) in enumerate(OF_CREDENTIALS):
        await take(tenant, ids)
        assert (number, await marked(tenant)) == (number, {ids[name] for name in expected})


async def test_what_is_only_asked_for_marks_nobody(tenant: Tenant) -> None:
    ids = await _people(tenant)
    await marked(tenant)
    given = {"workers": [ids["ada"]], "types": [{"credentialType": "WWCC_NSW"}]}
    payload = await mutate(tenant, "credentialRequestsCreate", "results { request { id credential { id } } }", **given)
    [result] = payload["results"]
    assert await marked(tenant) == set()
    await mutate_ok(tenant, "credentialRequestCancel", "credentialRequest { id }", id=result["request"]["id"])
    assert await marked(tenant) == set()
    [again] = [
        await mutate_ok(
            tenant, "credentialRequestResend", "credentialRequest { credential { id } }", id=result["request"]["id"]
        )
    ]
    number = {"id": again["credential"]["id"], "referenceNumber": "WWC1234567E"}
    await mutate(tenant, "credentialSubmit", **number)
    assert await marked(tenant) == {ids["ada"]}


async def test_when_soon_or_days_are_others_everybody_concerned_is_marked(tenant: Tenant) -> None:
    ids = await _people(tenant)
    await tenant.add_credential(ids["ada"])
    by = {"id": await credential_type_id(tenant, "WWCC_NSW")}
    await marked(tenant)
    await mutate_ok(tenant, "credentialTypeUpdate", "credentialType { id }", **by, name="Renamed")
    assert await marked(tenant) == set()
    await mutate_ok(tenant, "credentialTypeUpdate", "credentialType { id }", **by, expiringSoonDays=7)
    assert await marked(tenant) == {ids["ada"]}
    await mutate_ok(tenant, "organizationUpdate", "organization { id }", name="Renamed")
    assert await marked(tenant) == set()
    await mutate_ok(tenant, "organizationUpdate", "organization { id }", expiringSoonDays=7)
    assert await marked(tenant) == set(ids.values())
    await mutate_ok(tenant, "organizationUpdate", "organization { id }", timeZone="Australia/Perth")
    assert await marked(tenant) == set(ids.values())


async def test_what_changes_requirements_is_settled_when_it_returns(tenant: Tenant) -> None:
    unit = (await mutate_ok(tenant, "orgUnitCreate", "orgUnit { id }", name="Ward", kind="TEAM"))["id"]
    worker = await tenant.add_worker(employment={"orgUnit": unit})
    position = (await mutate_ok(tenant, "positionCreate", "position { id }", name="Nurse"))["id"]

    async def standing() -> str | None:
        assert await marked(tenant) == set()
        [row] = (await tenant.rows())["workers"]
        return None if row["standing"] is None else str(row["standing"].value)

    assert await standing() == "COMPLIANT"
    content: dict[str, Any] = {"name": "R", "alternatives": ["WWCC_NSW"], "scope": "POSITION", "position": position}
    rule = (await mutate_ok(tenant, "requirementRuleCreate", "requirementRule { id }", **content))["id"]
    assert await standing() == "COMPLIANT"
    selection = "results { assignment { id } }"
    payload = await mutate(tenant, "positionAssign", selection, position=position, workers=[worker])
    assert await standing() == "NON_COMPLIANT"
    given = {"worker": {"id": worker}, "requirement": {"rule": rule}, "reason": "On the way."}
    exemption = (await mutate_ok(tenant, "exemptionGrant", "exemption { id }", **given))["id"]
    assert await standing() == "COMPLIANT"
    await mutate_ok(tenant, "exemptionRevoke", "exemption { id }", id=exemption)
    assert await standing() == "NON_COMPLIANT"
    by = {"id": payload["results"][0]["assignment"]["id"], "to": "2020-01-01"}
    await mutate(tenant, "positionUnassign", "removed", **by)
    assert await standing() == "COMPLIANT"
    moved = {"scope": "ORG_UNIT", "orgUnit": unit, "position": None}
    await mutate_ok(tenant, "requirementRuleUpdate", "requirementRule { id }", id=rule, **moved)
    assert await standing() == "NON_COMPLIANT"
    await mutate_ok(tenant, "workerUpdate", "worker { id }", worker={"id": worker}, employment={"orgUnit": None})
    assert await standing() == "COMPLIANT"
    await mutate_ok(tenant, "workerUpdate", "worker { id }", worker={"id": worker}, employment={"status": "TERMINATED"})
    assert await standing() is None
    await mutate_ok(tenant, "workerDelete", "worker { id }", worker={"id": worker})
    await mutate_ok(tenant, "workerRestore", "worker { id }", worker={"id": worker})
    assert await standing() is None


async def test_a_decision_costs_one_insert_more(tenant: Tenant) -> None:
    key = await tenant.add_credential(await tenant.add_worker())
    with recorded_statements() as statements:
        await mutate_ok(tenant, "credentialApprove", "credential { id }", id=key)
    about = [text for text in statements if any(name in text for name in INNER)]
    assert [text.split()[:3] for text in about] == [["INSERT", "INTO", "unsettled"]]
