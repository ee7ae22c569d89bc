"""How lists of exemptions are filtered and sorted."""

from datetime import date
from enum import StrEnum
from typing import Any

from app.access import Scope
from app.graph.dsl.filter_inputs import ExactFilter, IDFilter
from app.graph.dsl.sort_inputs import sort_key
from app.graph.dsl.types import enum, input, member


@input
class ExemptionWhere:
    """Which exemptions. All that is given must hold; AND, OR and NOT nest four deep."""

    AND: list["ExemptionWhere"] | None = member("All of these must hold.")
    OR: list["ExemptionWhere"] | None = member("One of these must hold.")
    NOT: "ExemptionWhere | None" = member("This must not hold.")
    worker: IDFilter | None = member("Who is let off.")
    rule: IDFilter | None = member("The rule that they are let off.")
    type: ExactFilter | None = member("The code of the credential type that they are let off.")
    on: date | None = member("In force on this day, and not revoked.")
    is_revoked: bool | None = member("Whether it is taken back.")


class ExemptionOrderField(StrEnum):
    """What exemptions can be sorted by."""

    CREATED_AT = "createdAt"


enum(ExemptionOrderField, CREATED_AT="When it was granted. The default, latest first.")
ExemptionOrder = sort_key(ExemptionOrderField, "exemptions")
EXEMPTION_LIST: dict[str, Any] = {
    "where": ExemptionWhere,
    "order": ExemptionOrder,
    "scope": Scope.COMPLIANCE_READ,
    "own": True,
}
