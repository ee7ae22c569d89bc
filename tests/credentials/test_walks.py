"""Whatever is done to a credential, in whatever order: a step leads to an allowed state, or changes nothing."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as any_

from app.credentials.tables import Approval, Credential, CredentialVersion, Intake
from tests.credentials import life
from tests.credentials.walk import STEPS, Model, Walk
from tests.service import Service, Tenant

STEPS_ON_A_SERVER = 5
"""A walk on PostgreSQL is shorter, so that the two databases together take their time once."""


@any_.composite
def starts(draw: any_.DrawFn) -> Model:
    """A new credential, of any intake that can still go somewhere, in an organization of any settings."""
    first = draw(any_.sampled_from(["NOT_REQUIRED", "PENDING"]))
    intake = draw(any_.sampled_from(["DIRECT", "DIRECT", "REQUESTED", "SUBMITTED"]))
    return Model(
        final=draw(any_.booleans()),
        verifiable=draw(any_.booleans()),
        intake=intake,
        approvals=["PENDING" if intake == "REQUESTED" else first],
        first=first,
        resubmit=draw(any_.booleans()),
    )


async def begin(service: Service, model: Model) -> Walk:
    tenant = await Tenant.create(service, "Walk")
    await life.choose(
        tenant,
        approvalsEnabled=model.first == "PENDING",
        approvalFinality="FINAL" if model.final else "REVERSIBLE",
        resubmitOnReject=model.resubmit,
    )
    await life.add_type(tenant, verificationSource="a-registry")
    people = {name: await tenant.add_worker(name) for name in ("Ada", "Ben")}
    people["Cy"] = await life.add_applicant(tenant, "Cy")
    verification = {"status": "PENDING", "isVerifiable": model.verifiable}
    key = await life.add_ticket(tenant, people["Ada"], verification=verification)
    await life.write(tenant, Credential, key, intake=Intake(model.intake))
    version = (await life.row(tenant, key)).latest_version_id
    if model.intake == "REQUESTED":
        await life.write(tenant, CredentialVersion, version, approval=Approval.PENDING)
        await life.write(tenant, Credential, key, latest_approval=Approval.PENDING, effective_version_id=None)
    return Walk(tenant, model, people, key, version)


async def walk(service: Service, model: Model, steps: Sequence[str]) -> None:
    walked = await begin(service, model)
    for step in steps:
        await walked.step(step)


@settings(max_examples=15, deadline=None)
@given(model=starts(), steps=any_.lists(any_.sampled_from(STEPS), min_size=4, max_size=14))
async def test_any_walk_stays_in_what_the_model_allows(service: Service, model: Model, steps: list[str]) -> None:
    await walk(service, model, steps if service.database.is_embedded else steps[:STEPS_ON_A_SERVER])


async def test_a_whole_life_from_creation_to_purge(service: Service) -> None:
    steps = [
        *("update", "verify", "approve", "approve", "addVersion", "reject", "reject", "editVersion", "approve"),
        *("link", "link", "transfer", "transfer", "hire", "transferBack", "hire", "hire", "unlinkWorker"),
        *("link", "unlinkWorker", "unlinkApplicant", "transfer", "delete", "delete", "archive", "undelete"),
        *("undelete", "purge", "archive", "archive", "update", "link", "delete", "restore", "undelete", "restore"),
        *("archive", "purgeUnconfirmed", "purge", "purge", "update", "approve", "undelete"),
    ]
    await walk(service, Model(approvals=["PENDING"], first="PENDING"), steps)


async def test_a_request_that_is_rejected_answered_again_and_completed(service: Service) -> None:
    model = Model(intake="SUBMITTED", approvals=["PENDING"], first="PENDING", resubmit=True)
    await walk(service, model, ["reject", "approve", "editVersion", "addVersion", "update"])
    model = Model(intake="SUBMITTED", approvals=["PENDING"], first="PENDING", final=True)
    steps = ["approve", "update", "addVersion", "editVersion", "reject", "verify", "archive", "restore"]
    await walk(service, model, steps)


async def test_a_request_that_is_answered_rejected_and_answered_again(service: Service) -> None:
    steps = ["verify", "approve", "update", "editVersion", "submit", "submit", "verify", "reject", "submit", "approve"]
    steps += ["submit", "update", "archive", "submit"]
    await walk(service, Model(intake="REQUESTED", approvals=["PENDING"], first="PENDING", resubmit=True), steps)
    await walk(service, Model(intake="REQUESTED", approvals=["PENDING"], verifiable=False), steps)
