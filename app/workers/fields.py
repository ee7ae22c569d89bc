"""The input fields of workers and applicants, and the columns derived from them."""

import re
from typing import Any

from app.core import fields
from app.core.fields import InputFields
from app.core.text import email_key, fold
from app.workers.tables import Applicant, EmploymentStatus, Worker, WorkerType

_PERSON = (
    fields.text("identity.displayName", "display_name", required=True),
    fields.text("identity.firstName", "first_name"),
    fields.text("identity.middleName", "middle_name"),
    fields.text("identity.lastName", "last_name"),
    fields.day("identity.birthDate", "birth_date"),
    fields.email("contact.workEmail", "work_email"),
    fields.email("contact.personalEmail", "personal_email"),
    fields.phone("contact.phone", "phone"),
    fields.identifier("source.externalId", "external_id"),
    fields.identifier("source.sourceSystem", "source_system", max_length=100, default=""),
)

APPLICANT = InputFields(_PERSON)

WORKER = InputFields(
    (
        *_PERSON,
        fields.text("employment.jobTitle", "job_title"),
        fields.choice("employment.workerType", "worker_type", default=WorkerType.EMPLOYEE),
        fields.choice("employment.status", "status", default=EmploymentStatus.ACTIVE),
        fields.day("employment.startDate", "start_date"),
        fields.day("employment.endDate", "end_date"),
        fields.text("employment.team", "team"),
        fields.text("employment.department", "department"),
        fields.text("employment.jobFamily", "job_family"),
        fields.text("employment.organizationLevel1", "organization_level_1"),
        fields.text("employment.organizationLevel2", "organization_level_2"),
        fields.text("employment.organizationLevel3", "organization_level_3"),
        fields.text("employment.orgUnit", "org_unit_id", max_length=32),
        fields.text("address.country", "country", max_length=100),
        fields.text("address.zipCode", "zip_code", max_length=20),
        fields.text("address.stateOrProvince", "state_or_province", max_length=100),
        fields.text("manager.id", "manager_id", max_length=32),
        fields.text("manager.firstName", "manager_first_name"),
        fields.text("manager.lastName", "manager_last_name"),
        fields.identifier("manager.externalId", "manager_external_id"),
        fields.url("profile.photoUrl", "photo_url"),
        fields.text("profile.bio", "bio", max_length=2_000),
        fields.url("profile.vanityUrl", "vanity_url"),
    )
)

OWNER_COLUMNS = (
    *("display_name", "first_name", "middle_name", "last_name"),
    *("work_email", "personal_email", "external_id"),
)
"""The columns of a person by which the person's credentials are searched."""


def refresh(person: Worker | Applicant) -> None:
    """Update the columns that people are sorted and searched by."""
    person.display_name_key = fold(person.display_name)
    person.first_name_key = fold(person.first_name or "")
    person.last_name_key = fold(person.last_name or "")
    person.email_key = email_key(person.work_email or "")
    if isinstance(person, Worker):
        person.job_title_key = fold(person.job_title or "")
        person.team_key = fold(person.team or "")
        person.department_key = fold(person.department or "")
    phone = person.phone or ""
    person.search_text = _search_text(
        *(getattr(person, name) for name in OWNER_COLUMNS),
        *(getattr(person, "job_title", None), phone, re.sub(r"\D", "", fold(phone))),
    )


def owner_text(person: Any) -> str:
    """Return the folded text by which a person's credentials are searched, from the columns `OWNER_COLUMNS`."""
    return _search_text(*(getattr(person, name) for name in OWNER_COLUMNS))


def _search_text(*values: str | None) -> str:
    return "\n".join(fold(value) for value in values if value)


def full_name(person: Worker | Applicant) -> str:
    """Return first, middle and last name; the display name if all are missing."""
    parts = [part for part in (person.first_name, person.middle_name, person.last_name) if part]
    return " ".join(parts) or person.display_name


def location(worker: Worker) -> str | None:
    """Return state or province and country, as far as known."""
    return ", ".join(part for part in (worker.state_or_province, worker.country) if part) or None
