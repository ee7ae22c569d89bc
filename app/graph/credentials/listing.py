"""Filters and sort keys for lists of credentials."""

from enum import StrEnum
from typing import Any

import strawberry

from app.access import Scope
from app.credential_types.tables import CredentialCategory
from app.credentials.tables import ApprovalStatus, IntakeStatus, OwnerType, Validity, VerificationStatus
from app.graph.dsl.filter_inputs import ChoiceFilter, DateFilter, ExactFilter, IDFilter, InstantFilter, where_input
from app.graph.dsl.sort_inputs import sort_key
from app.graph.dsl.types import enum, input, member
from app.graph.workers.listing import HolderWhere
from app.registries.findings import Eligibility, StatusDetail


@input
class OwnerReference:
    """A reference to an owner: the owner's type, and exactly one of `id` and `externalId`."""

    type: OwnerType = member("The type of owner: a worker or an applicant.", default=...)
    id: strawberry.ID | None = member("The owner's id.")
    external_id: str | None = member("The owner's id in the system of record.")
    source_system: str | None = member("The system of record; required if two systems share the external id.")


@where_input
class CredentialWhere:
    """Filters for credentials."""

    id: IDFilter | None = member("Match the credential's id.")
    owner: OwnerReference | None = member("Match credentials held by this owner.")
    worker: HolderWhere | None = member(
        "Match credentials held by workers that match. This filter needs the scope `WORKERS_READ`."
    )
    type: ExactFilter | None = member("Match the code of the credential type, such as `WWCC_NSW`.")
    category: ChoiceFilter[CredentialCategory] | None = member("Match the category of the credential type.")
    jurisdiction: ExactFilter | None = member("Match the jurisdiction, such as `NSW`.")
    reference_number: ExactFilter | None = member("Match the reference number.")
    status: ChoiceFilter[VerificationStatus] | None = member("Match the status with the issuer or registry.")
    eligibility: ChoiceFilter[Eligibility] | None = member(
        "Match the last finding on whether the holder may be engaged."
    )
    status_detail: ChoiceFilter[StatusDetail] | None = member("Match the finding of the last check or decision.")
    validity: ChoiceFilter[Validity] | None = member(
        "Match the validity today, by the dates of the effective version, or of the latest version if "
        "none is effective."
    )
    approval: ChoiceFilter[ApprovalStatus] | None = member("Match the approval of the latest version.")
    intake: ChoiceFilter[IntakeStatus] | None = member("Match the intake status.")
    issue_date: DateFilter | None = member("Match the issue date of the version in force.")
    expiry_date: DateFilter | None = member("Match the expiry date of the version in force.")
    created_at: InstantFilter | None = member("Match the time of creation.")
    updated_at: InstantFilter | None = member("Match the time of the last change.")
    archived_at: InstantFilter | None = member("Match the time of archiving. Goes with `includeArchived: true`.")
    deleted_at: InstantFilter | None = member("Match the time of deletion. Goes with `includeDeleted: true`.")


class CredentialOrderField(StrEnum):
    """The fields that credentials can be sorted by."""

    UPDATED_AT = "updatedAt"
    CREATED_AT = "createdAt"
    EXPIRY_DATE = "expiryDate"
    DISPLAY_NAME = "displayName"


enum(
    CredentialOrderField,
    UPDATED_AT="Sort by time of last change. The default, latest first.",
    CREATED_AT="Sort by time of creation.",
    EXPIRY_DATE="Sort by expiry date of the effective version. Credentials that never expire come last if ascending, "
    "and first if descending.",
    DISPLAY_NAME="Sort by name, ignoring case and accents.",
)
CredentialOrder = sort_key(CredentialOrderField, "credentials")
CREDENTIAL_LIST: dict[str, Any] = {
    "where": CredentialWhere,
    "order": CredentialOrder,
    "scope": Scope.CREDENTIALS_READ,
    "own": True,
}
