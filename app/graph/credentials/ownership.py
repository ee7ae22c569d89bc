"""Changes of a credential's owners: link, unlink and transfer, one or many."""

from typing import Any

import strawberry

from app.access import Scope
from app.credentials import bulk_ownership, ownership
from app.credentials.ownership import OwnershipStatus
from app.credentials.tables import OwnerType
from app.graph.credentials.credential import Credential
from app.graph.credentials.listing import OwnerReference
from app.graph.dsl.bulk_payload import each, refusals
from app.graph.dsl.fields import mutation
from app.graph.dsl.mutation_input import ByIdInput, MutationInput
from app.graph.dsl.types import input, member, output, scalar
from app.graph.dsl.user_errors import UserError

WRITE: dict[str, Any] = {"scope": Scope.CREDENTIALS_WRITE}


@input
class CredentialLinkInput(ByIdInput):
    """A credential and its further owner."""

    to: OwnerReference = member("Who is to hold it too.", default=...)


@input
class CredentialUnlinkInput(ByIdInput):
    """A credential and the owner to take away."""

    owner_type: OwnerType = member("Which of its two owners.", default=...)


@input
class CredentialTransferInput(ByIdInput):
    """A credential, who holds it and who is to."""

    from_: OwnerReference = member("Who holds it.", default=..., name="from")
    to: OwnerReference = member("Who is to hold it instead.", default=...)


@input
class CredentialsLinkInput(MutationInput):
    """Credentials and their further owner."""

    credential_ids: list[strawberry.ID] | None = member("Up to 500 credentials; all of `from` when not given.")
    from_: OwnerReference | None = member("Whose credentials, where none are named.", name="from")
    to: OwnerReference = member("Who is to hold them too.", default=...)


@input
class CredentialsTransferInput(MutationInput):
    """Credentials, who holds them and who is to."""

    credential_ids: list[strawberry.ID] | None = member("Up to 500 credentials; all of `from` when not given.")
    from_: OwnerReference = member("Who holds them.", default=..., name="from")
    to: OwnerReference = member("Who is to hold them instead.", default=...)


@output
class OwnershipResult:
    """What became of one credential."""

    credential_id: strawberry.ID = scalar("Its id.")
    status: OwnershipStatus = scalar("What became of it.")
    credential: Credential | None = scalar("The credential as it is now; null when skipped.")
    errors: list[UserError] = refusals("Why it was skipped.")


_ONE: dict[str, Any] = {
    "credential": (Credential, "The credential as it is now; null when refused."),
    "status": (OwnershipStatus, "What became of it; null when refused."),
}
_MANY: dict[str, Any] = {
    **each(OwnershipResult, "How many are as asked now.", failed="How many were skipped."),
    "has_more": (bool, "Whether the owner holds more than one call may carry; call again."),
}
MUTATIONS = [
    mutation(
        "credentialLink",
        ownership.link,
        CredentialLinkInput,
        "Gives a credential a further owner. The same owner again is a no-op; a slot held by another is refused.",
        **WRITE,
        **_ONE,
    ),
    mutation(
        "credentialUnlink",
        ownership.unlink,
        CredentialUnlinkInput,
        "Takes an owner away; refused where none would be left.",
        **WRITE,
        **_ONE,
    ),
    mutation(
        "credentialTransfer",
        ownership.transfer,
        CredentialTransferInput,
        "Moves a credential from one owner to another, as from an applicant to the worker they become.",
        **WRITE,
        **_ONE,
    ),
    mutation(
        "credentialsLink",
        bulk_ownership.link_all,
        CredentialsLinkInput,
        "Gives up to 500 credentials a further owner; each stands alone.",
        **WRITE,
        **_MANY,
    ),
    mutation(
        "credentialsTransfer",
        bulk_ownership.transfer_all,
        CredentialsTransferInput,
        "Moves up to 500 credentials from one owner to another; each stands alone.",
        **WRITE,
        **_MANY,
    ),
]
