"""Exemptions in the graph."""

from datetime import date, datetime
from typing import Any

import strawberry

from app.access import Actor, Scope
from app.compliance import exemptions, permissions, queries
from app.credential_types import queries as types
from app.graph.credential_types.credential_type import CredentialType
from app.graph.dsl.context import Context
from app.graph.dsl.fields import edge, listing, mutation, node, permission, query
from app.graph.dsl.mutation_input import ByIdInput, MutationInput
from app.graph.dsl.node_types import find
from app.graph.dsl.types import flag, input, member, one_of, output, part, scalar
from app.graph.exemptions.listing import EXEMPTION_LIST
from app.graph.node import Node
from app.graph.requirement_rules.requirement_rule import RequirementRule
from app.graph.workers.person import PersonBy
from app.graph.workers.worker import Worker
from app.workers import queries as workers

READ: dict[str, Any] = {"scope": Scope.COMPLIANCE_READ, "own": True}
WRITE: dict[str, Any] = {"scope": Scope.REQUIREMENTS_WRITE}


@output
class Approver:
    """Who approved an exemption."""

    id: str = scalar("The id of the API key, or the person's subject at their identity provider.", column="approved_by")
    name: str = scalar("Their name at the time.", column="approved_by_name")


@node(queries.exemption_by_id, **READ)
class Exemption(Node):
    """A worker who is let off a rule, or off a credential type in whatever rule, for a time."""

    worker: Worker | None = edge(workers.by_id, "Who is let off.", key="worker_id", scope=Scope.WORKERS_READ, own=True)
    rule: RequirementRule | None = edge(
        queries.rule_by_id, "The rule that they are let off; null when it is a type.", key="rule_id", **READ
    )
    credential_type: CredentialType | None = edge(
        types.by_id,
        "The credential type that they are let off; null when it is a rule.",
        key="credential_type_id",
        scope=None,
    )
    reason: str = scalar("Why.")
    from_date: date = scalar("The first day.", name="from")
    to_date: date | None = scalar("The last day; null while no end is in sight.", name="to")
    approver: Approver = part("Who approved it.")
    revoked: bool = flag("Whether it is taken back.", "revoked_at")
    revoked_at: datetime | None = scalar("When it was taken back, if it is.")
    revision: int = scalar("Grows with each change; send it back as `expectedRevision`.")
    created_at: datetime = scalar("When it was granted.")
    last_updated: datetime = scalar("When it last changed.")
    viewer_can_revoke: bool = permission(
        "Whether you could take it back now.",
        queries.exemption_by_id,
        Scope.REQUIREMENTS_WRITE,
        permissions.revoke,
        reads=permissions.EXEMPTION_READS,
    )


@one_of
class RequirementBy:
    """A rule, or a credential type in whatever rule."""

    rule: strawberry.ID | None = member("By the rule's id.")
    credential_type: str | None = member("By the code of the credential type.")


@input
class ExemptionGrantInput(MutationInput):
    """A worker to let off a rule or a credential type."""

    worker: PersonBy = member("Which worker.", default=...)
    requirement: RequirementBy = member("What they are let off.", default=...)
    reason: str | None = member("Why, in up to 2,000 characters. Required.")
    from_: date | None = member("The first day; today when not given.", name="from")
    to: date | None = member("The last day; none when not given.")


@input
class ExemptionRevokeInput(ByIdInput):
    """An exemption to take back."""


def _exemption(_context: Context, _actor: Actor, id: str) -> Exemption | None:
    return find(queries.exemption_by_id, id)


QUERIES = [
    query("exemption", _exemption, "One exemption; null when there is none.", id=(strawberry.ID, "Its id."), **READ),
    listing("exemptions", queries.exemptions, Exemption, "Who is let off what.", **EXEMPTION_LIST),
]

_ONE: dict[str, Any] = {"exemption": (Exemption, "The exemption as it is now; null when refused.")}
MUTATIONS = [
    mutation(
        "exemptionGrant",
        exemptions.grant,
        ExemptionGrantInput,
        "Lets a worker off a rule or a credential type for a time; you are the approver.",
        **WRITE,
        **_ONE,
    ),
    mutation(
        "exemptionRevoke",
        exemptions.revoke,
        ExemptionRevokeInput,
        "Takes an exemption back, from today on.",
        **WRITE,
        **_ONE,
    ),
]
