"""Reads of verification attempts."""

from sqlmodel import col

from app.credentials.verification.tables import VerificationAttempt
from app.lists import filters
from app.lists.listings import Listing, Lookup

by_id = Lookup(VerificationAttempt, col(VerificationAttempt.id))
listing = Listing(
    VerificationAttempt,
    filters={
        "outcome": filters.exact(col(VerificationAttempt.outcome)),
        "trigger": filters.exact(col(VerificationAttempt.trigger)),
        "registry": filters.exact(col(VerificationAttempt.source)),
    },
    orders={"requestedAt": col(VerificationAttempt.requested_at)},
    default_order=(("requestedAt", True),),
)
by_credential = listing.per_parent(col(VerificationAttempt.credential_id))
