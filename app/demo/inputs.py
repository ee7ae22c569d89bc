"""Inputs of the actions that create a plan's people and credentials."""

from collections.abc import Callable
from datetime import date
from typing import Any

from app.demo.holdings import Holding, Term
from app.demo.people import DemoPerson
from app.organizations.tables import OrgUnit
from app.workers.tables import Applicant, EmploymentStatus, Worker

DayToDate = Callable[[int], date]
"""Returns the date of a day of the plan."""
AREA_CODES = {"NSW": 2, "VIC": 3}


def applicant(person: DemoPerson, date_of: DayToDate) -> dict[str, Any]:
    """Return the input that creates an applicant."""
    return {
        "identity": _identity(person, date_of),
        "contact": {"personalEmail": f"{person.mailbox}@example.com"},
        "source": {"externalId": person.external_id, "sourceSystem": "greenhouse"},
    }


def worker(person: DemoPerson, date_of: DayToDate, unit: OrgUnit, manager: Worker | None) -> dict[str, Any]:
    """Return the input that creates a worker; the status is the one before the plan's change of status."""
    demo_unit = person.unit
    assert demo_unit is not None
    site, department, team, *_ = (*person.levels, None, None)
    return {
        "identity": _identity(person, date_of),
        "contact": {"workEmail": f"{person.mailbox}@harbourhealth.example", "phone": _phone(demo_unit.state, person)},
        "source": {"externalId": person.external_id, "sourceSystem": "workday"},
        "employment": {
            "jobTitle": person.title,
            "jobFamily": person.job.family,
            "workerType": person.job.worker_type,
            "status": EmploymentStatus.ACTIVE if person.status_changed is not None else person.status,
            "startDate": date_of(person.started),
            "department": department or site,
            "team": team,
            "orgUnit": unit.id,
            "organizationLevel1": site,
            "organizationLevel2": department,
            "organizationLevel3": team,
        },
        "address": {"country": "Australia", "stateOrProvince": demo_unit.state, "zipCode": demo_unit.zip_code},
        "manager": _manager(manager) if manager else None,
    }


def credential(holding: Holding, date_of: DayToDate, owner: Worker | Applicant) -> dict[str, Any]:
    """Return the input that creates a credential with its first term."""
    credential_type, term = holding.credential_type, holding.terms[0]
    status, eligibility = holding.initial_state
    return {
        "identification": {
            "displayName": credential_type["name"],
            "credentialType": credential_type["code"],
            "category": credential_type["category"],
            "referenceNumber": term.reference,
        },
        "issuing": _issuing(term, date_of),
        "verification": {"status": status, "eligibility": eligibility},
        "owners": {owner.noun(): {"id": owner.id}},
    }


def _identity(person: DemoPerson, date_of: DayToDate) -> dict[str, Any]:
    return {
        "displayName": person.name,
        "firstName": person.first,
        "lastName": person.last,
        "birthDate": date_of(person.born),
    }


def _phone(state: str, person: DemoPerson) -> str:
    # Numbers with the prefix 5550 are reserved for fiction in every Australian area.
    return f"+61 {AREA_CODES[state]} 5550 {person.number % 10_000:04}"


def _manager(worker: Worker) -> dict[str, Any]:
    return {
        "id": worker.id,
        "firstName": worker.first_name,
        "lastName": worker.last_name,
        "externalId": worker.external_id,
    }


def _issuing(term: Term, date_of: DayToDate) -> dict[str, Any]:
    issuing = {"issueDate": date_of(term.issued)}
    return issuing if term.expires is None else {**issuing, "expiryDate": date_of(term.expires)}
