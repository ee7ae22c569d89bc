"""Requests made and pursued by hand, and their answers: inputs, results and mutations."""

from datetime import date
from typing import Any

import strawberry

from app.access import Scope
from app.compliance import request_actions
from app.credentials import submission
from app.graph.credential_requests.credential_request import CredentialRequest
from app.graph.credentials.credential import Credential
from app.graph.credentials.version_mutations import VersionContent
from app.graph.dsl.bulk_payload import each, refusals
from app.graph.dsl.fields import mutation
from app.graph.dsl.mutation_input import ByIdInput, MutationInput
from app.graph.dsl.types import input, member, output, scalar
from app.graph.dsl.user_errors import UserError

WRITE: dict[str, Any] = {"scope": Scope.CREDENTIALS_WRITE}


@input
class RequestedTypeInput:
    """A credential type to ask for."""

    credential_type: str = member("The code of the type, such as `WWCC_NSW`.", default=...)
    guidance: str | None = member(
        "What the workers are told about it, in up to 2,000 characters; the type's instructions when not given."
    )


@input
class CredentialRequestsCreateInput(MutationInput):
    """Workers to ask for credentials."""

    workers: list[strawberry.ID] = member("Up to 50 workers.", default=...)
    types: list[RequestedTypeInput] = member("Up to 20 types, each asked of every worker.", default=...)
    message: str | None = member("What the workers are told, in up to 2,000 characters.")
    due_on: date | None = member("The day by which they are to answer; today or later.")


@input
class CredentialRequestRemindInput(ByIdInput):
    """A request to remind its worker of."""


@input
class CredentialRequestResendInput(ByIdInput):
    """A closed request to raise again."""

    message: str | None = member("What the worker is told; as before when not given.")
    due_on: date | None = member("The day by which they are to answer; today or later.")


@input
class CredentialRequestCancelInput(ByIdInput):
    """A request to cancel."""


@input
class CredentialSubmitInput(VersionContent):
    """A requested credential and the facts that answer the request.

    What is not given is as its latest version has it; without an expiry date it follows from the issue date and the
    type's usual validity. A file takes the place of one of the same side; the other files stay.
    """

    id: strawberry.ID = member("The credential.", default=...)
    attachments: list[strawberry.ID] | None = member(
        "The files to hand in, of those that wait; all of them when not given."
    )


@output
class CredentialRequestResult:
    """What became of one worker and one type."""

    worker_id: strawberry.ID = scalar("The worker's id as it was sent.")
    credential_type: str = scalar("The code of the type.")
    request: CredentialRequest | None = scalar("The request; null when refused.")
    errors: list[UserError] = refusals("Why it was refused.")


MUTATIONS = [
    mutation(
        "credentialRequestsCreate",
        request_actions.create,
        CredentialRequestsCreateInput,
        "Asks up to 50 workers for credentials, whether or not they hold one already. Each worker and type stands "
        "alone; what an open request asks for already is refused.",
        **WRITE,
        **each(CredentialRequestResult, "How many requests were raised.", items="each type of each worker"),
    ),
    mutation(
        "credentialRequestRemind",
        request_actions.remind,
        CredentialRequestRemindInput,
        "Reminds a worker of what they have not submitted.",
        **WRITE,
        credential_request=(CredentialRequest, "The request as it is now; null when refused."),
    ),
    mutation(
        "credentialRequestResend",
        request_actions.resend,
        CredentialRequestResendInput,
        "Raises a closed request again, as a new one with a credential of its own.",
        **WRITE,
        credential_request=(CredentialRequest, "The new request; null when refused."),
    ),
    mutation(
        "credentialRequestCancel",
        request_actions.cancel,
        CredentialRequestCancelInput,
        "Cancels a request that its worker has not answered. What a rule asked for is not asked again by any rule, "
        "until the worker had it meanwhile, or you resend it.",
        **WRITE,
        credential_request=(CredentialRequest, "The request as it is now; null when refused."),
    ),
    mutation(
        "credentialSubmit",
        submission.submit,
        CredentialSubmitInput,
        "Answers a request: hands in a requested credential, or hands it in again after a rejection, where the "
        "organization lets workers resubmit. Where nobody has to approve it, it is completed at once; what a registry "
        "verifies is checked soon after.",
        scope=Scope.CREDENTIALS_WRITE,
        own=True,
        credential=(Credential, "The credential as it is now; null when refused."),
        correlation_id=(str, "By what its first check is recognised; null when no registry verifies it."),
    ),
]
