"""Filters and sort keys for lists of requirement rules."""

from datetime import date
from enum import StrEnum
from typing import Any

from app.access import Scope
from app.compliance.tables import RequirementLevel, RequirementSeverity, RuleScope
from app.graph.dsl.filter_inputs import ChoiceFilter, ExactFilter, IDFilter, StringFilter, where_input
from app.graph.dsl.sort_inputs import sort_key
from app.graph.dsl.types import enum, member


@where_input
class RequirementRuleWhere:
    """Filters for requirement rules."""

    name: StringFilter | None = member("Match the name.")
    scope: ChoiceFilter[RuleScope] | None = member("Match the scope.")
    position: IDFilter | None = member("Match the id of the rule's position.")
    org_unit: IDFilter | None = member("Match the id of the rule's org unit.")
    worker: IDFilter | None = member("Match the id of the rule's worker.")
    type: ExactFilter | None = member("Match the code of a credential type among the alternatives.")
    level: ChoiceFilter[RequirementLevel] | None = member("Match the level.")
    severity: ChoiceFilter[RequirementSeverity] | None = member("Match the severity.")
    auto_request: bool | None = member(
        "If true, match rules that raise requests automatically; if false, match the others."
    )
    as_of: date | None = member("Match rules that are in force on this day.")


class RequirementRuleOrderField(StrEnum):
    """The fields that requirement rules can be sorted by."""

    NAME = "name"
    CREATED_AT = "createdAt"


enum(
    RequirementRuleOrderField,
    NAME="Sort by name, ignoring case and accents. The default.",
    CREATED_AT="Sort by time of creation.",
)
RequirementRuleOrder = sort_key(RequirementRuleOrderField, "requirement rules")
RULE_LIST: dict[str, Any] = {
    "where": RequirementRuleWhere,
    "order": RequirementRuleOrder,
    "scope": Scope.COMPLIANCE_READ,
}
