"""The `Exemption` type, its queries and its mutations."""

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
from app.graph.dsl.node_types import defer_load
from app.graph.dsl.types import embedded, flag, input, member, one_of, output, scalar
from app.graph.exemptions.listing import EXEMPTION_LIST
from app.graph.node import Node
from app.graph.requirement_rules.requirement_rule import RequirementRule
from app.graph.workers.person import WorkerBy
from app.graph.workers.worker import Worker
from app.workers import queries as workers

READ: dict[str, Any] = {"scope": Scope.COMPLIANCE_READ, "own": True}
WRITE: dict[str, Any] = {"scope": Scope.REQUIREMENTS_WRITE}


@output
class Approver:
    """The person or program that granted an exemption."""

    id: str = scalar("The id of the API key, or the person's subject at the identity provider.", column="approved_by")
    name: str = scalar("The approver's name at that time.", column="approved_by_name")


@node(queries.exemption_by_id, **READ)
class Exemption(Node):
    """A worker's exemption from a requirement rule, or from a credential type in any rule, for a period."""

    worker: Worker | None = edge(
        workers.by_id, "The exempt worker.", key="worker_id", scope=Scope.WORKERS_READ, own=True
    )
    rule: RequirementRule | None = edge(
        queries.rule_by_id,
        "The rule that the worker is exempt from; null if the exemption is for a credential type.",
        key="rule_id",
        **READ,
    )
    credential_type: CredentialType | None = edge(
        types.by_id,
        "The credential type that the worker is exempt from; null if the exemption is for a rule.",
        key="credential_type_id",
        scope=None,
    )
    reason: str = scalar("The reason for the exemption.")
    starts_on: date = scalar("The first day of the exemption.", column="from_date")
    ends_on: date | None = scalar("The last day of the exemption; null if it is open-ended.", column="to_date")
    approver: Approver = embedded("The person or program that granted the exemption.")
    revoked: bool = flag("True if the exemption is revoked.", "revoked_at")
    revoked_at: datetime | None = scalar("The time of revocation; null if the exemption is not revoked.")
    revision: int = scalar(
        "The exemption's revision, which increases with each change. Send it back as `expectedRevision`."
    )
    created_at: datetime = scalar("The time the exemption was granted.")
    updated_at: datetime = scalar("The time of the last change.")
    viewer_can_revoke: bool = permission(
        "True if the viewer can revoke the exemption now.",
        queries.exemption_by_id,
        Scope.REQUIREMENTS_WRITE,
        permissions.revoke,
        policy=True,
        reads=permissions.EXEMPTION_READS,
    )


@one_of
class RequirementBy:
    """A reference to a requirement: a rule, or a credential type in any rule."""

    rule: strawberry.ID | None = member("The rule's id.")
    credential_type: str | None = member("The code of the credential type.")


@input
class ExemptionGrantInput(MutationInput):
    """The worker, and the rule or credential type to exempt them from."""

    worker: WorkerBy = member("The worker to exempt.", default=...)
    requirement: RequirementBy = member("The rule or credential type to exempt the worker from.", default=...)
    reason: str | None = member("The reason for the exemption, up to 2,000 characters. Required.")
    starts_on: date | None = member("The first day. Defaults to today.")
    ends_on: date | None = member("The last day. Open-ended by default.")


@input
class ExemptionRevokeInput(ByIdInput):
    """The exemption to revoke."""


def _exemption(_context: Context, _actor: Actor, id: str) -> Exemption | None:
    return defer_load(queries.exemption_by_id, id)


QUERIES = [
    query(
        "exemption",
        _exemption,
        "Look up an exemption by id; null if there is none.",
        id=(strawberry.ID, "The exemption's id."),
        **READ,
    ),
    listing("exemptions", queries.exemptions, Exemption, "List the organization's exemptions.", **EXEMPTION_LIST),
]

EXEMPTION_PAYLOAD: dict[str, Any] = {"exemption": (Exemption, "The exemption after the mutation; null if refused.")}
MUTATIONS = [
    mutation(
        "exemptionGrant",
        exemptions.grant,
        ExemptionGrantInput,
        "Exempt a worker from a rule or a credential type for a period. The viewer becomes the approver.",
        **WRITE,
        **EXEMPTION_PAYLOAD,
    ),
    mutation(
        "exemptionRevoke",
        exemptions.revoke,
        ExemptionRevokeInput,
        "Revoke an exemption, from today on.",
        **WRITE,
        **EXEMPTION_PAYLOAD,
    ),
]
