"""The `RequirementRule` type, its queries and its mutations."""

from datetime import date, datetime
from typing import Any

import strawberry

from app.access import Actor, Scope
from app.compliance import permissions, queries, rules
from app.compliance.tables import RequirementLevel, RequirementSeverity, RuleScope
from app.credential_types import queries as types
from app.graph.credential_types.credential_type import CredentialType
from app.graph.dsl.context import Context
from app.graph.dsl.fields import any_node, edge, listing, mutation, node, permission, query
from app.graph.dsl.mutation_input import ByIdInput, MutationInput
from app.graph.dsl.node_types import defer_load
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
    """Declare a `viewerCan…` field of a rule."""
    return permission(description, queries.rule_by_id, Scope.REQUIREMENTS_WRITE, rule, reads=permissions.RULE_READS)


@node(queries.rule_by_id, **READ)
class RequirementRule(Node):
    """A rule that requires some workers to hold credentials: one or more of a list of credential types."""

    name: str = scalar("The rule's name.")
    description: str | None = scalar("A description of the rule.")
    scope: RuleScope = scalar("The group of workers that the rule applies to.")
    position: Position | None = edge(
        workers.position_by_id,
        "The position that the rule applies to, if its scope is `POSITION`.",
        key="position_id",
        **PEOPLE,
    )
    org_unit: OrgUnit | None = edge(
        organizations.unit_by_id,
        "The org unit that the rule applies to, with all units below it, if its scope is `ORG_UNIT`.",
        key="org_unit_id",
        **PEOPLE,
    )
    worker: Worker | None = edge(
        workers.by_id, "The worker that the rule applies to, if its scope is `WORKER`.", key="worker_id", **PEOPLE
    )
    excluded: list[Node] | None = any_node(
        "excluded",
        "The workers, positions and org units (with all units below them) that the rule excludes, up to 20.",
    )
    alternatives: list[CredentialType] | None = edge(
        types.by_id,
        "The credential types that satisfy the rule, up to 20. Requests are raised for the first ones.",
        key="alternatives",
        scope=None,
    )
    minimum: int = scalar("The number of alternatives that a worker must hold.")
    level: RequirementLevel = scalar("The rule's level: whether a worker's standing depends on it.")
    severity: RequirementSeverity = scalar("The severity of not meeting the rule.")
    grace_days: int = scalar("The number of days that a worker has to meet the rule before it counts against them.")
    starts_on: date = scalar("The first day that the rule is in force.", column="effective_from")
    ends_on: date | None = scalar(
        "The last day that the rule is in force; null if it is open-ended.", column="effective_to"
    )
    auto_request: bool = scalar("True if the service requests missing credentials automatically.")
    request_message: str | None = scalar("The message to the worker in automatic requests.")
    request_due_days: int | None = scalar("The number of days that a worker has to answer an automatic request.")
    deleted: bool = flag("True if the rule is deleted.", "deleted_at")
    deleted_at: datetime | None = scalar("The time of deletion; null if the rule is not deleted.")
    revision: int = scalar("The rule's revision, which increases with each change. Send it back as `expectedRevision`.")
    created_at: datetime = scalar("The time the rule was created.")
    updated_at: datetime = scalar("The time of the last change.")
    viewer_can_update: bool = can("True if the viewer can update the rule now.", permissions.change)
    viewer_can_delete: bool = can("True if the viewer can delete the rule now.", permissions.change)
    viewer_can_undelete: bool = can("True if the viewer can undo the deletion now.", permissions.undelete)


@input
class RequirementRuleContent:
    """The writable fields of a requirement rule."""

    name: str | None = member("The rule's name. Required.")
    description: str | None = member("A description of the rule, up to 2,000 characters.")
    scope: RuleScope | None = member("The group of workers that the rule applies to. Required.")
    position: strawberry.ID | None = member(
        "The id of the position that the rule applies to. Required if the scope is `POSITION`."
    )
    org_unit: strawberry.ID | None = member(
        "The id of the org unit that the rule applies to, with all units below it. Required if the scope is `ORG_UNIT`."
    )
    worker: strawberry.ID | None = member(
        "The id of the worker that the rule applies to. Required if the scope is `WORKER`."
    )
    excluded: list[strawberry.ID] | None = member(
        "The ids of up to 20 workers, positions and org units (with all units below them) that the rule excludes."
    )
    alternatives: list[str] | None = member(
        "The codes of the credential types that satisfy the rule, up to 20. Requests are raised for the "
        "first ones. Required."
    )
    minimum: int | None = member("The number of alternatives that a worker must hold. Defaults to 1.")
    level: RequirementLevel | None = member(
        "The rule's level: whether a worker's standing depends on it. Defaults to `MANDATORY`."
    )
    severity: RequirementSeverity | None = member("The severity of not meeting the rule. Defaults to `CRITICAL`.")
    grace_days: int | None = member(
        "The number of days that a worker has to meet the rule before it counts against them, 0 to 3650. Defaults to 0."
    )
    starts_on: date | None = member("The first day that the rule is in force. Defaults to today.")
    ends_on: date | None = member("The last day that the rule is in force. Open-ended by default.")
    auto_request: bool | None = member(
        "True if the service requests missing credentials automatically. Defaults to true."
    )
    request_message: str | None = member("The message to the worker in automatic requests, up to 2,000 characters.")
    request_due_days: int | None = member(
        "The number of days that a worker has to answer an automatic request, 0 to 365. Null means no due date."
    )


@input
class RequirementRuleCreateInput(RequirementRuleContent, MutationInput):
    """The requirement rule to create."""


@input
class RequirementRuleUpdateInput(RequirementRuleContent, ByIdInput):
    """The requirement rule to update, and the changes. Absent fields stay unchanged; null clears a field."""


@input
class RequirementRuleDeleteInput(ByIdInput):
    """The requirement rule to delete."""


@input
class RequirementRuleUndeleteInput(ByIdInput):
    """The deleted requirement rule to bring back."""


def _rule(_context: Context, _actor: Actor, id: str) -> RequirementRule | None:
    return defer_load(queries.rule_by_id, id)


QUERIES = [
    query(
        "requirementRule",
        _rule,
        "Look up a requirement rule by id; null if there is none.",
        id=(strawberry.ID, "The rule's id."),
        **READ,
    ),
    listing(
        "requirementRules", queries.rules, RequirementRule, "List the organization's requirement rules.", **RULE_LIST
    ),
]

RULE_PAYLOAD: dict[str, Any] = {"requirement_rule": (RequirementRule, "The rule after the mutation; null if refused.")}
MUTATIONS = [
    mutation(
        "requirementRuleCreate",
        rules.create,
        RequirementRuleCreateInput,
        "Create a requirement rule. Missing credentials are then requested from the workers it applies "
        "to. An organization can have up to 500 rules.",
        **WRITE,
        **RULE_PAYLOAD,
    ),
    mutation(
        "requirementRuleUpdate",
        rules.update,
        RequirementRuleUpdateInput,
        "Update the sent fields of a rule. Requests are raised and withdrawn to match.",
        **WRITE,
        **RULE_PAYLOAD,
    ),
    mutation(
        "requirementRuleDelete",
        rules.delete,
        RequirementRuleDeleteInput,
        "Delete a rule. It no longer applies to anyone, and requests that only this rule raised are withdrawn.",
        **WRITE,
        **RULE_PAYLOAD,
    ),
    mutation(
        "requirementRuleUndelete",
        rules.undelete,
        RequirementRuleUndeleteInput,
        "Undo the deletion of a rule: it applies again from now on, and raises requests.",
        **WRITE,
        **RULE_PAYLOAD,
    ),
]
