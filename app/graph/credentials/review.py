"""Decisions of reviewers: approve and reject, one or many."""

from typing import Any

import strawberry

from app.access import Scope
from app.credentials import review
from app.credentials.review import ReviewStatus
from app.graph.credentials.credential import Credential
from app.graph.dsl.bulk_payload import each, refusals
from app.graph.dsl.fields import mutation
from app.graph.dsl.mutation_input import ByIdInput, MutationInput
from app.graph.dsl.types import input, member, output, scalar
from app.graph.dsl.user_errors import UserError

REVIEW: dict[str, Any] = {"scope": Scope.CREDENTIALS_REVIEW}


@input
class DecisionWords:
    """What a reviewer has to say."""

    reason: str | None = member("Why, in up to 500 characters.")
    notes: str | None = member("What else there is to say, in up to 4,000 characters.")


@input
class CredentialApproveInput(DecisionWords, ByIdInput):
    """A credential and the version of it to approve."""

    version: strawberry.ID | None = member("The version; the latest when not given.")


@input
class CredentialRejectInput(DecisionWords, ByIdInput):
    """A credential and the version of it to reject."""

    version: strawberry.ID | None = member("The version; the latest when not given.")


@input
class CredentialsApproveInput(DecisionWords, MutationInput):
    """Credentials whose latest versions to approve."""

    ids: list[strawberry.ID] = member("Up to 500 credentials.", default=...)


@input
class CredentialsRejectInput(DecisionWords, MutationInput):
    """Credentials whose latest versions to reject."""

    ids: list[strawberry.ID] = member("Up to 500 credentials.", default=...)


@output
class ReviewResult:
    """What became of one credential."""

    credential_id: strawberry.ID = scalar("The id as it was sent.")
    status: ReviewStatus = scalar("Whether it was decided.")
    credential: Credential | None = scalar("The credential as it is now; null when refused.")
    errors: list[UserError] = refusals("Why it was refused.")


_ONE: dict[str, Any] = {"credential": (Credential, "The credential as it is now; null when refused.")}
_MANY = each(ReviewResult, "How many were decided.")
MUTATIONS = [
    mutation(
        "credentialApprove",
        review.approve,
        CredentialApproveInput,
        "Approves a version: the credential is in force, and its holder may be engaged.",
        **REVIEW,
        **_ONE,
    ),
    mutation(
        "credentialReject",
        review.reject,
        CredentialRejectInput,
        "Rejects a version. The credential falls with it, unless an older approved version is still effective.",
        **REVIEW,
        **_ONE,
    ),
    mutation(
        "credentialsApprove",
        review.approve_all,
        CredentialsApproveInput,
        "Approves the latest versions of up to 500 credentials; each stands alone.",
        **REVIEW,
        **_MANY,
    ),
    mutation(
        "credentialsReject",
        review.reject_all,
        CredentialsRejectInput,
        "Rejects the latest versions of up to 500 credentials; each stands alone.",
        **REVIEW,
        **_MANY,
    ),
]
