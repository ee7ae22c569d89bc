"""Changes of credentials: their inputs and mutations."""

from datetime import date
from typing import Any

import strawberry

from app.access import Scope
from app.credential_types.tables import Category
from app.credentials import bulk_editing, creation, editing
from app.credentials.tables import VerificationStatus
from app.graph.credentials.credential import Credential
from app.graph.dsl.bulk_payload import each, refusals
from app.graph.dsl.fields import mutation
from app.graph.dsl.mutation_input import ByIdInput, MutationInput
from app.graph.dsl.types import input, member, output, scalar
from app.graph.dsl.user_errors import UserError
from app.registries.protocol import Eligibility

WRITE_OWN: dict[str, Any] = {"scope": Scope.CREDENTIALS_WRITE, "own": True}


@input
class IdentificationInput:
    """What a credential is."""

    display_name: str | None = member("The name shown. Required.")
    credential_type: str | None = member("The code of its type, such as `WWCC_NSW`; it never changes. Required.")
    category: Category | None = member("The category, which must be its type's. Required.")
    reference_number: str | None = member("The number that the issuer knows it by. Required.")


@input
class IssuingInput:
    """Who issued a credential, where and when."""

    issuing_authority: str | None = member("Who issued it; on creation the type's when not given.")
    jurisdiction: str | None = member("Where it counts; on creation the type's when not given.")
    issue_date: date | None = member("The day it was issued.")
    expiry_date: date | None = member(
        "The last day it is valid. When not given on creation, it follows from the type's usual validity."
    )


@input
class VerificationInput:
    """Where a credential stands with its source."""

    status: VerificationStatus | None = member("Whether it is in force there. Required.")
    eligibility: Eligibility | None = member("Whether its holder may be engaged, as another system found.")
    is_verifiable: bool | None = member("Whether a registry can verify it; as the type says when not given.")


@input
class OwnerIdInput:
    """A person, by exactly one of id and externalId."""

    id: strawberry.ID | None = member("The person's id here.")
    external_id: str | None = member("The person's id in the system of record.")
    source_system: str | None = member("That system; needed where two share the id.")


@input
class OwnersInput:
    """Who holds a credential: a worker, an applicant or both."""

    worker: OwnerIdInput | None = member("The worker who holds it.")
    applicant: OwnerIdInput | None = member("The applicant who holds it.")


@input
class CredentialContent:
    """What can be written of a credential."""

    identification: IdentificationInput | None = member("What it is.")
    issuing: IssuingInput | None = member("Who issued it, where and when.")
    verification: VerificationInput | None = member("Where it stands with its source.")


@input
class CredentialCreateInput(CredentialContent, MutationInput):
    """A new credential."""

    owners: OwnersInput | None = member("Who holds it; at least one. Required.")


@input
class CredentialUpdateInput(CredentialContent, ByIdInput):
    """A credential and what to change: what is absent stays as it is, what is null is cleared."""

    owners: OwnersInput | None = member("Refused with OWNER_IMMUTABLE: owners never change this way.")


@input
class CredentialReplaceInput(CredentialContent, ByIdInput):
    """A credential and all that is to be known of it: what is absent is cleared."""

    owners: OwnersInput | None = member("Refused with OWNER_IMMUTABLE: owners never change this way.")


@input
class CredentialUpdateRow(CredentialContent):
    """A credential and what to change: what is absent stays as it is, what is null is cleared."""

    id: strawberry.ID = member("The credential.", default=...)
    expected_revision: int | None = member(
        "The revision that you read; if the credential has changed since, it is refused with ConflictError."
    )


@input
class CredentialsUpdateInput(MutationInput):
    """Credentials and what to change of each."""

    updates: list[CredentialUpdateRow] = member("Up to 500 credentials, each with its changes.", default=...)


@output
class CredentialUpdateResult:
    """What became of one credential."""

    credential_id: strawberry.ID = scalar("The id as it was sent.")
    credential: Credential | None = scalar("The credential as it is now; null when refused.")
    errors: list[UserError] = refusals("Why it was refused.")


_ONE: dict[str, Any] = {"credential": (Credential, "The credential as it is now; null when refused.")}
MUTATIONS = [
    mutation(
        "credentialCreate",
        creation.create,
        CredentialCreateInput,
        "Adds a credential with its first version. What a registry verifies is checked soon after.",
        **WRITE_OWN,
        **_ONE,
        correlation_id=(str, "By what its first check is recognised; null when no registry verifies it."),
    ),
    mutation(
        "credentialUpdate",
        editing.update,
        CredentialUpdateInput,
        "Changes what is sent of a credential; its facts are those of its latest version.",
        **WRITE_OWN,
        **_ONE,
    ),
    mutation(
        "credentialsUpdate",
        bulk_editing.update_all,
        CredentialsUpdateInput,
        "Changes what is sent of up to 500 credentials, one after the other; each stands alone.",
        **WRITE_OWN,
        **each(CredentialUpdateResult, "How many were changed, or were so already."),
    ),
    mutation(
        "credentialReplace",
        editing.replace,
        CredentialReplaceInput,
        "Writes a credential anew; what is not sent is cleared.",
        **WRITE_OWN,
        **_ONE,
    ),
]
