"""A credential's life: archive, restore, delete, undelete, purge."""

from typing import Any

import strawberry

from app.access import Scope
from app.credentials import lifecycle
from app.graph.credentials.credential import Credential
from app.graph.dsl.fields import mutation
from app.graph.dsl.mutation_input import ByIdInput
from app.graph.dsl.types import input, member

WRITE: dict[str, Any] = {"scope": Scope.CREDENTIALS_WRITE}


@input
class CredentialArchiveInput(ByIdInput):
    """A credential to archive."""


@input
class CredentialRestoreInput(ByIdInput):
    """A credential to take out of the archive."""


@input
class CredentialDeleteInput(ByIdInput):
    """A credential to delete."""


@input
class CredentialUndeleteInput(ByIdInput):
    """A credential whose deletion to undo."""


@input
class CredentialPurgeInput(ByIdInput):
    """An archived credential to remove for good."""

    confirm: bool | None = member("Must be true: purging cannot be undone.")


_ONE: dict[str, Any] = {"credential": (Credential, "The credential as it is now; null when refused.")}
MUTATIONS = [
    mutation(
        "credentialArchive",
        lifecycle.archive,
        CredentialArchiveInput,
        "Archives a credential: it leaves default lists and compliance, raises no notice, and takes no change of its "
        "facts, no check and no decision. Its owners can change still, and it can be deleted. "
        "Open to `contractors:manage` for the workers of contractors.",
        contractors=True,
        **WRITE,
        **_ONE,
    ),
    mutation(
        "credentialRestore",
        lifecycle.restore,
        CredentialRestoreInput,
        "Takes a credential out of the archive.",
        **WRITE,
        **_ONE,
    ),
    mutation(
        "credentialDelete",
        lifecycle.delete,
        CredentialDeleteInput,
        "Deletes a credential softly: it leaves the lists, and its deletion can be undone.",
        **WRITE,
        **_ONE,
    ),
    mutation(
        "credentialUndelete",
        lifecycle.undelete,
        CredentialUndeleteInput,
        "Undoes the deletion of a credential.",
        **WRITE,
        **_ONE,
    ),
    mutation(
        "credentialPurge",
        lifecycle.purge,
        CredentialPurgeInput,
        "Removes an archived credential for good, with its versions, checks and files. What happened to it stays on "
        "record.",
        scope=Scope.CREDENTIALS_PURGE,
        purged_id=(strawberry.ID, "The id of what was removed; null when refused."),
    ),
]
