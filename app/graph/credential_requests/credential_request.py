"""The `CredentialRequest` type and its queries."""

from datetime import date, datetime
from typing import Any

import strawberry

from app.access import Actor, Scope
from app.compliance import permissions, queries
from app.compliance.tables import RaisedBy
from app.credential_types import queries as types
from app.credentials import queries as credentials
from app.credentials.tables import IntakeStatus
from app.graph.credential_requests.listing import REQUEST_LIST
from app.graph.credential_types.credential_type import CredentialType
from app.graph.dsl.context import Context
from app.graph.dsl.fields import edge, listing, node, permission, query
from app.graph.dsl.node_types import defer_load
from app.graph.dsl.types import scalar
from app.graph.node import Node
from app.graph.type_references import CREDENTIAL, RULE, WORKER
from app.workers import queries as workers

READ: dict[str, Any] = {"scope": Scope.CREDENTIALS_READ, "own": True}


def can(description: str, rule: Any) -> Any:
    """Declare a `viewerCan…` field of a request."""
    return permission(
        description, queries.request_by_id, Scope.CREDENTIALS_WRITE, rule, reads=permissions.REQUEST_READS
    )


def _guidance(request: Any, credential_type: Any, _context: Context) -> Any:
    return request.guidance or credential_type.instructions


@node(queries.request_by_id, **READ)
class CredentialRequest(Node):
    """A request for a worker to provide a credential. It stays open until the credential is completed or the request is
    cancelled.
    """

    worker: WORKER | None = edge(
        workers.by_id,
        "The worker who was asked for the credential.",
        key="worker_id",
        scope=Scope.WORKERS_READ,
        own=True,
    )
    credential_type: CredentialType | None = edge(
        types.by_id, "The requested credential type.", key="credential_type_id", scope=None
    )
    credential: CREDENTIAL | None = edge(
        credentials.by_id, "The credential to submit; null if it was purged.", key="credential_id", **READ
    )
    rule: RULE | None = edge(
        queries.rule_by_id,
        "The requirement rule that raised the request; null if a person raised it.",
        key="rule_id",
        scope=Scope.COMPLIANCE_READ,
        own=True,
    )
    raised_by: RaisedBy = scalar("The origin of the request: a requirement rule or a person.")
    intake_status: IntakeStatus = scalar("The intake status of the request's credential.", column="status")
    message: str | None = scalar("The message to the worker.")
    guidance: str | None = edge(
        types.by_id,
        "The guidance for the worker about the credential type. Defaults to the type's instructions.",
        key="credential_type_id",
        scope=None,
        value=_guidance,
        reads=("guidance",),
        target_reads=("instructions",),
    )
    due_on: date | None = scalar("The last day for the worker to submit the credential.")
    reminders: int = scalar("The number of reminders sent to the worker.")
    last_reminded_at: datetime | None = scalar("The time of the last reminder.")
    open: bool = scalar(
        "True if the request waits for its worker or for a reviewer.",
        derived=lambda row: row.closed_at is None,
        reads=("closed_at",),
    )
    closed_at: datetime | None = scalar("The time the request was completed or cancelled; null if it is open.")
    revision: int = scalar(
        "The request's revision, which increases with each change. Send it back as `expectedRevision`."
    )
    created_at: datetime = scalar("The time the request was raised.")
    updated_at: datetime = scalar("The time of the last change.")
    viewer_can_remind: bool = can("True if the viewer can remind the worker now.", permissions.remind_or_cancel)
    viewer_can_cancel: bool = can("True if the viewer can cancel the request now.", permissions.remind_or_cancel)
    viewer_can_resend: bool = can("True if the viewer can resend the request now.", permissions.resend)


def _request(_context: Context, _actor: Actor, id: str) -> CredentialRequest | None:
    return defer_load(queries.request_by_id, id)


QUERIES = [
    query(
        "credentialRequest",
        _request,
        "Look up a request by id; null if there is none.",
        id=(strawberry.ID, "The request's id."),
        **READ,
    ),
    listing(
        "credentialRequests",
        queries.requests,
        CredentialRequest,
        "List the organization's requests for credentials, open and closed.",
        **REQUEST_LIST,
    ),
]
