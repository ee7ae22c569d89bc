"""Reads of the files of credentials."""

from dataclasses import replace

from sqlalchemy import or_, select
from sqlmodel import col

from app.credentials.files.tables import Attachment
from app.credentials.tables import Credential
from app.lists.listings import Listing, Lookup

by_id = Lookup(Attachment, col(Attachment.id))
_uploaded = col(Attachment.uploaded_at).is_not(None)
listing = Listing(
    Attachment,
    filters={},
    orders={"createdAt": col(Attachment.created_at)},
    default_order=(("createdAt", False),),
    base_condition=_uploaded,
)
by_version = listing.per_parent(col(Attachment.version_id))
_latest_version = (
    select(col(Credential.latest_version_id))
    .where(
        col(Credential.organization_id) == col(Attachment.organization_id),
        col(Credential.id) == col(Attachment.credential_id),
    )
    .correlate(Attachment)
    .scalar_subquery()
)
by_credential = replace(
    listing,
    base_condition=_uploaded & or_(col(Attachment.version_id).is_(None), col(Attachment.version_id) == _latest_version),
).per_parent(col(Attachment.credential_id))
"""The files of a credential's latest version, and those that wait to be submitted."""
