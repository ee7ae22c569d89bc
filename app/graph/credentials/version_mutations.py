"""Changes of a credential's versions: adding one, editing the latest."""

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

    reference_number: str | None = member("The number that the issuer knows it by.")
    issuing_authority: str | None = member("Who issued it.")
    issue_date: date | None = member("The day it was issued.")
    expiry_date: date | None = member("The last day it is valid.")


@input
class CredentialVersionAddInput(VersionContent):
    """A credential and its new version, of which at least one fact is given.

    What is not given is as in the latest version. With a new issue date and no expiry date, that follows from the
    type's usual validity, and has to be given where the type has none.
    """

    id: strawberry.ID = member("The credential.", default=...)


@input
class CredentialVersionEditInput(VersionContent):
    """The latest version of a credential, and what to change: what is absent stays, what is null is cleared.

    `expectedRevision` is the credential's.
    """

    id: strawberry.ID = member("The version.", default=...)


_ONE: dict[str, Any] = {"version": (CredentialVersion, "The version as it is now; null when refused.")}
MUTATIONS = [
    mutation(
        "credentialVersionAdd",
        versions.add,
        CredentialVersionAddInput,
        "Adds a version to a credential, such as a renewal.",
        **WRITE_OWN,
        **_ONE,
    ),
    mutation(
        "credentialVersionEdit",
        versions.edit,
        CredentialVersionEditInput,
        "Changes the latest version of a credential; a decided one has to be decided again.",
        **WRITE_OWN,
        **_ONE,
    ),
]
