"""The organization and its units in the graph."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

import strawberry

from app.access import Actor, Scope
from app.graph.dsl.connections import Connection
from app.graph.dsl.context import Context
from app.graph.dsl.fields import edge, listing, mutation, node, query
from app.graph.dsl.filter_inputs import ChoiceFilter, IDFilter, StringFilter
from app.graph.dsl.mutation_input import ByIdInput, ChangeInput, MutationInput
from app.graph.dsl.node_types import find
from app.graph.dsl.sort_inputs import sort_key
from app.graph.dsl.types import enum, input, member, output, part, scalar
from app.graph.node import Node
from app.graph.references import WORKER
from app.graph.workers.listing import WORKER_LIST
from app.organizations import queries, settings, units
from app.organizations.tables import ApprovalFinality, OrgUnitKind
from app.workers import queries as workers

THIS = strawberry.lazy("app.graph.organizations.organization")


@output
class OrganizationSettings:
    """What an organization has chosen."""

    time_zone: str = scalar("The IANA time zone whose days its dates mean.")
    approvals_enabled: bool = scalar("Whether credentials of types that need approval wait for a reviewer.")
    approval_finality: ApprovalFinality = scalar("Whether a reviewer's decision can be replaced by another.")
    resubmit_on_reject: bool = scalar("Whether a rejected requested credential goes back to its worker.")
    expiring_soon_days: int = scalar("How many days before its expiry date a credential counts as expiring soon.")
    reminder_days: list[int] = scalar("How many days before the expiry date reminders are raised.")


@node(queries.by_id, scope=None)
class Organization(Node):
    """A tenant of the service; nothing of it is visible to another."""

    name: str = scalar("The name.")
    sandbox: bool = scalar("Whether its credentials are verified by the sandbox registry.")
    settings: OrganizationSettings = part("What it has chosen.")
    revision: int = scalar("Grows with each change; send it back as `expectedRevision`.")
    created_at: datetime = scalar("When it was founded.")
    last_updated: datetime = scalar("When its settings last changed.")


@input
class OrgUnitWhere:
    """Which org units. All that is given must hold; AND, OR and NOT nest four deep."""

    AND: list["OrgUnitWhere"] | None = member("All of these must hold.")
    OR: list["OrgUnitWhere"] | None = member("One of these must hold.")
    NOT: "OrgUnitWhere | None" = member("This must not hold.")
    name: StringFilter | None = member("Its name.")
    kind: ChoiceFilter[OrgUnitKind] | None = member("What it is.")
    parent: IDFilter | None = member("The unit that it is directly under.")
    is_root: bool | None = member("Whether it is at the top of the tree.")


class OrgUnitOrderField(StrEnum):
    """What org units can be sorted by."""

    NAME = "name"
    CREATED_AT = "createdAt"


enum(OrgUnitOrderField, NAME="The name, ignoring case. The default.", CREATED_AT="When it was added.")
OrgUnitOrder = sort_key(OrgUnitOrderField, "org units")
UNIT_LIST: dict[str, Any] = {
    "where": OrgUnitWhere,
    "order": OrgUnitOrder,
    "scope": Scope.WORKERS_READ,
}


@node(queries.unit_by_id, scope=Scope.WORKERS_READ, own=True)
class OrgUnit(Node):
    """A site, company, contractor, department or team; units form a tree."""

    name: str = scalar("The name.")
    kind: OrgUnitKind = scalar("What it is.")
    parent: Annotated["OrgUnit", THIS] | None = edge(
        queries.unit_by_id, "The unit above it.", key="parent_id", scope=Scope.WORKERS_READ, own=True
    )
    children: Connection[Annotated["OrgUnit", THIS]] | None = edge(
        queries.units_by_parent, "The units directly under it.", key="id", **UNIT_LIST
    )
    workers: Connection[WORKER] | None = edge(
        workers.by_org_unit, "The workers directly in it.", key="id", **WORKER_LIST
    )
    revision: int = scalar("Grows with each change; send it back as `expectedRevision`.")
    created_at: datetime = scalar("When it was added.")
    last_updated: datetime = scalar("When it last changed.")


@input
class OrganizationUpdateInput(ChangeInput):
    """The settings to change; what is absent stays as it is."""

    name: str | None = member("The name.")
    time_zone: str | None = member("An IANA time zone such as `Australia/Sydney`.")
    approvals_enabled: bool | None = member("Whether types that need approval wait for a reviewer.")
    approval_finality: ApprovalFinality | None = member("Whether decisions can be replaced.")
    resubmit_on_reject: bool | None = member("Whether a rejected requested credential goes back to its worker.")
    expiring_soon_days: int | None = member("Days before expiry that count as soon, 0 to 365.")
    reminder_days: list[int] | None = member("Days before expiry to remind on, up to 12 of 0 to 365.")


@input
class OrgUnitCreateInput(MutationInput):
    """A new org unit."""

    name: str | None = member("The name. Required.")
    kind: OrgUnitKind | None = member("What it is. Required.")
    parent: strawberry.ID | None = member("The unit above it; none for the top.")


@input
class OrgUnitUpdateInput(ByIdInput):
    """An org unit and what to change: what is absent stays as it is; a null parent moves it to the top."""

    name: str | None = member("The name.")
    kind: OrgUnitKind | None = member("What it is.")
    parent: strawberry.ID | None = member("The unit above it.")


@input
class OrgUnitDeleteInput(ByIdInput):
    """An org unit that holds neither units nor workers."""


def _organization(_context: Context, actor: Actor) -> Organization | None:
    return find(queries.by_id, actor.organization_id)


def _unit(_context: Context, _actor: Actor, id: str) -> OrgUnit | None:
    return find(queries.unit_by_id, id)


QUERIES = [
    query("organization", _organization, "Your organization.", scope=None),
    query(
        "orgUnit",
        _unit,
        "One org unit; null when there is none.",
        scope=Scope.WORKERS_READ,
        own=True,
        id=(strawberry.ID, "Its id."),
    ),
    listing("orgUnits", queries.units, OrgUnit, "The organization's units.", **UNIT_LIST),
]

_UNIT = (OrgUnit, "The unit as it is now; null when refused.")
MUTATIONS = [
    mutation(
        "organizationUpdate",
        settings.update,
        OrganizationUpdateInput,
        "Changes your organization's settings.",
        scope=Scope.ORGANIZATION_MANAGE,
        organization=(Organization, "The organization as it is now; null when refused."),
    ),
    mutation(
        "orgUnitCreate",
        units.create,
        OrgUnitCreateInput,
        "Adds an org unit.",
        scope=Scope.ORGANIZATION_MANAGE,
        org_unit=_UNIT,
    ),
    mutation(
        "orgUnitUpdate",
        units.update,
        OrgUnitUpdateInput,
        "Renames an org unit, changes its kind, or moves it.",
        scope=Scope.ORGANIZATION_MANAGE,
        org_unit=_UNIT,
    ),
    mutation(
        "orgUnitDelete",
        units.delete,
        OrgUnitDeleteInput,
        "Removes an org unit that holds neither units nor workers.",
        scope=Scope.ORGANIZATION_MANAGE,
        org_unit=(OrgUnit, "The unit as it was; null when refused."),
    ),
]
