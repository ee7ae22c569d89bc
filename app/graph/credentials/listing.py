"""How lists of credentials are filtered and sorted."""

from datetime import date
from enum import StrEnum
from typing import Any

import strawberry

from app.access import Scope
from app.credential_types.tables import Category
from app.credentials.tables import Approval, Intake, OwnerType, Validity, VerificationStatus
from app.graph.dsl.filter_inputs import ChoiceFilter, ExactFilter, IDFilter
from app.graph.dsl.scalars import Moment
from app.graph.dsl.sort_inputs import sort_key
from app.graph.dsl.types import enum, input, member
from app.registries.protocol import Eligibility, StatusDetail


@input
class OwnerReference:
    """An owner: its type, and exactly one of id and externalId."""

    type: OwnerType = member("Whether a worker or an applicant.", default=...)
    id: strawberry.ID | None = member("The owner's id.")
    external_id: str | None = member("The owner's id in its system of record.")
    source_system: str | None = member("That system; needed where two share an external id.")


@input
class CredentialWhere:
    """Which credentials. All that is given must hold; AND, OR and NOT nest four deep."""

    AND: list["CredentialWhere"] | None = member("All of these must hold.")
    OR: list["CredentialWhere"] | None = member("One of these must hold.")
    NOT: "CredentialWhere | None" = member("This must not hold.")
    id: IDFilter | None = member("The credential's id.")
    owner: OwnerReference | None = member("Who holds it.")
    type: ExactFilter | None = member("The code of its type, such as `WWCC_NSW`.")
    category: ChoiceFilter[Category] | None = member("The category of its type.")
    jurisdiction: ExactFilter | None = member("Where it counts, such as `NSW`.")
    reference_number: ExactFilter | None = member("The number that the issuer knows it by.")
    status: ChoiceFilter[VerificationStatus] | None = member("Where it stands with its source.")
    eligibility: ChoiceFilter[Eligibility] | None = member("Whether its holder may be engaged.")
    status_detail: ChoiceFilter[StatusDetail] | None = member("What the last check or decision found.")
    validity: ChoiceFilter[Validity] | None = member(
        "What the dates of its effective version mean today; of its latest, when none is effective."
    )
    approval: ChoiceFilter[Approval] | None = member("The approval of its latest version.")
    intake: ChoiceFilter[Intake] | None = member("How it came in.")
    expiring_before: date | None = member("Expires before this day; the expired are among them.")
    updated_after: Moment | None = member("Changed at or after this.")
    updated_before: Moment | None = member("Changed before this.")


class CredentialOrderField(StrEnum):
    """What credentials can be sorted by."""

    LAST_UPDATED = "lastUpdated"
    CREATED_AT = "createdAt"
    EXPIRY_DATE = "expiryDate"
    DISPLAY_NAME = "displayName"


enum(
    CredentialOrderField,
    LAST_UPDATED="When it last changed. The default, latest first.",
    CREATED_AT="When it was added.",
    EXPIRY_DATE="When the version that counts expires; those that never do come last.",
    DISPLAY_NAME="Its name, ignoring case.",
)
CredentialOrder = sort_key(CredentialOrderField, "credentials")
CREDENTIAL_LIST: dict[str, Any] = {
    "where": CredentialWhere,
    "order": CredentialOrder,
    "scope": Scope.CREDENTIALS_READ,
    "own": True,
}
