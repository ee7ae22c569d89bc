"""Filters and sort keys for lists of requests."""

from enum import StrEnum
from typing import Any

from app.access import Scope
from app.compliance.tables import RaisedBy
from app.credentials.tables import IntakeStatus
from app.graph.dsl.filter_inputs import ChoiceFilter, ExactFilter, IDFilter, where_input
from app.graph.dsl.sort_inputs import sort_key
from app.graph.dsl.types import enum, member


@where_input
class CredentialRequestWhere:
    """Filters for requests."""

    worker: IDFilter | None = member("Match the id of the worker.")
    type: ExactFilter | None = member("Match the code of the requested credential type.")
    rule: IDFilter | None = member("Match the id of the rule that raised the request.")
    intake: ChoiceFilter[IntakeStatus] | None = member("Match the intake status of the request's credential.")
    raised_by: ChoiceFilter[RaisedBy] | None = member(
        "Match the origin of the request: a requirement rule or a person."
    )
    open: bool | None = member(
        "If true, match requests that wait for their worker or a reviewer; if false, match closed requests."
    )
    overdue: bool | None = member(
        "If true, match requests that are unanswered after their due date; if false, match all others."
    )


class CredentialRequestOrderField(StrEnum):
    """The fields that requests can be sorted by."""

    CREATED_AT = "createdAt"
    DUE_ON = "dueOn"


enum(
    CredentialRequestOrderField,
    CREATED_AT="Sort by time of creation. The default, latest first.",
    DUE_ON="Sort by due date. Requests without one come last if ascending, and first if descending.",
)
CredentialRequestOrder = sort_key(CredentialRequestOrderField, "requests")
REQUEST_LIST: dict[str, Any] = {
    "where": CredentialRequestWhere,
    "order": CredentialRequestOrder,
    "scope": Scope.CREDENTIALS_READ,
    "own": True,
}
