"""Credential types in the graph."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import strawberry

from app.access import Actor, Scope
from app.credential_types import editing, queries
from app.credential_types.tables import Category, CreationPolicy, Metadata
from app.graph.dsl.context import Context
from app.graph.dsl.fields import listing, mutation, node, query
from app.graph.dsl.filter_inputs import ChoiceFilter, ExactFilter
from app.graph.dsl.mutation_input import ByIdInput, MutationInput
from app.graph.dsl.node_types import find
from app.graph.dsl.sort_inputs import sort_key
from app.graph.dsl.types import enum, flag, input, member, one_of, scalar
from app.graph.node import Node

WRITE: dict[str, Any] = {"scope": Scope.TYPES_WRITE}


def _members(column: str) -> Any:
    return lambda kind: [Metadata(member) for member in getattr(kind, column)]


@node(queries.by_id, scope=None)
class CredentialType(Node):
    """A kind of credential: what it is, who issues it, what it takes, and how it is checked."""

    code: str = scalar("The code that credentials name it by, such as `WWCC_NSW`.")
    name: str = scalar("The name.")
    category: Category = scalar("What it is, broadly.")
    jurisdiction: str | None = scalar("Where it counts, such as `NSW`.")
    issuing_authority: str | None = scalar("Who issues it.")
    instructions: str | None = scalar("What a worker should know to provide it.")
    verification_source: str | None = scalar("The registry that verifies it; null when it is only kept in date.")
    supports: list[Metadata] = scalar(
        "The facts and files that its credentials can hold.", derived=_members("supports"), reads=("supports",)
    )
    requires: list[Metadata] = scalar(
        "Those that they must hold; files are required in the answer to a request.",
        derived=_members("requires"),
        reads=("requires",),
    )
    reference_number_pattern: str | None = scalar(
        "A regular expression in RE2's syntax that whole reference numbers match, ignoring case."
    )
    default_validity_months: int | None = scalar(
        "How long it is valid; sets the expiry date where only an issue date is given."
    )
    expiring_soon_days: int | None = scalar(
        "How many days before expiry count as soon; the organization's setting when null."
    )
    verification_interval_days: int | None = scalar(
        "How many days after a check its registry is asked again; a week when null."
    )
    approval_required: bool = scalar("Whether its versions wait for a reviewer, where approvals are enabled.")
    creation_policy: CreationPolicy = scalar("Whether its credentials can be created directly.")
    archived: bool = flag("Whether it is out of use.", "archived_at")
    archived_at: datetime | None = scalar("When it was taken out of use, if it is.")
    revision: int = scalar("Grows with each change; send it back as `expectedRevision`.")
    created_at: datetime = scalar("When it was added.")
    last_updated: datetime = scalar("When it last changed.")


@input
class CredentialTypeWhere:
    """Which credential types. All that is given must hold; AND, OR and NOT nest four deep."""

    AND: list["CredentialTypeWhere"] | None = member("All of these must hold.")
    OR: list["CredentialTypeWhere"] | None = member("One of these must hold.")
    NOT: "CredentialTypeWhere | None" = member("This must not hold.")
    code: ExactFilter | None = member("Its code.")
    category: ChoiceFilter[Category] | None = member("What it is, broadly.")
    jurisdiction: ExactFilter | None = member("Where it counts.")
    verification_source: ExactFilter | None = member("The registry that verifies it.")
    is_verifiable: bool | None = member("Whether a registry verifies it.")
    approval_required: bool | None = member("Whether its versions wait for a reviewer.")


class CredentialTypeOrderField(StrEnum):
    """What credential types can be sorted by."""

    NAME = "name"
    CODE = "code"
    CREATED_AT = "createdAt"
    LAST_UPDATED = "lastUpdated"


enum(
    CredentialTypeOrderField,
    NAME="The name, ignoring case. The default.",
    CODE="The code.",
    CREATED_AT="When it was added.",
    LAST_UPDATED="When it last changed.",
)
CredentialTypeOrder = sort_key(CredentialTypeOrderField, "credential types")


@one_of
class CredentialTypeBy:
    """One credential type, named in exactly one way."""

    id: strawberry.ID | None = member("By its id.")
    code: str | None = member("By its code.")


@input
class CredentialTypeContent:
    """What can be written of a credential type."""

    name: str | None = member("The name. Required.")
    category: Category | None = member("What it is, broadly. Required.")
    jurisdiction: str | None = member("Where it counts, such as `NSW`.")
    issuing_authority: str | None = member("Who issues it.")
    instructions: str | None = member("What a worker should know to provide it.")
    verification_source: str | None = member("The registry that verifies it.")
    supports: list[Metadata] | None = member("What its credentials can hold; everything when not given.")
    requires: list[Metadata] | None = member("What they must hold; nothing when not given.")
    reference_number_pattern: str | None = member(
        "A regular expression in RE2's syntax that whole reference numbers match, ignoring case."
    )
    default_validity_months: int | None = member("How long it is valid: 1 to 600 months.")
    expiring_soon_days: int | None = member("How many days before expiry count as soon: 0 to 365.")
    verification_interval_days: int | None = member(
        "How many days until the next check: 1 to 365; a week when not given."
    )
    approval_required: bool | None = member("Whether its versions wait for a reviewer.")
    creation_policy: CreationPolicy | None = member("Whether its credentials can be created directly.")


@input
class CredentialTypeCreateInput(CredentialTypeContent, MutationInput):
    """A new credential type."""

    code: str | None = member("The code, such as `FORKLIFT_SITE_B`; it never changes. Required.")


@input
class CredentialTypeUpdateInput(CredentialTypeContent, ByIdInput):
    """A credential type and what to change: what is absent stays as it is, what is null is cleared."""


@input
class CredentialTypeArchiveInput(ByIdInput):
    """A credential type to take out of use."""


@input
class CredentialTypeRestoreInput(ByIdInput):
    """A credential type to bring back into use."""


def _type(_context: Context, _actor: Actor, by: CredentialTypeBy) -> CredentialType | None:
    if by.id:
        return find(queries.by_id, by.id)
    return find(queries.by_code, by.code or "")


QUERIES = [
    query(
        "credentialType",
        _type,
        "One credential type; null when there is none.",
        scope=None,
        by=(CredentialTypeBy, "Which one."),
    ),
    listing(
        "credentialTypes",
        queries.listing,
        CredentialType,
        "The credential types that the organization knows.",
        scope=None,
        where=CredentialTypeWhere,
        order=CredentialTypeOrder,
    ),
]

_ONE: dict[str, Any] = {"credential_type": (CredentialType, "The type as it is now; null when refused.")}
MUTATIONS = [
    mutation(
        "credentialTypeCreate",
        editing.create,
        CredentialTypeCreateInput,
        "Adds a credential type.",
        **WRITE,
        **_ONE,
    ),
    mutation(
        "credentialTypeUpdate",
        editing.update,
        CredentialTypeUpdateInput,
        "Changes what is sent of a credential type; credentials already held are not touched.",
        **WRITE,
        **_ONE,
    ),
    mutation(
        "credentialTypeArchive",
        editing.archive,
        CredentialTypeArchiveInput,
        "Takes a credential type out of use: no new credentials of it; those held stay.",
        **WRITE,
        **_ONE,
    ),
    mutation(
        "credentialTypeRestore",
        editing.restore,
        CredentialTypeRestoreInput,
        "Brings an archived credential type back into use.",
        **WRITE,
        **_ONE,
    ),
]
