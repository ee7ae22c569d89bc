"""How lists of requirement rules are filtered and sorted."""

from datetime import date
from enum import StrEnum
from typing import Any

from app.access import Scope
from app.compliance.tables import Level, RuleScope, Severity
from app.graph.dsl.filter_inputs import ChoiceFilter, ExactFilter, IDFilter, StringFilter
from app.graph.dsl.sort_inputs import sort_key
from app.graph.dsl.types import enum, input, member


@input
class RequirementRuleWhere:
    """Which rules. All that is given must hold; AND, OR and NOT nest four deep."""

    AND: list["RequirementRuleWhere"] | None = member("All of these must hold.")
    OR: list["RequirementRuleWhere"] | None = member("One of these must hold.")
    NOT: "RequirementRuleWhere | None" = member("This must not hold.")
    name: StringFilter | None = member("Its name.")
    scope: ChoiceFilter[RuleScope] | None = member("Of whom it asks something.")
    position: IDFilter | None = member("The position that it is for.")
    org_unit: IDFilter | None = member("The org unit that it is for.")
    worker: IDFilter | None = member("The worker that it is for.")
    type: ExactFilter | None = member("The code of a credential type that it asks for.")
    level: ChoiceFilter[Level] | None = member("Whether standing depends on it.")
    severity: ChoiceFilter[Severity] | None = member("How bad it is when it is not met.")
    auto_request: bool | None = member("Whether it raises requests by itself.")
    effective_on: date | None = member("In force on this day.")


class RequirementRuleOrderField(StrEnum):
    """What requirement rules can be sorted by."""

    NAME = "name"
    CREATED_AT = "createdAt"


enum(
    RequirementRuleOrderField,
    NAME="The name, ignoring case. The default.",
    CREATED_AT="When it was added.",
)
RequirementRuleOrder = sort_key(RequirementRuleOrderField, "requirement rules")
RULE_LIST: dict[str, Any] = {
    "where": RequirementRuleWhere,
    "order": RequirementRuleOrder,
    "scope": Scope.COMPLIANCE_READ,
}
