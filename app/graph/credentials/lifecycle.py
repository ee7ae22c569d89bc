"""Mutations of a credential's life cycle: archive, unarchive, delete, undelete and purge."""

from typing import Any

import strawberry

from app.access import Scope
from app.credentials import lifecycle
from app.graph.credentials.credential import CREDENTIAL_PAYLOAD
from app.graph.dsl.fields import mutation, old_name
from app.graph.dsl.mutation_input import ByIdInput
from app.graph.dsl.types import input, member

WRITE: dict[str, Any] = {"scope": Scope.CREDENTIALS_WRITE}


@input
class CredentialArchiveInput(ByIdInput):
    """The credential to archive."""


@input
class CredentialUnarchiveInput(ByIdInput):
    """The archived credential to bring back."""


@input
class CredentialDeleteInput(ByIdInput):
    """The credential to delete."""


@input
class CredentialUndeleteInput(ByIdInput):
    """The deleted credential to bring back."""


@input
class CredentialPurgeInput(ByIdInput):
    """The archived or deleted credential to remove permanently."""

    confirm: bool | None = member("Must be true, because purging cannot be undone.")


CREDENTIAL_UNARCHIVE = mutation(
    "credentialUnarchive",
    lifecycle.unarchive,
    CredentialUnarchiveInput,
    "Bring a credential back from the archive.",
    **WRITE,
    **CREDENTIAL_PAYLOAD,
)
MUTATIONS = [
    mutation(
        "credentialArchive",
        lifecycle.archive,
        CredentialArchiveInput,
        "Archive a credential. An archived credential leaves default lists and compliance, raises no "
        "notices, and accepts no changes to its facts, no checks and no decisions. Its owners can still "
        "change, and it can be deleted. Callers with `CONTRACTORS_MANAGE` can archive the credentials of "
        "contractors' workers.",
        contractors=True,
        **WRITE,
        **CREDENTIAL_PAYLOAD,
    ),
    CREDENTIAL_UNARCHIVE,
    old_name("credentialRestore", CREDENTIAL_UNARCHIVE),
    mutation(
        "credentialDelete",
        lifecycle.delete,
        CredentialDeleteInput,
        "Delete a credential softly. It leaves all default lists, and the deletion can be undone.",
        **WRITE,
        **CREDENTIAL_PAYLOAD,
    ),
    mutation(
        "credentialUndelete",
        lifecycle.undelete,
        CredentialUndeleteInput,
        "Undo the deletion of a credential.",
        **WRITE,
        **CREDENTIAL_PAYLOAD,
    ),
    mutation(
        "credentialPurge",
        lifecycle.purge,
        CredentialPurgeInput,
        "Remove a credential permanently, if it, or every owner, is deleted, or if it is archived. Its versions, "
        "checks and files go with it; its events stay on record.",
        scope=Scope.CREDENTIALS_PURGE,
        purged_id=(strawberry.ID, "The id of the purged credential; null if refused."),
    ),
]
