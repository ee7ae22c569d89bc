"""Mutations of a review: approve and reject, one credential or many."""

from typing import Any

import strawberry

from app.access import Scope
from app.credentials import bulk_review, review
from app.credentials.bulk_review import ReviewStatus
from app.graph.credentials.credential import CREDENTIAL_PAYLOAD, Credential
from app.graph.dsl.bulk_payload import BulkResult, bulk_payload
from app.graph.dsl.fields import mutation
from app.graph.dsl.mutation_input import ByIdInput, MutationInput
from app.graph.dsl.types import input, member, output, scalar

REVIEW: dict[str, Any] = {"scope": Scope.CREDENTIALS_REVIEW}


@input
class DecisionWords:
    """A reviewer's reason and notes."""

    reason: str | None = member("The reason for the decision, up to 500 characters.")
    notes: str | None = member("Further notes, up to 4,000 characters.")


@input
class CredentialApproveInput(DecisionWords, ByIdInput):
    """The credential and the version of it to approve."""

    version: strawberry.ID | None = member("The version's id. Defaults to the latest version.")


@input
class CredentialRejectInput(DecisionWords, ByIdInput):
    """The credential and the version of it to reject."""

    version: strawberry.ID | None = member("The version's id. Defaults to the latest version.")


@input
class CredentialsApproveInput(DecisionWords, MutationInput):
    """The credentials whose latest versions to approve."""

    ids: list[strawberry.ID] = member("The ids of up to 500 credentials.", default=...)


@input
class CredentialsRejectInput(DecisionWords, MutationInput):
    """The credentials whose latest versions to reject."""

    ids: list[strawberry.ID] = member("The ids of up to 500 credentials.", default=...)


@output
class ReviewResult(BulkResult):
    """The result for one credential."""

    credential_id: strawberry.ID = scalar("The credential's id, as sent.")
    status: ReviewStatus = scalar("The outcome for the credential: decided or skipped.")
    credential: Credential | None = scalar("The credential after the mutation; null if refused.")


BULK_PAYLOAD = bulk_payload(ReviewResult, "The number of credentials decided.")
MUTATIONS = [
    mutation(
        "credentialApprove",
        review.approve,
        CredentialApproveInput,
        "Approve a version of a credential. The credential is then in force, and its holder may be engaged. A version "
        "that lacks a file its type requires is refused (REQUIRED).",
        **REVIEW,
        **CREDENTIAL_PAYLOAD,
    ),
    mutation(
        "credentialReject",
        review.reject,
        CredentialRejectInput,
        "Reject a version of a credential. The status of the credential becomes `REVOKED`, unless an "
        "older approved version is still effective.",
        **REVIEW,
        **CREDENTIAL_PAYLOAD,
    ),
    mutation(
        "credentialsApprove",
        bulk_review.approve_all,
        CredentialsApproveInput,
        "Approve the latest versions of up to 500 credentials. Each credential succeeds or fails on its own.",
        **REVIEW,
        **BULK_PAYLOAD,
    ),
    mutation(
        "credentialsReject",
        bulk_review.reject_all,
        CredentialsRejectInput,
        "Reject the latest versions of up to 500 credentials. Each credential succeeds or fails on its own.",
        **REVIEW,
        **BULK_PAYLOAD,
    ),
]
