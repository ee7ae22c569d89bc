"""Changes of a credential's versions: adding one, editing the latest."""

from datetime import date
from typing import Any

from app.access import Scope
from app.credentials import versions
from app.graph.credential_version import CredentialVersion
from app.graph.fields import mutation
from app.graph.inputs import ByIdInput
from app.graph.types import input, member

WRITE_OWN: dict[str, Any] = {"scope": Scope.CREDENTIALS_WRITE, "own": True}


@input
class VersionContent(ByIdInput):
    """The facts of a version."""

    reference_number: str | None = member("The number that the issuer knows it by.")
    issuing_authority: str | None = member("Who issued it.")
    issue_date: date | None = member("The day it was issued.")
    expiry_date: date | None = member("The last day it is valid.")


@input
class CredentialVersionAddInput(VersionContent):
    """A credential and its new version. `id` is the credential's.

    The number and the authority are the latest version's unless given; without an expiry date it follows from the
    issue date and the type's usual validity.
    """


@input
class CredentialVersionEditInput(VersionContent):
    """The latest version of a credential, and what to change. `id` is the version's.

    What is absent stays as it is, what is null is cleared. `expectedRevision` is the credential's.
    """


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
