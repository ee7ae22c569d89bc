"""The writable fields of a credential, and the checks of its facts against its type."""

from datetime import datetime
from typing import Any

from app.core import fields
from app.core.errors import DomainError, DomainErrorGroup, Invalid, Required, UnsupportedMetadata
from app.core.fields import Input, InputFields, value_at
from app.core.text import fold, is_blank
from app.credential_types import fields as type_fields
from app.credential_types.tables import CredentialMetadata, CredentialType
from app.credentials.tables import Credential
from app.db import row_access

FIELDS = InputFields(
    (
        fields.text("identification.displayName", "display_name", required=True),
        fields.identifier("identification.referenceNumber", "reference_number", max_length=100),
        fields.text("issuing.issuingAuthority", "issuing_authority"),
        fields.identifier("issuing.jurisdiction", "jurisdiction", max_length=50),
        fields.day("issuing.issueDate", "issue_date"),
        fields.day("issuing.expiryDate", "expiry_date"),
        fields.choice("verification.status", "status", required=True),
        fields.choice("verification.eligibility", "eligibility"),
        fields.boolean("verification.verifiable", "is_verifiable"),
    )
)
COMMENT_FIELDS = InputFields(
    (
        fields.text("reason", "reason", max_length=500),
        fields.text("notes", "notes", max_length=4_000),
    )
)
"""The comments on a decision."""
VERSION_COLUMNS = ("reference_number", "issuing_authority", "issue_date", "expiry_date")
"""The facts that a credential shares with its latest version."""
VERSION_PATHS = frozenset(field.name for field in FIELDS.all if field.column in VERSION_COLUMNS)
METADATA_FIELDS = {
    CredentialMetadata.REFERENCE_NUMBER: ("reference_number", ("identification", "referenceNumber")),
    CredentialMetadata.ISSUE_DATE: ("issue_date", ("issuing", "issueDate")),
    CredentialMetadata.EXPIRY_DATE: ("expiry_date", ("issuing", "expiryDate")),
}
STATUS_FIELDS = {
    "verification.status": "status",
    "verification.eligibility": "eligibility",
    "verification.statusDetail": "status_detail",
    "intake.status": "intake",
    "issuing.expiryDate": "expiry_date",
}
"""The columns of a credential that checks and decisions change, by public path."""
DECISION_FIELDS = {"approval.status": "approval", "approval.reason": "reason", "approval.notes": "notes"}
"""The columns of a version that decisions change, by public path."""
TYPE_CODE = ("identification", "credentialType")
CATEGORY = ("identification", "category")


def missing_required(input: Input) -> list[DomainError]:
    """Return a refusal for each required field that is absent.

    The reference number is among them if the type is absent too, which would say whether it is required.
    """
    needed = [TYPE_CODE, CATEGORY]
    if _is_blank(input, TYPE_CODE):
        needed.append(METADATA_FIELDS[CredentialMetadata.REFERENCE_NUMBER][1])
    return [Required(*path) for path in needed if _is_blank(input, path)]


def _is_blank(input: Input, path: tuple[str, ...]) -> bool:
    _, value = value_at(input, path)
    return value is None or (isinstance(value, str) and is_blank(value))


def fill_defaults(credential_type: CredentialType, values: dict[str, Any]) -> None:
    """Set absent or cleared columns to the type's defaults, where the type has them."""
    defaults = {
        "issuing_authority": credential_type.issuing_authority,
        "jurisdiction": credential_type.jurisdiction,
        "is_verifiable": credential_type.verification_source is not None,
    }
    for column, value in defaults.items():
        if column in values and values[column] is None:
            values[column] = value


def fit_jurisdiction(credential_type: CredentialType, stated: dict[str, Any]) -> None:
    """Write a stated jurisdiction as the type does. Raises Invalid if the type has another one."""
    jurisdiction, expected = stated.get("jurisdiction"), credential_type.jurisdiction
    if jurisdiction is None or expected is None:
        return
    if jurisdiction.casefold() != expected.casefold():
        path = ("issuing", "jurisdiction")
        raise Invalid(f"{'.'.join(path)}: {credential_type.code} has the jurisdiction {expected}", path)
    stated["jurisdiction"] = expected


def check(
    credential_type: CredentialType, values: dict[str, Any], stated: dict[str, Any], *, flat: bool = False
) -> None:
    """Refuse unsupported facts, missing required facts and dates in the wrong order.

    `values` holds all of the credential's columns after the change, `stated` those that the caller wrote. A reference
    number is required wherever the type supports one. In a `flat` input the facts lie at the top, not in groups.
    Raises DomainErrorGroup with every refusal.
    """
    required = {*credential_type.requires, CredentialMetadata.REFERENCE_NUMBER} & set(credential_type.supports)
    paths = {column: path[-1:] if flat else path for column, path in METADATA_FIELDS.values()}
    errors: list[DomainError] = []
    for member, (column, _) in METADATA_FIELDS.items():
        name = ".".join(paths[column])
        if stated.get(column) is not None and member not in credential_type.supports:
            errors.append(UnsupportedMetadata(f"{name}: {credential_type.code} does not support it", paths[column]))
        elif column in stated and stated[column] is None and member in required:
            errors.append(Required(*paths[column]))
    reference, pattern = stated.get("reference_number"), credential_type.reference_number_pattern
    if reference is not None and pattern and not type_fields.compile_pattern(pattern).fullmatch(reference):
        path = paths["reference_number"]
        errors.append(Invalid(f"{'.'.join(path)}: does not match the number pattern of {credential_type.code}", path))
    issued, expires = values.get("issue_date"), values.get("expiry_date")
    if issued is not None and expires is not None and expires < issued:
        path = paths["expiry_date"]
        errors.append(Invalid(f"{'.'.join(path)}: must not be before {'.'.join(paths['issue_date'])}", path))
    if stated.get("is_verifiable") and credential_type.verification_source is None:
        path = ("verification", "verifiable")
        errors.append(Invalid(f"{'.'.join(path)}: no registry verifies {credential_type.code}", path))
    if errors:
        raise DomainErrorGroup(errors)


def touch(credential: Credential, now: datetime) -> None:
    """Count a change of a credential and refresh the columns that it is sorted and searched by."""
    refresh_search_columns(credential)
    row_access.touch(credential, now)


def refresh_search_columns(credential: Credential) -> None:
    """Recompute the columns that a credential is sorted and searched by."""
    credential.display_name_key = fold(credential.display_name)
    searched = (credential.display_name, credential.reference_number, credential.type_code)
    credential.search_text = "\n".join(fold(value) for value in searched if value)
