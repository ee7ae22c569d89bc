"""The writable fields of a credential type."""

import re
from collections.abc import Sequence

import re2

from app.core import fields
from app.core.fields import InputField, InputFields
from app.core.text import fold
from app.credential_types.tables import CreationPolicy, CredentialMetadata, CredentialType

_CODE = re.compile(r"[A-Z][A-Z0-9_]{1,63}")
_MAX_PATTERN_MEMORY = 1 << 20  # bytes; a larger program is refused, so that a pattern cannot exhaust memory
ALL_METADATA = [member.value for member in CredentialMetadata]


def _code(value: str) -> str:
    if not _CODE.fullmatch(value):
        raise ValueError("is not 2 to 64 capital letters, digits and underscores, starting with a letter")
    return value


def _pattern(value: str) -> str:
    if len(value) > 200:
        raise ValueError("is longer than 200 characters")
    try:
        compile_pattern(value)
    except re2.error:
        raise ValueError("is not a regular expression in RE2 syntax") from None
    return value


def _members(value: Sequence[CredentialMetadata]) -> list[str]:
    return [member for member in ALL_METADATA if member in {item.value for item in value}]


def compile_pattern(pattern: str) -> "re2._Regexp":
    """Return the compiled pattern. RE2 matches in time linear in the text, whatever pattern a tenant writes."""
    options = re2.Options()
    options.case_sensitive = False
    options.max_mem = _MAX_PATTERN_MEMORY
    options.log_errors = False
    return re2.compile(pattern, options)


FIELDS = InputFields(
    (
        fields.text("name", "name", required=True),
        fields.choice("category", "category", required=True),
        fields.identifier("jurisdiction", "jurisdiction", max_length=50),
        fields.text("issuingAuthority", "issuing_authority"),
        fields.text("instructions", "instructions", max_length=2_000),
        fields.identifier("verificationSource", "verification_source", max_length=100),
        InputField(("supports",), "supports", _members, default=ALL_METADATA),
        InputField(("requires",), "requires", _members, default=[]),
        InputField(("referenceNumberPattern",), "reference_number_pattern", _pattern),
        fields.integer("defaultValidityMonths", "default_validity_months", minimum=1, maximum=600),
        fields.integer("expiringSoonDays", "expiring_soon_days", minimum=0, maximum=365),
        fields.integer("verificationIntervalDays", "verification_interval_days", minimum=1, maximum=365),
        fields.boolean("approvalRequired", "approval_required", default=False),
        fields.choice("creationPolicy", "creation_policy", default=CreationPolicy.OPEN),
    )
)
CODE = InputField(("code",), "code", _code, required=True)
NEW_FIELDS = InputFields((CODE, *FIELDS.all))


def refresh_search_columns(credential_type: CredentialType) -> None:
    """Recompute the columns that a type is sorted and searched by."""
    credential_type.name_key = fold(credential_type.name)
    credential_type.search_text = "\n".join(
        fold(value)
        for value in (
            credential_type.name,
            credential_type.code,
            credential_type.issuing_authority,
            credential_type.jurisdiction,
        )
        if value
    )
