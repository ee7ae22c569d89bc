"""Reads of credential types."""

from sqlmodel import col

from app.credential_types.tables import CredentialType
from app.lists import filters
from app.lists.listings import Listing, Lookup

by_id = Lookup(CredentialType, col(CredentialType.id))
by_code = Lookup(CredentialType, col(CredentialType.code))
listing = Listing(
    CredentialType,
    filters={
        "code": filters.exact(col(CredentialType.code)),
        "category": filters.exact(col(CredentialType.category)),
        "jurisdiction": filters.exact(col(CredentialType.jurisdiction)),
        "verificationSource": filters.exact(col(CredentialType.verification_source)),
        "verifiable": filters.timeless(
            lambda value, _actor: (
                col(CredentialType.verification_source).is_not(None)
                if value
                else col(CredentialType.verification_source).is_(None)
            )
        ),
        "approvalRequired": filters.timeless(lambda value, _actor: col(CredentialType.approval_required).is_(value)),
    },
    orders={
        "name": col(CredentialType.name_key),
        "code": col(CredentialType.code),
        "createdAt": col(CredentialType.created_at),
        "updatedAt": col(CredentialType.updated_at),
    },
    default_order=(("name", False),),
    search=filters.words(col(CredentialType.search_text)),
    default_conditions={"archived": col(CredentialType.archived_at).is_(None)},
)
