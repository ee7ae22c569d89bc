"""Mutations of a credential's owners: link, unlink and transfer, one credential or many."""

from typing import Any

import strawberry

from app.access import Scope
from app.credentials import bulk_ownership, ownership
from app.credentials.ownership import OwnershipStatus
from app.credentials.tables import OwnerType
from app.graph.credentials.credential import CREDENTIAL_PAYLOAD, Credential
from app.graph.credentials.listing import OwnerReference
from app.graph.dsl.bulk_payload import BulkResult, bulk_payload
from app.graph.dsl.fields import mutation
from app.graph.dsl.mutation_input import ByIdInput, MutationInput
from app.graph.dsl.types import input, member, output, scalar

WRITE: dict[str, Any] = {"scope": Scope.CREDENTIALS_WRITE}


@input
class CredentialLinkInput(ByIdInput):
    """The credential to link, and its second owner."""

    to: OwnerReference = member("The owner to add.", default=...)


@input
class CredentialUnlinkInput(ByIdInput):
    """The credential to unlink, and the owner to remove."""

    owner_type: OwnerType = member("The type of the owner to remove.", default=...)


@input
class CredentialTransferInput(ByIdInput):
    """The credential to transfer, its present owner and its new owner."""

    from_: OwnerReference = member("The present owner.", default=..., name="from")
    to: OwnerReference = member("The new owner.", default=...)


@input
class CredentialsLinkInput(MutationInput):
    """The credentials to link, and their second owner."""

    credential_ids: list[strawberry.ID] | None = member(
        "The ids of up to 500 credentials. Defaults to all credentials of `from` but those only requested."
    )
    from_: OwnerReference | None = member(
        "The owner whose credentials to link. Required if `credentialIds` is not given.", name="from"
    )
    to: OwnerReference = member("The owner to add.", default=...)


@input
class CredentialsTransferInput(MutationInput):
    """The credentials to transfer, their present owner and their new owner."""

    credential_ids: list[strawberry.ID] | None = member(
        "The ids of up to 500 credentials. Defaults to all credentials of `from` but those only requested."
    )
    from_: OwnerReference = member("The present owner.", default=..., name="from")
    to: OwnerReference = member("The new owner.", default=...)


@output
class OwnershipResult(BulkResult):
    """The result for one credential."""

    credential_id: strawberry.ID = scalar("The credential's id.")
    status: OwnershipStatus = scalar("The outcome for the credential.")
    credential: Credential | None = scalar("The credential after the mutation; null if skipped.")


OWNERSHIP_PAYLOAD: dict[str, Any] = {
    **CREDENTIAL_PAYLOAD,
    "status": (OwnershipStatus, "The outcome; null if refused."),
}
BULK_PAYLOAD: dict[str, Any] = {
    **bulk_payload(
        OwnershipResult,
        "The number of credentials that now have the requested owner.",
        failed="The number of credentials skipped.",
    ),
    "has_more": (bool, "True if the owner holds more credentials than one call can process. Call again for the rest."),
}
MUTATIONS = [
    mutation(
        "credentialLink",
        ownership.link,
        CredentialLinkInput,
        "Link a credential to a second owner. Linking the same owner again has no effect; if another "
        "person of that type holds the credential, the mutation is refused. People link no credential to "
        "themselves, unless the organization allows it (SELF_REVIEW).",
        **WRITE,
        **OWNERSHIP_PAYLOAD,
    ),
    mutation(
        "credentialUnlink",
        ownership.unlink,
        CredentialUnlinkInput,
        "Unlink an owner from a credential. Refused if the credential would have no owner left.",
        **WRITE,
        **OWNERSHIP_PAYLOAD,
    ),
    mutation(
        "credentialTransfer",
        ownership.transfer,
        CredentialTransferInput,
        "Transfer a credential from one owner to another, such as from an applicant to the worker they become. "
        "People transfer no credential to themselves, unless the organization allows it (SELF_REVIEW).",
        **WRITE,
        **OWNERSHIP_PAYLOAD,
    ),
    mutation(
        "credentialsLink",
        bulk_ownership.link_all,
        CredentialsLinkInput,
        "Link up to 500 credentials to a second owner. Each credential succeeds or fails on its own.",
        **WRITE,
        **BULK_PAYLOAD,
    ),
    mutation(
        "credentialsTransfer",
        bulk_ownership.transfer_all,
        CredentialsTransferInput,
        "Transfer up to 500 credentials from one owner to another. Each credential succeeds or fails on its own.",
        **WRITE,
        **BULK_PAYLOAD,
    ),
]
