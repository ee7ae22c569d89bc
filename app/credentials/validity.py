"""The validity of a credential's dates on a day. Pure; `validity_sql` states the same rule in SQL."""

import calendar
from datetime import date, timedelta

from app.credential_types.tables import CredentialMetadata, CredentialType
from app.credentials.tables import Validity


def validity_on(day: date, issue_date: date | None, expiry_date: date | None, expiring_soon_days: int) -> Validity:
    """Return the validity on a day. A credential is still valid on its expiry date."""
    if issue_date is not None and day < issue_date:
        return Validity.NOT_YET_VALID
    if expiry_date is None:
        return Validity.NO_EXPIRY
    if expiry_date < day:
        return Validity.EXPIRED
    if expiry_date <= day + timedelta(days=expiring_soon_days):
        return Validity.EXPIRING_SOON
    return Validity.VALID


def expected_expiry(credential_type: CredentialType, issue_date: date | None) -> date | None:
    """Return the expiry date that follows from the type's usual validity; None if the type has none."""
    months = credential_type.default_validity_months
    if issue_date is None or months is None or CredentialMetadata.EXPIRY_DATE not in credential_type.supports:
        return None
    years, month = divmod(issue_date.month - 1 + months, 12)
    year, month = issue_date.year + years, month + 1
    return date(year, month, min(issue_date.day, calendar.monthrange(year, month)[1]))
