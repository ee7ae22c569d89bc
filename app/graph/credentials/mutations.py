"""Mutations that create and change credentials."""

from datetime import date
from typing import Any

import strawberry

from app.access import Scope
from app.credential_types.tables import CredentialCategory
from app.credentials import bulk_editing, creation, editing
from app.credentials.tables import VerificationStatus
from app.graph.credentials.credential import CREDENTIAL_PAYLOAD, Credential
from app.graph.dsl.bulk_payload import BulkResult, bulk_payload
from app.graph.dsl.fields import mutation
from app.graph.dsl.mutation_input import ByIdInput, MutationInput
from app.graph.dsl.types import input, member, output, scalar
from app.registries.findings import Eligibility

WRITE_OWN: dict[str, Any] = {"scope": Scope.CREDENTIALS_WRITE, "own": True}


@input
class IdentificationInput:
    """The name, type and reference number of a credential."""

    display_name: str | None = member("The name to show for the credential. Required.")
    credential_type: str | None = member(
        "The code of the credential type, such as `WWCC_NSW`. It cannot be changed later. Required."
    )
    category: CredentialCategory | None = member("The category; must be that of the credential type. Required.")
    reference_number: str | None = member("The credential's reference number, as its issuer wrote it. Required.")


@input
class IssuingInput:
    """The issuer, place and dates of a credential."""

    issuing_authority: str | None = member(
        "The authority that issued the credential. On creation, defaults to the type's authority."
    )
    jurisdiction: str | None = member(
        "The jurisdiction that the credential is valid in. Defaults to that of the type, and cannot be another."
    )
    issue_date: date | None = member("The day the credential was issued.")
    expiry_date: date | None = member(
        "The last day the credential is valid. On creation, defaults to the type's usual validity from the issue date."
    )


@input
class VerificationInput:
    """A credential's status with its issuer or registry.

    For a type that a registry verifies, any status but the initial `PENDING` needs the scope `CREDENTIALS_VERIFY`, and
    is recorded as a check with the trigger `REPORTED`.
    """

    status: VerificationStatus | None = member("The credential's status with its issuer or registry. Required.")
    eligibility: Eligibility | None = member("Another system's finding on whether the holder may be engaged.")
    verifiable: bool | None = member("True if a registry can verify the credential. Defaults to the type's setting.")


@input
class OwnerIdInput:
    """A reference to a person, by exactly one of `id` and `externalId`."""

    id: strawberry.ID | None = member("The person's id in this service.")
    external_id: str | None = member("The person's id in the system of record.")
    source_system: str | None = member("The system of record; required if two systems share the external id.")


@input
class OwnersInput:
    """The owners of a credential: a worker, an applicant or both."""

    worker: OwnerIdInput | None = member("The worker who holds the credential.")
    applicant: OwnerIdInput | None = member("The applicant who holds the credential.")


@input
class CredentialContent:
    """The writable fields of a credential."""

    identification: IdentificationInput | None = member("The credential's name, type and reference number.")
    issuing: IssuingInput | None = member("The credential's issuer, place and dates.")
    verification: VerificationInput | None = member("The credential's status with its issuer or registry.")


@input
class CredentialCreateInput(CredentialContent, MutationInput):
    """The credential to create."""

    owners: OwnersInput | None = member("The credential's owners, at least one. Required.")


@input
class CredentialUpdateInput(CredentialContent, ByIdInput):
    """The credential to update, and the changes. Absent fields stay unchanged; null clears a field."""

    owners: OwnersInput | None = member(
        "Always refused with `OWNER_IMMUTABLE`. Use the link, unlink and transfer mutations to change owners."
    )


@input
class CredentialReplaceInput(CredentialContent, ByIdInput):
    """The credential to replace, and its complete content. Absent fields are cleared."""

    owners: OwnersInput | None = member(
        "Always refused with `OWNER_IMMUTABLE`. Use the link, unlink and transfer mutations to change owners."
    )


@input
class CredentialUpdateRow(CredentialContent):
    """A credential to update, and the changes. Absent fields stay unchanged; null clears a field."""

    id: strawberry.ID = member("The credential's id.", default=...)
    expected_revision: int | None = member(
        "The revision that the update is based on. If the credential has changed since, the update is "
        "refused with `ConflictError`."
    )


@input
class CredentialsUpdateInput(MutationInput):
    """The credentials to update, and the changes to each."""

    updates: list[CredentialUpdateRow] = member("The credentials and their changes, up to 500.", default=...)


@output
class CredentialUpdateResult(BulkResult):
    """The result for one credential."""

    credential_id: strawberry.ID = scalar("The credential's id, as sent.")
    credential: Credential | None = scalar("The credential after the mutation; null if refused.")


MUTATIONS = [
    mutation(
        "credentialCreate",
        creation.create,
        CredentialCreateInput,
        "Create a credential with its first version. If a registry verifies the type, a check follows shortly.",
        **WRITE_OWN,
        **CREDENTIAL_PAYLOAD,
        correlation_id=(str, "The correlation id of the first check; null if no registry verifies the type."),
    ),
    mutation(
        "credentialUpdate",
        editing.update,
        CredentialUpdateInput,
        "Update the sent fields of a credential. Facts are written to its latest version, or to a new one, which waits "
        "for a decision or a check, if people change what counts about themselves.",
        **WRITE_OWN,
        **CREDENTIAL_PAYLOAD,
    ),
    mutation(
        "credentialsUpdate",
        bulk_editing.update_all,
        CredentialsUpdateInput,
        "Update the sent fields of up to 500 credentials, in order. Each credential succeeds or fails on its own.",
        **WRITE_OWN,
        **bulk_payload(CredentialUpdateResult, "The number of credentials updated, including those already as sent."),
    ),
    mutation(
        "credentialReplace",
        editing.replace,
        CredentialReplaceInput,
        "Replace the content of a credential. Fields that are not sent are cleared.",
        **WRITE_OWN,
        **CREDENTIAL_PAYLOAD,
    ),
]
