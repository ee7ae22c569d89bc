"""How lists of requests are filtered and sorted."""

from enum import StrEnum
from typing import Any

from app.access import Scope
from app.compliance.tables import RaisedBy
from app.credentials.tables import Intake
from app.graph.dsl.filter_inputs import ChoiceFilter, ExactFilter, IDFilter
from app.graph.dsl.sort_inputs import sort_key
from app.graph.dsl.types import enum, input, member


@input
class CredentialRequestWhere:
    """Which requests. All that is given must hold; AND, OR and NOT nest four deep."""

    AND: list["CredentialRequestWhere"] | None = member("All of these must hold.")
    OR: list["CredentialRequestWhere"] | None = member("One of these must hold.")
    NOT: "CredentialRequestWhere | None" = member("This must not hold.")
    worker: IDFilter | None = member("Who is asked.")
    type: ExactFilter | None = member("The code of the credential type that is asked for.")
    rule: IDFilter | None = member("The rule that asked.")
    intake: ChoiceFilter[Intake] | None = member("How far its credential is.")
    raised_by: ChoiceFilter[RaisedBy] | None = member("Whether a rule asked, or a person.")
    open: bool | None = member("Whether it waits, for its worker or for a reviewer.")
    overdue: bool | None = member("Whether its worker has not answered, and its due date has passed.")


class CredentialRequestOrderField(StrEnum):
    """What requests can be sorted by."""

    CREATED_AT = "createdAt"
    DUE_ON = "dueOn"


enum(
    CredentialRequestOrderField,
    CREATED_AT="When it was raised. The default, latest first.",
    DUE_ON="The day it is due; those without one come last.",
)
CredentialRequestOrder = sort_key(CredentialRequestOrderField, "requests")
REQUEST_LIST: dict[str, Any] = {
    "where": CredentialRequestWhere,
    "order": CredentialRequestOrder,
    "scope": Scope.CREDENTIALS_READ,
    "own": True,
}
