"""Requirement rules in the graph."""

from datetime import date, datetime
from typing import Any

import strawberry

from app.access import Actor, Scope
from app.compliance import permissions, queries, rules
from app.compliance.tables import Level, RuleScope, Severity
from app.credential_types import queries as types
from app.graph.credential_types.credential_type import CredentialType
from app.graph.dsl.context import Context
from app.graph.dsl.fields import anything, edge, listing, mutation, node, permission, query
from app.graph.dsl.mutation_input import ByIdInput, MutationInput
from app.graph.dsl.node_types import find
from app.graph.dsl.types import flag, input, member, scalar
from app.graph.node import Node
from app.graph.organizations.organization import OrgUnit
from app.graph.positions.position import Position
from app.graph.requirement_rules.listing import RULE_LIST
from app.graph.workers.worker import Worker
from app.organizations import queries as organizations
from app.workers import queries as workers

READ: dict[str, Any] = {"scope": Scope.COMPLIANCE_READ, "own": True}
WRITE: dict[str, Any] = {"scope": Scope.REQUIREMENTS_WRITE}
PEOPLE: dict[str, Any] = {"scope": Scope.WORKERS_READ, "own": True}


def can(description: str, rule: Any) -> Any:
    """Whether the caller could do something to the rule."""
    return permission(description, queries.rule_by_id, Scope.REQUIREMENTS_WRITE, rule, reads=permissions.RULE_READS)


@node(queries.rule_by_id, **READ)
class RequirementRule(Node):
    """What is asked of some workers: any of some credential types, or several of them."""

    name: str = scalar("The name.")
    description: str | None = scalar("What there is to know about it.")
    scope: RuleScope = scalar("Of whom it asks something.")
    position: Position | None = edge(
        workers.position_by_id, "The position that it is for, if its scope is POSITION.", key="position_id", **PEOPLE
    )
    org_unit: OrgUnit | None = edge(
        organizations.unit_by_id,
        "The org unit that it is for, with its subtree, if its scope is ORG_UNIT.",
        key="org_unit_id",
        **PEOPLE,
    )
    worker: Worker | None = edge(
        workers.by_id, "The worker that it is for, if its scope is WORKER.", key="worker_id", **PEOPLE
    )
    excluded: list[Node] | None = anything(
        "excluded", "The workers, positions and org units (with their subtree) that it does not ask; up to 20."
    )
    alternatives: list[CredentialType] | None = edge(
        types.by_id,
        "The credential types that satisfy it, up to 20. Requests are raised for the first ones.",
        key="alternatives",
        scope=None,
    )
    minimum: int = scalar("How many of them are asked.")
    level: Level = scalar("Whether standing depends on it.")
    severity: Severity = scalar("How bad it is when it is not met.")
    grace_days: int = scalar("For how many days a lack of it is tolerated.")
    effective_from: date = scalar("The first day on which it holds.")
    effective_to: date | None = scalar("The last day; null while no end is in sight.")
    auto_request: bool = scalar("Whether what is lacking is requested by itself.")
    request_message: str | None = scalar("What a worker is told when it is requested.")
    request_due_days: int | None = scalar("How many days a worker has to answer.")
    deleted: bool = flag("Whether it is deleted.", "deleted_at")
    deleted_at: datetime | None = scalar("When it was deleted, if it is.")
    revision: int = scalar("Grows with each change; send it back as `expectedRevision`.")
    created_at: datetime = scalar("When it was added.")
    last_updated: datetime = scalar("When it last changed.")
    viewer_can_update: bool = can("Whether you could update it now.", permissions.change)
    viewer_can_delete: bool = can("Whether you could delete it now.", permissions.change)


@input
class RequirementRuleContent:
    """What can be written of a rule."""

    name: str | None = member("The name. Required.")
    description: str | None = member("What there is to know about it, in up to 2,000 characters.")
    scope: RuleScope | None = member("Of whom it asks something. Required.")
    position: strawberry.ID | None = member("The position that it is for; required with the scope POSITION.")
    org_unit: strawberry.ID | None = member(
        "The org unit that it is for, with its subtree; required with the scope ORG_UNIT."
    )
    worker: strawberry.ID | None = member("The worker that it is for; required with the scope WORKER.")
    excluded: list[strawberry.ID] | None = member(
        "Up to 20 workers, positions and org units (with their subtree) that it does not ask."
    )
    alternatives: list[str] | None = member(
        "The codes of the credential types that satisfy it, up to 20; requests are raised for the first ones. Required."
    )
    minimum: int | None = member("How many of them are asked; 1 when not given.")
    level: Level | None = member("Whether standing depends on it; MANDATORY when not given.")
    severity: Severity | None = member("How bad it is when it is not met; CRITICAL when not given.")
    grace_days: int | None = member("For how many days a lack of it is tolerated: 0 to 3650, 0 when not given.")
    effective_from: date | None = member("The first day on which it holds; today when not given.")
    effective_to: date | None = member("The last day; none when not given.")
    auto_request: bool | None = member("Whether what is lacking is requested by itself; true when not given.")
    request_message: str | None = member("What a worker is told when it is requested, in up to 2,000 characters.")
    request_due_days: int | None = member("How many days a worker has to answer: 0 to 365; no due date when null.")


@input
class RequirementRuleCreateInput(RequirementRuleContent, MutationInput):
    """A new requirement rule."""


@input
class RequirementRuleUpdateInput(RequirementRuleContent, ByIdInput):
    """A requirement rule and what to change: what is absent stays as it is, what is null is cleared."""


@input
class RequirementRuleDeleteInput(ByIdInput):
    """A requirement rule to delete."""


def _rule(_context: Context, _actor: Actor, id: str) -> RequirementRule | None:
    return find(queries.rule_by_id, id)


QUERIES = [
    query(
        "requirementRule",
        _rule,
        "One requirement rule; null when there is none.",
        id=(strawberry.ID, "Its id."),
        **READ,
    ),
    listing("requirementRules", queries.rules, RequirementRule, "What is asked of whom.", **RULE_LIST),
]

_ONE: dict[str, Any] = {"requirement_rule": (RequirementRule, "The rule as it is now; null when refused.")}
MUTATIONS = [
    mutation(
        "requirementRuleCreate",
        rules.create,
        RequirementRuleCreateInput,
        "Asks something of some workers; what they lack is requested. An organization has at most 500 rules.",
        **WRITE,
        **_ONE,
    ),
    mutation(
        "requirementRuleUpdate",
        rules.update,
        RequirementRuleUpdateInput,
        "Changes what is sent of a rule; requests are raised and withdrawn accordingly.",
        **WRITE,
        **_ONE,
    ),
    mutation(
        "requirementRuleDelete",
        rules.delete,
        RequirementRuleDeleteInput,
        "Deletes a rule: from now on it asks nothing, and requests that only it asked for are withdrawn.",
        **WRITE,
        **_ONE,
    ),
]
