"""A plan's people and credentials as the input of the actions that record them."""

from collections.abc import Callable
from datetime import date
from typing import Any

from app.demo.holdings import Holding, Term
from app.demo.people import Person
from app.organizations.tables import OrgUnit
from app.workers.tables import Applicant, EmploymentStatus, Worker

Calendar = Callable[[int], date]
"""Gives the date of a day of the plan."""
AREA_CODES = {"NSW": 2, "VIC": 3}


def applicant(person: Person, calendar: Calendar) -> dict[str, Any]:
    """A new applicant."""
    return {
        "identity": _identity(person, calendar),
        "contact": {"personalEmail": f"{person.mailbox}@example.com"},
        "source": {"externalId": person.external_id, "sourceSystem": "greenhouse"},
    }


def worker(person: Person, calendar: Calendar, unit: OrgUnit, manager: Worker | None) -> dict[str, Any]:
    """A new worker."""
    place = person.place
    assert place is not None
    site, department, team, *_ = (*person.levels, None, None)
    return {
        "identity": _identity(person, calendar),
        "contact": {"workEmail": f"{person.mailbox}@harbourhealth.example", "phone": _phone(place.state, person)},
        "source": {"externalId": person.external_id, "sourceSystem": "workday"},
        "employment": {
            "jobTitle": person.title,
            "jobFamily": person.job.family,
            "workerType": person.job.worker_type,
            "status": EmploymentStatus.ACTIVE if person.changed is not None else person.status,
            "startDate": calendar(person.started),
            "department": department or site,
            "team": team,
            "orgUnit": unit.id,
            "organizationLevel1": site,
            "organizationLevel2": department,
            "organizationLevel3": team,
        },
        "address": {"country": "Australia", "stateOrProvince": place.state, "zipCode": place.zip_code},
        "manager": _manager(manager) if manager else None,
    }


def credential(holding: Holding, calendar: Calendar, owner: Worker | Applicant) -> dict[str, Any]:
    """A new credential, as it was first recorded."""
    kind, term = holding.kind, holding.terms[0]
    status, eligibility = holding.start
    return {
        "identification": {
            "displayName": kind["name"],
            "credentialType": kind["code"],
            "category": kind["category"],
            "referenceNumber": term.reference,
        },
        "issuing": _issuing(term, calendar),
        "verification": {"status": status, "eligibility": eligibility},
        "owners": {owner.noun(): {"id": owner.id}},
    }


def _identity(person: Person, calendar: Calendar) -> dict[str, Any]:
    return {
        "displayName": person.name,
        "firstName": person.first,
        "lastName": person.last,
        "birthDate": calendar(person.born),
    }


def _phone(state: str, person: Person) -> str:
    # 5550 is kept free for fiction in every area.
    return f"+61 {AREA_CODES[state]} 5550 {person.number % 10_000:04}"


def _manager(worker: Worker) -> dict[str, Any]:
    return {
        "id": worker.id,
        "firstName": worker.first_name,
        "lastName": worker.last_name,
        "externalId": worker.external_id,
    }


def _issuing(term: Term, calendar: Calendar) -> dict[str, Any]:
    issuing = {"issueDate": calendar(term.issued)}
    return issuing if term.expires is None else {**issuing, "expiryDate": calendar(term.expires)}
