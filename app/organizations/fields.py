"""Writable settings of an organization."""

from functools import cache
from zoneinfo import available_timezones

from app.core import fields
from app.core.fields import InputFields

MAX_REMINDERS = 12  # reminders of one expiry date
MACHINE_ZONES = frozenset({"Factory", "localtime"})
"""Names that a time zone database may list for the setting of the machine, which are no places."""


def parse_time_zone(value: str) -> str:
    """Return a time zone of the IANA database. Raises ValueError."""
    if value not in _time_zones():
        raise ValueError("is not a time zone of the IANA database, such as Australia/Sydney")
    return value


@cache
def _time_zones() -> frozenset[str]:
    # Cached, because listing the time zones reads a folder of files.
    return frozenset(available_timezones() - MACHINE_ZONES)


def _parse_reminder_days(value: list[int]) -> list[int]:
    if len(value) > MAX_REMINDERS or any(not 0 <= day <= 365 for day in value):
        raise ValueError(f"is not a list of at most {MAX_REMINDERS} numbers of days from 0 to 365")
    return sorted(set(value), reverse=True)


FIELDS = InputFields(
    (
        fields.text("name", "name", required=True),
        fields.InputField(("timeZone",), "time_zone", parse_time_zone, required=True),
        fields.boolean("approvalsEnabled", "approvals_enabled", required=True),
        fields.choice("approvalFinality", "approval_finality", required=True),
        fields.boolean("resubmitOnReject", "resubmit_on_reject", required=True),
        fields.boolean("selfReviewAllowed", "self_review_allowed", required=True),
        fields.integer("expiringSoonDays", "expiring_soon_days", minimum=0, maximum=365, required=True),
        fields.InputField(("reminderDays",), "reminder_days", _parse_reminder_days, required=True),
    )
)
