"""Verification in the graph: having credentials checked, settling what a person must, and the registries' health."""

from datetime import date, datetime
from typing import Any

import strawberry

from app.access import Actor, Scope
from app.credentials.verification import attempts, bulk_verification, check_results, registry_health
from app.credentials.verification.attempts import Verified
from app.credentials.verification.bulk_verification import RequestStatus
from app.credentials.verification.registry_health import BreakerState
from app.graph.credentials.credential import Credential
from app.graph.credentials.verification_attempt import VerificationAttempt
from app.graph.dsl.bulk_payload import each, refusals
from app.graph.dsl.context import Context
from app.graph.dsl.fields import mutation, query
from app.graph.dsl.mutation_input import ByIdInput, MutationInput
from app.graph.dsl.types import as_value, enum, input, member, output, scalar
from app.graph.dsl.user_errors import UserError
from app.registries.protocol import Eligibility, StatusDetail

VERIFY: dict[str, Any] = {"scope": Scope.CREDENTIALS_VERIFY}

enum(RequestStatus, ACCEPTED="The check will be made.", SKIPPED="It was refused; see the errors.")
enum(
    BreakerState,
    CLOSED="It is asked.",
    OPEN="It failed repeatedly, and is not asked for a while.",
    HALF_OPEN="It failed repeatedly, and is tried again.",
)


@output
class Registry:
    """A registry that the organization's credential types are verified by, and how it has been doing."""

    name: str = scalar("The name by which types and checks know it.")
    adapter: str = scalar("How it is reached: `http`, `manual` or `sandbox`.")
    state: BreakerState = scalar("Whether it is asked just now, by the process that answers you.")
    last_answered_at: datetime | None = scalar("When it last answered your organization.")
    last_failed_at: datetime | None = scalar("When it last failed to.")
    answered_last_day: int = scalar("How many of your checks it answered in the last 24 hours.")
    failed_last_day: int = scalar("How many it failed to answer in the last 24 hours.")


@input
class CredentialVerifyInput(ByIdInput):
    """A credential to have checked."""

    force_refresh: bool | None = member("Whether to ask the registry even if it answered within the last 24 hours.")
    correlation_id: str | None = member("By what to recognise the check; made up when not given.")


@input
class CredentialsVerifyInput(MutationInput):
    """Credentials to have checked."""

    ids: list[strawberry.ID] = member("Up to 500 credentials.", default=...)


@input
class VerificationResolveInput(MutationInput):
    """A check that waits for a person, and what they decide."""

    id: strawberry.ID = member("The check.", default=...)
    eligibility: Eligibility = member("MAY_ENGAGE or MAY_NOT_ENGAGE.", default=...)
    reason: str | None = member("Why, in up to 500 characters.")
    notes: str | None = member("What else there is to say, in up to 4,000 characters.")


@output
class VerificationRequest:
    """What became of one credential."""

    credential_id: strawberry.ID = scalar("The id as it was sent.")
    status: RequestStatus = scalar("Whether it will be checked.")
    correlation_id: str | None = scalar("By what to recognise the check.")
    attempt: VerificationAttempt | None = scalar("The check, which is pending.")
    errors: list[UserError] = refusals("Why it was refused.")


async def _finish(context: Context, actor: Actor, verified: Verified) -> dict[str, Any]:
    done = await attempts.finish(context.database, context.sources, actor, verified)
    attempt = done.attempt
    return {
        "eligibility": attempt.eligibility or Eligibility.IN_PROGRESS,
        "status_detail": attempt.status_detail,
        "expiry_date": attempt.expiry_date or done.credential.expiry_date,
        "error_message": attempt.error_message,
        "correlation_id": done.correlation_id,
        "cached": done.cached,
        "attempt": attempt,
        "credential": done.credential,
    }


async def _registries(context: Context, actor: Actor) -> list[Registry] | None:
    return as_value(await context.look(registry_health.of_sources, actor, context.sources))


QUERIES = [
    query(
        "registries",
        _registries,
        "The registries that verify the organization's credential types, and how they have been doing.",
        scope=Scope.CREDENTIALS_READ,
    ),
]
MUTATIONS = [
    mutation(
        "credentialVerify",
        attempts.request,
        CredentialVerifyInput,
        "Checks a credential with its registry. Calls at the same time share one check.",
        then=_finish,
        **VERIFY,
        eligibility=(Eligibility, "Whether the holder may be engaged, as the check found."),
        status_detail=(StatusDetail, "What the check found."),
        expiry_date=(date, "The expiry date that the registry has, or else the credential's."),
        error_message=(str, "Why the registry could not be asked."),
        correlation_id=(
            str,
            "Yours, or what the check was given. The event CREDENTIAL_VERIFIED has the check's, which is another than "
            "yours where the call joined a check under way or was served an earlier answer: see `attempt`.",
        ),
        cached=(bool, "Whether an answer of the last 24 hours was served instead of asking again."),
        attempt=(VerificationAttempt, "The check."),
        credential=(Credential, "The credential as it is now; null when refused."),
    ),
    mutation(
        "credentialsVerify",
        bulk_verification.request_all,
        CredentialsVerifyInput,
        "Has up to 500 credentials checked soon; each stands alone.",
        **VERIFY,
        **each(VerificationRequest, "How many will be checked."),
    ),
    mutation(
        "verificationResolve",
        check_results.resolve,
        VerificationResolveInput,
        "Settles a check that waits for a person.",
        scope=Scope.CREDENTIALS_REVIEW,
        attempt=(VerificationAttempt, "The check as it is now; null when refused."),
    ),
]
