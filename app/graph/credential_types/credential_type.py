"""The `CredentialType` type, its queries and its mutations."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import strawberry

from app.access import Actor, Scope
from app.credential_types import editing, queries
from app.credential_types.tables import CreationPolicy, CredentialCategory, CredentialMetadata
from app.graph.dsl.context import Context
from app.graph.dsl.fields import listing, mutation, node, old_name, query
from app.graph.dsl.filter_inputs import ChoiceFilter, ExactFilter, where_input
from app.graph.dsl.mutation_input import ByIdInput, MutationInput
from app.graph.dsl.node_types import defer_load
from app.graph.dsl.sort_inputs import sort_key
from app.graph.dsl.types import enum, flag, input, member, one_of, scalar
from app.graph.node import Node

WRITE: dict[str, Any] = {"scope": Scope.TYPES_WRITE}


def _metadata(column: str) -> Any:
    return lambda row: [CredentialMetadata(value) for value in getattr(row, column)]


@node(queries.by_id, scope=None)
class CredentialType(Node):
    """A type of credential: its issuer, the facts and files that it takes, and its verification."""

    code: str = scalar("The unique code of the type, such as `WWCC_NSW`.")
    name: str = scalar("The name of the type.")
    category: CredentialCategory = scalar("The category of the type.")
    jurisdiction: str | None = scalar("The jurisdiction that credentials of the type are valid in, such as `NSW`.")
    issuing_authority: str | None = scalar("The authority that issues credentials of the type.")
    instructions: str | None = scalar("The instructions for workers who provide a credential of the type.")
    verification_source: str | None = scalar(
        "The name of the registry that verifies credentials of the type; null if none does."
    )
    supports: list[CredentialMetadata] = scalar(
        "The facts and files that credentials of the type can have.", derived=_metadata("supports"), reads=("supports",)
    )
    requires: list[CredentialMetadata] = scalar(
        "The facts and files that credentials of the type must have. Files are needed to submit a requested one.",
        derived=_metadata("requires"),
        reads=("requires",),
    )
    reference_number_pattern: str | None = scalar(
        "The regular expression (RE2 syntax) that a whole reference number must match, ignoring case."
    )
    default_validity_months: int | None = scalar(
        "The validity in months. It sets the expiry date of a version that has only an issue date."
    )
    expiring_soon_days: int | None = scalar(
        "The number of days before its expiry date from which a credential is expiring soon; null for the "
        "organization's setting."
    )
    verification_interval_days: int | None = scalar(
        "The number of days between checks with the registry; null for a week."
    )
    approval_required: bool = scalar("True if versions wait for a reviewer when approvals are enabled.")
    creation_policy: CreationPolicy = scalar("Defines if credentials of the type can be created directly.")
    archived: bool = flag("True if the type is archived.", "archived_at")
    archived_at: datetime | None = scalar("The time of archiving; null if the type is not archived.")
    revision: int = scalar("The type's revision, which increases with each change. Send it back as `expectedRevision`.")
    created_at: datetime = scalar("The time the type was created.")
    updated_at: datetime = scalar("The time of the last change.")


@where_input
class CredentialTypeWhere:
    """Filters for credential types."""

    code: ExactFilter | None = member("Match the code.")
    category: ChoiceFilter[CredentialCategory] | None = member("Match the category.")
    jurisdiction: ExactFilter | None = member("Match the jurisdiction.")
    verification_source: ExactFilter | None = member("Match the name of the registry.")
    verifiable: bool | None = member("If true, match types that a registry verifies; if false, match the others.")
    approval_required: bool | None = member(
        "If true, match types whose versions wait for a reviewer; if false, match the others."
    )


class CredentialTypeOrderField(StrEnum):
    """The fields that credential types can be sorted by."""

    NAME = "name"
    CODE = "code"
    CREATED_AT = "createdAt"
    UPDATED_AT = "updatedAt"


enum(
    CredentialTypeOrderField,
    NAME="Sort by name, ignoring case and accents. The default.",
    CODE="Sort by code.",
    CREATED_AT="Sort by time of creation.",
    UPDATED_AT="Sort by time of the last change.",
)
CredentialTypeOrder = sort_key(CredentialTypeOrderField, "credential types")


@one_of
class CredentialTypeBy:
    """A reference to one credential type, by exactly one key."""

    id: strawberry.ID | None = member("The id of the type.")
    code: str | None = member("The code of the type.")


@input
class CredentialTypeContent:
    """The fields of a credential type."""

    name: str | None = member("The name. Required.")
    category: CredentialCategory | None = member("The category. Required.")
    jurisdiction: str | None = member("The jurisdiction that credentials of the type are valid in, such as `NSW`.")
    issuing_authority: str | None = member("The authority that issues credentials of the type.")
    instructions: str | None = member("The instructions for workers who provide a credential of the type.")
    verification_source: str | None = member("The name of the registry that verifies credentials of the type.")
    supports: list[CredentialMetadata] | None = member(
        "The facts and files that credentials can have. Defaults to all."
    )
    requires: list[CredentialMetadata] | None = member(
        "The facts and files that credentials must have. Defaults to none."
    )
    reference_number_pattern: str | None = member(
        "The regular expression (RE2 syntax) that a whole reference number must match, ignoring case."
    )
    default_validity_months: int | None = member("The validity in months: 1 to 600.")
    expiring_soon_days: int | None = member(
        "The number of days before its expiry date from which a credential is expiring soon: 0 to 365."
    )
    verification_interval_days: int | None = member(
        "The number of days between checks with the registry: 1 to 365. Defaults to a week."
    )
    approval_required: bool | None = member("True if versions wait for a reviewer when approvals are enabled.")
    creation_policy: CreationPolicy | None = member("Defines if credentials of the type can be created directly.")


@input
class CredentialTypeCreateInput(CredentialTypeContent, MutationInput):
    """The fields of the new credential type."""

    code: str | None = member("The unique code, such as `FORKLIFT_SITE_B`, which never changes. Required.")


@input
class CredentialTypeUpdateInput(CredentialTypeContent, ByIdInput):
    """The credential type and the fields to change. Absent fields keep their values; null clears them."""


@input
class CredentialTypeArchiveInput(ByIdInput):
    """The credential type to archive."""


@input
class CredentialTypeUnarchiveInput(ByIdInput):
    """The archived credential type to bring back."""


def _type(_context: Context, _actor: Actor, by: CredentialTypeBy) -> CredentialType | None:
    if by.id:
        return defer_load(queries.by_id, by.id)
    return defer_load(queries.by_code, by.code or "")


QUERIES = [
    query(
        "credentialType",
        _type,
        "Look up a credential type by id or code; null if there is none.",
        scope=None,
        by=(CredentialTypeBy, "The credential type."),
    ),
    listing(
        "credentialTypes",
        queries.listing,
        CredentialType,
        "List the organization's credential types.",
        scope=None,
        where=CredentialTypeWhere,
        order=CredentialTypeOrder,
    ),
]

CREDENTIAL_TYPE_PAYLOAD: dict[str, Any] = {
    "credential_type": (CredentialType, "The type after the mutation; null if refused.")
}
CREDENTIAL_TYPE_UNARCHIVE = mutation(
    "credentialTypeUnarchive",
    editing.unarchive,
    CredentialTypeUnarchiveInput,
    "Bring a credential type back from the archive.",
    **WRITE,
    **CREDENTIAL_TYPE_PAYLOAD,
)
MUTATIONS = [
    mutation(
        "credentialTypeCreate",
        editing.create,
        CredentialTypeCreateInput,
        "Create a credential type.",
        **WRITE,
        **CREDENTIAL_TYPE_PAYLOAD,
    ),
    mutation(
        "credentialTypeUpdate",
        editing.update,
        CredentialTypeUpdateInput,
        "Update the sent fields of a credential type. Existing credentials do not change.",
        **WRITE,
        **CREDENTIAL_TYPE_PAYLOAD,
    ),
    mutation(
        "credentialTypeArchive",
        editing.archive,
        CredentialTypeArchiveInput,
        "Archive a credential type. It takes no new credentials; existing ones stay.",
        **WRITE,
        **CREDENTIAL_TYPE_PAYLOAD,
    ),
    CREDENTIAL_TYPE_UNARCHIVE,
    old_name("credentialTypeRestore", CREDENTIAL_TYPE_UNARCHIVE),
]
