"""Mutations that create, pursue and answer requests for credentials."""

from datetime import date
from typing import Any

import strawberry

from app.access import Scope
from app.compliance import request_actions
from app.credentials import submission
from app.graph.credential_requests.credential_request import CredentialRequest
from app.graph.credentials.credential import CREDENTIAL_PAYLOAD
from app.graph.credentials.version_mutations import VersionContent
from app.graph.dsl.bulk_payload import BulkResult, bulk_payload
from app.graph.dsl.fields import mutation
from app.graph.dsl.mutation_input import ByIdInput, MutationInput
from app.graph.dsl.types import input, member, output, scalar

WRITE: dict[str, Any] = {"scope": Scope.CREDENTIALS_WRITE}


@input
class RequestedTypeInput:
    """A credential type to request."""

    credential_type: str = member("The code of the credential type, such as `WWCC_NSW`.", default=...)
    guidance: str | None = member(
        "The guidance for the workers about the type, up to 2,000 characters. Defaults to the type's instructions."
    )


@input
class CredentialRequestsCreateInput(MutationInput):
    """The workers to ask, and the credential types to request from each."""

    workers: list[strawberry.ID] = member("The ids of up to 50 workers.", default=...)
    types: list[RequestedTypeInput] = member("Up to 20 credential types to request from every worker.", default=...)
    message: str | None = member("The message to the workers, up to 2,000 characters.")
    due_on: date | None = member("The last day for the workers to submit; today or later.")


@input
class CredentialRequestRemindInput(ByIdInput):
    """The request to send a reminder for."""


@input
class CredentialRequestResendInput(ByIdInput):
    """The closed request to raise again."""

    message: str | None = member("The message to the worker. Defaults to the message of the closed request.")
    due_on: date | None = member("The last day for the worker to submit; today or later.")


@input
class CredentialRequestCancelInput(ByIdInput):
    """The request to cancel."""


@input
class CredentialSubmitInput(VersionContent):
    """The requested credential to submit, and the facts that answer the request.

    Absent facts are copied from the latest version; without an expiry date, it follows from the issue date and the
    type's usual validity. A file replaces the present file of the same side; other files stay.
    """

    id: strawberry.ID = member("The credential's id.", default=...)
    attachments: list[strawberry.ID] | None = member(
        "The ids of the waiting files to submit. Defaults to all waiting files."
    )


@output
class CredentialRequestResult(BulkResult):
    """The result for one worker and one credential type."""

    worker_id: strawberry.ID = scalar("The worker's id, as sent.")
    credential_type: str = scalar("The code of the credential type.")
    request: CredentialRequest | None = scalar("The new request; null if refused.")


MUTATIONS = [
    mutation(
        "credentialRequestsCreate",
        request_actions.create,
        CredentialRequestsCreateInput,
        "Request credentials from up to 50 workers, including workers who already hold one. Each pair of "
        "worker and type succeeds or fails on its own; a pair that already has an open request is "
        "refused.",
        **WRITE,
        **bulk_payload(CredentialRequestResult, "The number of requests created.", items="each type of each worker"),
    ),
    mutation(
        "credentialRequestRemind",
        request_actions.remind,
        CredentialRequestRemindInput,
        "Remind a worker of a request that they have not answered.",
        **WRITE,
        credential_request=(CredentialRequest, "The request after the mutation; null if refused."),
    ),
    mutation(
        "credentialRequestResend",
        request_actions.resend,
        CredentialRequestResendInput,
        "Raise a closed request again, as a new request with a new credential.",
        **WRITE,
        credential_request=(CredentialRequest, "The new request; null if refused."),
    ),
    mutation(
        "credentialRequestCancel",
        request_actions.cancel,
        CredentialRequestCancelInput,
        "Cancel a request that its worker has not answered. If a rule raised the request, no rule asks "
        "for it again until the worker has since held the credential or the request is resent.",
        **WRITE,
        credential_request=(CredentialRequest, "The request after the mutation; null if refused."),
    ),
    mutation(
        "credentialSubmit",
        submission.submit,
        CredentialSubmitInput,
        "Submit a requested credential, or submit it again after a rejection if the organization allows "
        "that. If no approval is required, the request is completed at once; but where the organization has "
        "approvals, what workers submit again waits for a decision. If a registry verifies the type, a check "
        "follows shortly.",
        scope=Scope.CREDENTIALS_WRITE,
        own=True,
        **CREDENTIAL_PAYLOAD,
        correlation_id=(str, "The correlation id of the first check; null if no registry verifies the type."),
    ),
]
