"""Filters and sort keys for lists of exemptions."""

from datetime import date
from enum import StrEnum
from typing import Any

from app.access import Scope
from app.graph.dsl.filter_inputs import ExactFilter, IDFilter, where_input
from app.graph.dsl.sort_inputs import sort_key
from app.graph.dsl.types import enum, member


@where_input
class ExemptionWhere:
    """Filters for exemptions."""

    worker: IDFilter | None = member("Match the id of the exempt worker.")
    rule: IDFilter | None = member("Match the id of the rule.")
    type: ExactFilter | None = member("Match the code of the credential type.")
    as_of: date | None = member("Match exemptions that are in force on this day and not revoked.")
    revoked: bool | None = member("If true, match revoked exemptions; if false, match the others.")


class ExemptionOrderField(StrEnum):
    """The fields that exemptions can be sorted by."""

    CREATED_AT = "createdAt"


enum(ExemptionOrderField, CREATED_AT="Sort by time of creation. The default, latest first.")
ExemptionOrder = sort_key(ExemptionOrderField, "exemptions")
EXEMPTION_LIST: dict[str, Any] = {
    "where": ExemptionWhere,
    "order": ExemptionOrder,
    "scope": Scope.COMPLIANCE_READ,
    "own": True,
}
