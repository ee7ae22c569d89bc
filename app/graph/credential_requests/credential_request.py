"""Requests for credentials in the graph."""

from datetime import date, datetime
from typing import Any

import strawberry

from app.access import Actor, Scope
from app.compliance import permissions, queries
from app.compliance.tables import RaisedBy
from app.credential_types import queries as types
from app.credentials import queries as credentials
from app.credentials.tables import Intake
from app.graph.credential_requests.listing import REQUEST_LIST
from app.graph.credential_types.credential_type import CredentialType
from app.graph.dsl.context import Context
from app.graph.dsl.fields import edge, listing, node, permission, query
from app.graph.dsl.node_types import find
from app.graph.dsl.types import scalar
from app.graph.node import Node
from app.graph.references import CREDENTIAL, RULE, WORKER
from app.workers import queries as workers

READ: dict[str, Any] = {"scope": Scope.CREDENTIALS_READ, "own": True}


def can(description: str, rule: Any) -> Any:
    """Whether the caller could do something to the request."""
    return permission(
        description, queries.request_by_id, Scope.CREDENTIALS_WRITE, rule, reads=permissions.REQUEST_READS
    )


def _guidance(request: Any, kind: Any, _context: Context) -> Any:
    return request.guidance or kind.instructions


@node(queries.request_by_id, **READ)
class CredentialRequest(Node):
    """A worker asked for a credential. It is open until its credential is settled, or nobody asks any more."""

    worker: WORKER | None = edge(workers.by_id, "Who is asked.", key="worker_id", scope=Scope.WORKERS_READ, own=True)
    credential_type: CredentialType | None = edge(
        types.by_id, "What they are asked for.", key="credential_type_id", scope=None
    )
    credential: CREDENTIAL | None = edge(
        credentials.by_id, "The credential to submit; null when it was purged.", key="credential_id", **READ
    )
    rule: RULE | None = edge(
        queries.rule_by_id,
        "The rule that asked; null when a person did.",
        key="rule_id",
        scope=Scope.COMPLIANCE_READ,
        own=True,
    )
    raised_by: RaisedBy = scalar("Whether a rule asked, or a person.")
    status: Intake = scalar("How far its credential is.")
    message: str | None = scalar("What the worker is told.")
    guidance: str | None = edge(
        types.by_id,
        "What the worker is told about this type: as the request says, or else the type's instructions.",
        key="credential_type_id",
        scope=None,
        value=_guidance,
        reads=("guidance",),
        of=("instructions",),
    )
    due_on: date | None = scalar("The day by which it is to be submitted.")
    reminders: int = scalar("How often its worker was reminded.")
    last_reminded_at: datetime | None = scalar("When they last were.")
    open: bool = scalar(
        "Whether it waits, for its worker or for a reviewer.",
        derived=lambda row: row.closed_at is None,
        reads=("closed_at",),
    )
    closed_at: datetime | None = scalar("When it was settled or cancelled, if it is.")
    revision: int = scalar("Grows with each change; send it back as `expectedRevision`.")
    created_at: datetime = scalar("When it was raised.")
    last_updated: datetime = scalar("When it last changed.")
    viewer_can_remind: bool = can("Whether you could remind its worker now.", permissions.pursue)
    viewer_can_cancel: bool = can("Whether you could cancel it now.", permissions.pursue)
    viewer_can_resend: bool = can("Whether you could raise it again now.", permissions.resend)


def _request(_context: Context, _actor: Actor, id: str) -> CredentialRequest | None:
    return find(queries.request_by_id, id)


QUERIES = [
    query(
        "credentialRequest",
        _request,
        "One request; null when there is none.",
        id=(strawberry.ID, "Its id."),
        **READ,
    ),
    listing(
        "credentialRequests",
        queries.requests,
        CredentialRequest,
        "Which workers are and were asked for what.",
        **REQUEST_LIST,
    ),
]
