"""What can be written of a credential, and which of it belongs to its latest version."""

from datetime import datetime
from typing import Any

from app.core import fields
from app.core.errors import DomainError, Invalid, Refused, Required, UnsupportedMetadata
from app.core.fields import Fields, Given, at
from app.core.text import fold
from app.credential_types import fields as type_fields
from app.credential_types.tables import CredentialType, Metadata
from app.credentials.tables import Credential

FIELDS = Fields(
    (
        fields.text("identification.displayName", "display_name", required=True),
        fields.text("identification.referenceNumber", "reference_number", longest=100),
        fields.text("issuing.issuingAuthority", "issuing_authority"),
        fields.text("issuing.jurisdiction", "jurisdiction", longest=50),
        fields.day("issuing.issueDate", "issue_date"),
        fields.day("issuing.expiryDate", "expiry_date"),
        fields.choice("verification.status", "status", required=True),
        fields.choice("verification.eligibility", "eligibility"),
        fields.flag("verification.isVerifiable", "is_verifiable"),
    )
)
VERSIONED = ("reference_number", "issuing_authority", "issue_date", "expiry_date")
VERSIONED_PATHS = frozenset(field.name for field in FIELDS.all if field.column in VERSIONED)
METADATA = {
    Metadata.REFERENCE_NUMBER: ("reference_number", ("identification", "referenceNumber")),
    Metadata.ISSUE_DATE: ("issue_date", ("issuing", "issueDate")),
    Metadata.EXPIRY_DATE: ("expiry_date", ("issuing", "expiryDate")),
}
STANDING = {
    "verification.status": "status",
    "verification.eligibility": "eligibility",
    "verification.statusDetail": "status_detail",
    "intake.status": "intake",
    "issuing.expiryDate": "expiry_date",
}
"""What checks and decisions change of a credential."""
DECISION = {"approval.status": "approval", "approval.reason": "reason", "approval.notes": "notes"}
"""What decisions change of a version."""
TYPE_CODE = ("identification", "credentialType")
CATEGORY = ("identification", "category")


def missing(given: Given) -> list[DomainError]:
    """The required facts about the type that are not given, and the number, while the type cannot tell."""
    needed = [TYPE_CODE, CATEGORY]
    if _blank(given, TYPE_CODE):
        needed.append(METADATA[Metadata.REFERENCE_NUMBER][1])
    return [Required(*path) for path in needed if _blank(given, path)]


def _blank(given: Given, path: tuple[str, ...]) -> bool:
    _, value = at(given, path)
    return value is None or (isinstance(value, str) and not value.strip())


def fill(kind: CredentialType, values: dict[str, Any]) -> None:
    """Let what is left out or cleared be as the type says, where the type says it."""
    usual = {
        "issuing_authority": kind.issuing_authority,
        "jurisdiction": kind.jurisdiction,
        "is_verifiable": kind.verification_source is not None,
    }
    for column, value in usual.items():
        if column in values and values[column] is None:
            values[column] = value


def check(kind: CredentialType, values: dict[str, Any], given: dict[str, Any], *, flat: bool = False) -> None:
    """Refuse facts that the type does not take, lack of what it requires, and dates in the wrong order.

    `values` are all of the credential's columns as they would be, `given` those that the caller wrote. A reference
    number is required wherever the type supports one. In a flat input the facts lie at the top, not in groups.
    """
    required = {*kind.requires, Metadata.REFERENCE_NUMBER} & set(kind.supports)
    paths = {column: path[-1:] if flat else path for column, path in METADATA.values()}
    errors: list[DomainError] = []
    for member, (column, _) in METADATA.items():
        name = ".".join(paths[column])
        if given.get(column) is not None and member not in kind.supports:
            errors.append(UnsupportedMetadata(f"{name}: {kind.code} does not support it", paths[column]))
        elif column in given and given[column] is None and member in required:
            errors.append(Required(*paths[column]))
    reference, pattern = given.get("reference_number"), kind.reference_number_pattern
    if reference is not None and pattern and not type_fields.compiled(pattern).fullmatch(reference):
        path = paths["reference_number"]
        errors.append(Invalid(f"{'.'.join(path)} does not look like a number of {kind.code}", path))
    issued, expires = values.get("issue_date"), values.get("expiry_date")
    if issued is not None and expires is not None and expires < issued:
        path = paths["expiry_date"]
        errors.append(Invalid(f"{'.'.join(path)} is before {'.'.join(paths['issue_date'])}", path))
    if given.get("is_verifiable") and kind.verification_source is None:
        path = ("verification", "isVerifiable")
        errors.append(Invalid(f"{'.'.join(path)}: no registry verifies {kind.code}", path))
    if errors:
        raise Refused(errors)


def grow(credential: Credential, now: datetime) -> None:
    """Note that a credential changed, and bring the columns that it is sorted and searched by in line."""
    refresh(credential)
    credential.revision += 1
    credential.last_updated = now


def refresh(credential: Credential) -> None:
    """Bring the columns that a credential is sorted and searched by in line with the rest."""
    credential.display_name_key = fold(credential.display_name)
    searched = (credential.display_name, credential.reference_number, credential.type_code)
    credential.search_text = "\n".join(fold(value) for value in searched if value)
