"""Random sequences of operations on a credential: each step leads to an allowed state or changes nothing."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as any_

from app.credentials.tables import ApprovalStatus, Credential, CredentialVersion, IntakeStatus
from tests.credentials import actions
from tests.credentials.lifecycle_model import STEPS, ExpectedCredential, ModelRun
from tests.service import Service, Tenant

STEPS_ON_A_SERVER = 5
"""Runs on PostgreSQL are shorter, so that both databases together do not take twice the time."""


@any_.composite
def initial_states(draw: any_.DrawFn) -> ExpectedCredential:
    """Draw a new credential with any intake that allows further steps, and any settings of its organization."""
    first = draw(any_.sampled_from(["NOT_REQUIRED", "PENDING"]))
    intake = draw(any_.sampled_from(["DIRECT", "DIRECT", "REQUESTED", "SUBMITTED"]))
    return ExpectedCredential(
        final=draw(any_.booleans()),
        verifiable=draw(any_.booleans()),
        intake=intake,
        approvals=["PENDING" if intake == "REQUESTED" else first],
        initial_approval=first,
        resubmit=draw(any_.booleans()),
    )


async def start_run(service: Service, model: ExpectedCredential) -> ModelRun:
    tenant = await Tenant.create(service, "Walk")
    await actions.update_settings(
        tenant,
        approvalsEnabled=model.initial_approval == "PENDING",
        approvalFinality="FINAL" if model.final else "REVERSIBLE",
        resubmitOnReject=model.resubmit,
    )
    await actions.add_type(tenant, verificationSource="a-registry")
    people = {name: await tenant.add_worker(name) for name in ("Ada", "Ben")}
    people["Cy"] = await actions.add_applicant(tenant, "Cy")
    verification = {"status": "PENDING", "verifiable": model.verifiable}
    key = await actions.add_ticket(tenant, people["Ada"], verification=verification)
    await actions.update_row(tenant, Credential, key, intake=IntakeStatus(model.intake))
    version = (await actions.credential_row(tenant, key)).latest_version_id
    if model.intake == "REQUESTED":
        await actions.update_row(tenant, CredentialVersion, version, approval=ApprovalStatus.PENDING)
        await actions.update_row(
            tenant, Credential, key, latest_approval=ApprovalStatus.PENDING, effective_version_id=None
        )
    return ModelRun(tenant, model, people, key, version)


async def run_steps(service: Service, model: ExpectedCredential, steps: Sequence[str]) -> None:
    walked = await start_run(service, model)
    for step in steps:
        await walked.step(step)


@settings(max_examples=15, deadline=None)
@given(model=initial_states(), steps=any_.lists(any_.sampled_from(STEPS), min_size=4, max_size=14))
async def test_any_sequence_of_steps_matches_the_model(
    service: Service, model: ExpectedCredential, steps: list[str]
) -> None:
    await run_steps(service, model, steps if service.database.is_embedded else steps[:STEPS_ON_A_SERVER])


async def test_a_full_lifecycle_from_creation_to_purge(service: Service) -> None:
    steps = [
        *("update", "verify", "approve", "approve", "addVersion", "reject", "reject", "editVersion", "approve"),
        *("link", "link", "transfer", "transfer", "hire", "transferBack", "hire", "hire", "unlinkWorker"),
        *("link", "unlinkWorker", "unlinkApplicant", "transfer", "delete", "delete", "archive", "undelete"),
        *("undelete", "purge", "archive", "archive", "update", "link", "delete", "unarchive", "undelete", "unarchive"),
        *("archive", "purgeUnconfirmed", "purge", "purge", "update", "approve", "undelete"),
    ]
    await run_steps(service, ExpectedCredential(approvals=["PENDING"], initial_approval="PENDING"), steps)


async def test_a_rejected_renewal_lets_the_older_version_stand(service: Service) -> None:
    model = ExpectedCredential(approvals=["NOT_REQUIRED"])
    await run_steps(service, model, ["update", "addVersion", "reject", "addVersion", "approve", "reject"])


async def test_a_rejected_request_is_resubmitted_and_completed(service: Service) -> None:
    model = ExpectedCredential(intake="SUBMITTED", approvals=["PENDING"], initial_approval="PENDING", resubmit=True)
    await run_steps(service, model, ["reject", "approve", "editVersion", "addVersion", "update"])
    model = ExpectedCredential(intake="SUBMITTED", approvals=["PENDING"], initial_approval="PENDING", final=True)
    steps = ["approve", "update", "addVersion", "editVersion", "reject", "verify", "archive", "unarchive"]
    await run_steps(service, model, steps)


async def test_a_submitted_request_is_rejected_and_resubmitted(service: Service) -> None:
    steps = ["verify", "approve", "update", "editVersion", "submit", "submit", "verify", "reject", "submit", "approve"]
    steps += ["submit", "update", "archive", "submit"]
    await run_steps(
        service,
        ExpectedCredential(intake="REQUESTED", approvals=["PENDING"], initial_approval="PENDING", resubmit=True),
        steps,
    )
    await run_steps(service, ExpectedCredential(intake="REQUESTED", approvals=["PENDING"], verifiable=False), steps)
