"""What can be written of a credential type."""

import re
from collections.abc import Sequence

import re2

from app.core import fields
from app.core.fields import Field, Fields
from app.core.text import fold
from app.credential_types.tables import CreationPolicy, CredentialType, Metadata

_CODE = re.compile(r"[A-Z][A-Z0-9_]{1,63}")
_MOST_MEMORY = 1 << 20
ALL = [member.value for member in Metadata]


def _code(value: str) -> str:
    if not _CODE.fullmatch(value):
        raise ValueError("is not 2 to 64 capital letters, digits and underscores, starting with a letter")
    return value


def _pattern(value: str) -> str:
    if len(value) > 200:
        raise ValueError("is longer than 200 characters")
    try:
        compiled(value)
    except re2.error:
        raise ValueError("is not a regular expression of RE2's syntax") from None
    return value


def _members(value: Sequence[Metadata]) -> list[str]:
    return [member for member in ALL if member in {item.value for item in value}]


def compiled(pattern: str) -> "re2._Regexp":
    """A pattern ready to match. RE2 takes time linear in the text, whatever pattern a tenant writes."""
    options = re2.Options()
    options.case_sensitive = False
    options.max_mem = _MOST_MEMORY
    options.log_errors = False
    return re2.compile(pattern, options)


FIELDS = Fields(
    (
        fields.text("name", "name", required=True),
        fields.choice("category", "category", required=True),
        fields.text("jurisdiction", "jurisdiction", longest=50),
        fields.text("issuingAuthority", "issuing_authority"),
        fields.text("instructions", "instructions", longest=2_000),
        fields.text("verificationSource", "verification_source", longest=100),
        Field(("supports",), "supports", _members, default=ALL),
        Field(("requires",), "requires", _members, default=[]),
        Field(("referenceNumberPattern",), "reference_number_pattern", _pattern),
        fields.whole("defaultValidityMonths", "default_validity_months", least=1, most=600),
        fields.whole("expiringSoonDays", "expiring_soon_days", least=0, most=365),
        fields.whole("verificationIntervalDays", "verification_interval_days", least=1, most=365),
        fields.flag("approvalRequired", "approval_required", default=False),
        fields.choice("creationPolicy", "creation_policy", default=CreationPolicy.OPEN),
    )
)
CODE = Field(("code",), "code", _code, required=True)
NEW = Fields((CODE, *FIELDS.all))


def refresh(kind: CredentialType) -> None:
    """Bring the columns that a type is sorted and searched by in line with the rest."""
    kind.name_key = fold(kind.name)
    kind.search_text = "\n".join(
        fold(value) for value in (kind.name, kind.code, kind.issuing_authority, kind.jurisdiction) if value
    )
