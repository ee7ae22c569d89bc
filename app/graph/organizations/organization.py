"""The `Organization` and `OrgUnit` types, their queries and their mutations."""

from datetime import datetime
from enum import StrEnum
from typing import Any

import strawberry

from app.access import Actor, Scope
from app.graph.dsl.connections import Connection
from app.graph.dsl.context import Context
from app.graph.dsl.fields import edge, listing, mutation, node, query
from app.graph.dsl.filter_inputs import ChoiceFilter, IDFilter, StringFilter, where_input
from app.graph.dsl.mutation_input import ByIdInput, ChangeInput, MutationInput
from app.graph.dsl.node_types import defer_load
from app.graph.dsl.sort_inputs import sort_key
from app.graph.dsl.types import embedded, enum, input, member, one_of, output, scalar
from app.graph.node import Node
from app.graph.type_references import ORG_UNIT, WORKER
from app.graph.workers.listing import WORKER_LIST
from app.organizations import queries, settings, units
from app.organizations.tables import ApprovalFinality, OrgUnitType
from app.workers import queries as workers

MANAGE: dict[str, Any] = {"scope": Scope.ORGANIZATION_MANAGE}


@output
class OrganizationSettings:
    """The settings of an organization."""

    time_zone: str = scalar("The IANA time zone in which the organization's days begin and end.")
    approvals_enabled: bool = scalar("True if credentials of types that need approval wait for a reviewer.")
    approval_finality: ApprovalFinality = scalar("Defines if a later decision can replace a reviewer's decision.")
    resubmit_on_reject: bool = scalar("True if a requested credential goes back to its worker when it is rejected.")
    self_review_allowed: bool = scalar(
        "True if people may decide about their own credentials, checks and exemptions, and link and transfer "
        "credentials to themselves. False by default."
    )
    expiring_soon_days: int = scalar(
        "The number of days before its expiry date from which a credential is expiring soon."
    )
    reminder_days: list[int] = scalar("The numbers of days before the expiry date on which reminders are sent.")


@node(queries.by_id, scope=None)
class Organization(Node):
    """A tenant of the service. Its records are not visible to other organizations."""

    name: str = scalar("The name of the organization.")
    sandbox: bool = scalar("True if the sandbox registry verifies the organization's credentials.")
    settings: OrganizationSettings = embedded("The organization's settings.")
    revision: int = scalar(
        "The organization's revision, which increases with each change. Send it back as `expectedRevision`."
    )
    created_at: datetime = scalar("The time the organization was created.")
    updated_at: datetime = scalar("The time of the last change of the settings.")


@where_input
class OrgUnitWhere:
    """Filters for org units."""

    name: StringFilter | None = member("Match the name.")
    type: ChoiceFilter[OrgUnitType] | None = member("Match the type.")
    parent: IDFilter | None = member("Match the id of the parent unit.")
    root: bool | None = member("If true, match units at the top of the tree; if false, match the others.")


class OrgUnitOrderField(StrEnum):
    """The fields that org units can be sorted by."""

    NAME = "name"
    CREATED_AT = "createdAt"


enum(
    OrgUnitOrderField,
    NAME="Sort by name, ignoring case and accents. The default.",
    CREATED_AT="Sort by time of creation.",
)
OrgUnitOrder = sort_key(OrgUnitOrderField, "org units")
UNIT_LIST: dict[str, Any] = {
    "where": OrgUnitWhere,
    "order": OrgUnitOrder,
    "scope": Scope.WORKERS_READ,
}


@node(queries.unit_by_id, scope=Scope.WORKERS_READ, own=True)
class OrgUnit(Node):
    """A site, company, contractor, department or team. Org units form a tree."""

    name: str = scalar("The name of the unit.")
    type: OrgUnitType = scalar("The type of unit.", column="kind")
    parent: ORG_UNIT | None = edge(
        queries.unit_by_id,
        "The unit above; null at the top of the tree.",
        key="parent_id",
        scope=Scope.WORKERS_READ,
        own=True,
    )
    children: Connection[ORG_UNIT] | None = edge(
        queries.units_by_parent, "The units directly below.", key="id", **UNIT_LIST
    )
    workers: Connection[WORKER] | None = edge(
        workers.by_org_unit, "The workers who belong to the unit itself.", key="id", **WORKER_LIST
    )
    revision: int = scalar("The unit's revision, which increases with each change. Send it back as `expectedRevision`.")
    created_at: datetime = scalar("The time the unit was created.")
    updated_at: datetime = scalar("The time of the last change.")


@input
class OrganizationUpdateInput(ChangeInput):
    """The settings to change. Absent fields keep their values."""

    name: str | None = member("The name of the organization.")
    time_zone: str | None = member("The IANA time zone, such as `Australia/Sydney`.")
    approvals_enabled: bool | None = member(
        "True if credentials of types that need approval wait for a reviewer. Switching this on also asks for "
        "decisions on what people changed about themselves before."
    )
    approval_finality: ApprovalFinality | None = member(
        "Defines if a later decision can replace a reviewer's decision."
    )
    resubmit_on_reject: bool | None = member(
        "True if a requested credential goes back to its worker when it is rejected."
    )
    self_review_allowed: bool | None = member(
        "True if people may decide about their own credentials, checks and exemptions, and link and transfer "
        "credentials to themselves."
    )
    expiring_soon_days: int | None = member(
        "The number of days before its expiry date from which a credential is expiring soon: 0 to 365."
    )
    reminder_days: list[int] | None = member(
        "The numbers of days before the expiry date on which reminders are sent: up to 12, each 0 to 365."
    )


@input
class OrgUnitCreateInput(MutationInput):
    """The fields of the new org unit."""

    name: str | None = member("The name. Required.")
    type: OrgUnitType | None = member("The type of unit. Required.")
    parent: strawberry.ID | None = member("The id of the unit above. By default, the unit is at the top of the tree.")


@input
class OrgUnitUpdateInput(ByIdInput):
    """The org unit and the fields to change. Absent fields keep their values; a null parent makes it a root."""

    name: str | None = member("The name.")
    type: OrgUnitType | None = member("The type of unit.")
    parent: strawberry.ID | None = member("The id of the unit above.")


@input
class OrgUnitDeleteInput(ByIdInput):
    """The org unit to delete."""


def _organization(_context: Context, actor: Actor) -> Organization | None:
    return defer_load(queries.by_id, actor.organization_id)


@one_of
class OrgUnitBy:
    """A reference to one org unit, by exactly one key."""

    id: strawberry.ID | None = member("The id in this service.")


def _unit(_context: Context, _actor: Actor, by: OrgUnitBy) -> OrgUnit | None:
    return defer_load(queries.unit_by_id, by.id or "")


QUERIES = [
    query("organization", _organization, "Look up the viewer's organization.", scope=None),
    query(
        "orgUnit",
        _unit,
        "Look up an org unit by id; null if there is none.",
        scope=Scope.WORKERS_READ,
        own=True,
        by=(OrgUnitBy, "The unit."),
    ),
    listing("orgUnits", queries.units, OrgUnit, "List the organization's org units.", **UNIT_LIST),
]

ORG_UNIT_PAYLOAD: dict[str, Any] = {"org_unit": (OrgUnit, "The unit after the mutation; null if refused.")}
MUTATIONS = [
    mutation(
        "organizationUpdate",
        settings.update,
        OrganizationUpdateInput,
        "Update the settings of the viewer's organization.",
        **MANAGE,
        organization=(Organization, "The organization after the mutation; null if refused."),
    ),
    mutation(
        "orgUnitCreate",
        units.create,
        OrgUnitCreateInput,
        "Create an org unit.",
        **MANAGE,
        **ORG_UNIT_PAYLOAD,
    ),
    mutation(
        "orgUnitUpdate",
        units.update,
        OrgUnitUpdateInput,
        "Update the name, type or parent of an org unit.",
        **MANAGE,
        **ORG_UNIT_PAYLOAD,
    ),
    mutation(
        "orgUnitDelete",
        units.delete,
        OrgUnitDeleteInput,
        "Delete an org unit. It must have neither units below it nor workers.",
        **MANAGE,
        org_unit=(OrgUnit, "The unit before its deletion; null if refused."),
    ),
]
