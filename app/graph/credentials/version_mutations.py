"""Mutations of a credential's versions: add a version, edit the latest one."""

from datetime import date
from typing import Any

import strawberry

from app.access import Scope
from app.credentials import versions
from app.graph.credentials.version import CredentialVersion
from app.graph.dsl.fields import mutation
from app.graph.dsl.mutation_input import ChangeInput
from app.graph.dsl.types import input, member

WRITE_OWN: dict[str, Any] = {"scope": Scope.CREDENTIALS_WRITE, "own": True}


@input
class VersionContent(ChangeInput):
    """The facts of a version."""

    reference_number: str | None = member("The credential's reference number, as its issuer wrote it.")
    issuing_authority: str | None = member("The authority that issued the credential.")
    issue_date: date | None = member("The day the credential was issued.")
    expiry_date: date | None = member("The last day the credential is valid.")


@input
class CredentialVersionAddInput(VersionContent):
    """The credential to add a version to, and at least one fact of the new version.

    Absent facts are copied from the latest version. If an issue date is given without an expiry date, the expiry date
    follows from the type's usual validity; if the type has none, an expiry date is required.
    """

    id: strawberry.ID = member("The credential's id.", default=...)
    keep_attachments: bool | None = member(
        "If true, the new version keeps the files of the latest version, without another upload. By default it has "
        "none: files that the type requires are then uploaded anew before the version can be approved."
    )


@input
class CredentialVersionEditInput(VersionContent):
    """The latest version of a credential, and the changes. Absent facts stay unchanged; null clears a fact.

    What people change about their own credential waits for a decision or a check. If the version counts already, the
    change becomes a new version, and the payload's `version` is that one.

    `expectedRevision` is the revision of the credential.
    """

    id: strawberry.ID = member("The version's id.", default=...)


VERSION_PAYLOAD: dict[str, Any] = {"version": (CredentialVersion, "The version after the mutation; null if refused.")}
MUTATIONS = [
    mutation(
        "credentialVersionAdd",
        versions.add,
        CredentialVersionAddInput,
        "Add a version to a credential, such as a renewal.",
        **WRITE_OWN,
        **VERSION_PAYLOAD,
    ),
    mutation(
        "credentialVersionEdit",
        versions.edit,
        CredentialVersionEditInput,
        "Edit the latest version of a credential. A version that was already decided must be decided again.",
        **WRITE_OWN,
        **VERSION_PAYLOAD,
    ),
]
