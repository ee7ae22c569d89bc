"""The credentials of the demo organization's people, drawn at random as a plan with every renewal."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from app.credential_types.tables import CredentialCategory, CredentialMetadata
from app.credentials.tables import VerificationStatus
from app.demo import numbers
from app.demo.job_titles import APPLICANT_CREDENTIALS
from app.demo.people import DemoPerson
from app.registries.findings import Eligibility

TOTAL_COUNT = 900
DELETED_COUNT = 5
MAX_TERMS = 3
EARLIER_TERM_PROBABILITY = 0.48
"""The probability that the term before a renewal is on record too."""
DAYS_PER_MONTH = 365.25 / 12

VALIDITY_MONTHS = {"VEVO_WORK_RIGHTS": 24, "ELECTRICAL_LICENCE_NSW": 36, "TEACHER_NSW": 60}
"""The validity of types that have no default in the catalogue. Other types without a default never expire."""
EXPIRED, EXPIRING, NOT_STARTED, VALID = "expired", "expiring", "not started", "valid"
TERM_WEIGHTS = {EXPIRED: 8, EXPIRING: 8, NOT_STARTED: 2, VALID: 82}
"""The stage today of the last terms of a hundred credentials."""

JORDANS_CREDENTIALS = {
    "WWCC_NSW": 930,
    "NDIS_WORKER_SCREENING": 610,
    "NATIONAL_POLICE_CHECK": 12,
    "FIRST_AID": 240,
    "CPR": -9,
    "CERT_III_INDIVIDUAL_SUPPORT": 0,
}
"""Days until each of Jordan's credentials expires, so that one worker shows every validity."""

VerificationState = tuple[VerificationStatus, Eligibility | None]
PENDING: VerificationState = (VerificationStatus.PENDING, None)
CHECKING: VerificationState = (VerificationStatus.PENDING, Eligibility.IN_PROGRESS)
CLEARED: VerificationState = (VerificationStatus.ACTIVE, Eligibility.MAY_ENGAGE)
CONDITIONAL: VerificationState = (VerificationStatus.ACTIVE, Eligibility.REVIEW_REQUIRED)
LAPSED: VerificationState = (VerificationStatus.EXPIRED, Eligibility.MAY_NOT_ENGAGE)
SUSPENDED: VerificationState = (VerificationStatus.SUSPENDED, Eligibility.MAY_NOT_ENGAGE)
REVOKED: VerificationState = (VerificationStatus.REVOKED, Eligibility.MAY_NOT_ENGAGE)
STATE_WEIGHTS = {CLEARED: 965, CONDITIONAL: 15, SUSPENDED: 15, REVOKED: 5}
"""The final states of a thousand credentials that have not expired."""


@dataclass(slots=True)
class Term:
    """One version of a credential: its facts, and the day on which it is recorded."""

    recorded: int
    reference: str
    issued: int
    expires: int | None


@dataclass(eq=False, slots=True)
class Holding:
    """A person's credential of one type: its terms, and its verification states from day to day."""

    person: DemoPerson
    credential_type: Mapping[str, Any]
    terms: list[Term]
    initial_state: VerificationState = CLEARED
    state_changes: list[tuple[int, VerificationState]] = field(default_factory=list)
    """The later states, each with the day on which it begins."""
    deleted: int | None = None


Catalogue = Mapping[str, Mapping[str, Any]]


def draw_holdings(
    random: Random, catalogue: Catalogue, workers: list[DemoPerson], applicants: list[DemoPerson]
) -> list[Holding]:
    """Draw all credentials; `catalogue` has the credential types by code."""
    required: list[tuple[DemoPerson, str]] = []
    optional: list[tuple[DemoPerson, str]] = []
    for worker in workers:
        if worker.is_jordan:
            required += [(worker, code) for code in JORDANS_CREDENTIALS]
            continue
        required += [(worker, _state_code(code, worker)) for code in worker.job.always]
        optional += [(worker, _state_code(code, worker)) for code in worker.job.often]
    for applicant in applicants:
        required += [(applicant, code) for code in random.sample(APPLICANT_CREDENTIALS, random.randint(1, 2))]
    held = required + random.sample(optional, TOTAL_COUNT - len(required))
    holdings = [_draw_holding(random, catalogue[code], person) for person, code in held]
    for holding in random.sample([holding for holding in holdings if not holding.person.is_jordan], DELETED_COUNT):
        last_change = max(holding.terms[-1].recorded, *(day for day, _ in holding.state_changes), -60)
        holding.deleted = random.randint(last_change, -1)
    return holdings


def _state_code(code: str, worker: DemoPerson) -> str:
    """Return a type's code, with the worker's state where each state has a type of its own."""
    state = worker.unit.state if worker.unit else "NSW"
    return f"{code}_{state}" if code in ("WWCC", "TEACHER") else code


def _draw_holding(random: Random, credential_type: Mapping[str, Any], person: DemoPerson) -> Holding:
    days = _term_days(credential_type)
    if days is None:
        issued = person.recorded - random.randint(30, 1_500)
        recorded = min(person.recorded + random.randint(1, 20), _last_day(person))
        reference = numbers.draw_number(random, credential_type["code"], person.title)
        return Holding(person, credential_type, [Term(recorded, reference, issued, None)])
    stage = VALID if person.is_jordan else random.choices(list(TERM_WEIGHTS), list(TERM_WEIGHTS.values()))[0]
    expires = _draw_expiry(random, credential_type["code"], stage, days, person)
    if stage == NOT_STARTED:
        terms = [_draw_future_term(random, credential_type, person, days, expires)]
    else:
        terms = _draw_terms(random, credential_type, person, days, expires)
    holding = Holding(person, credential_type, terms)
    _draw_states(random, holding, stage, terms[-1])
    return holding


def _term_days(credential_type: Mapping[str, Any]) -> int | None:
    """Return the length of a term of the type, or None if it never expires."""
    months = VALIDITY_MONTHS.get(credential_type["code"], credential_type["defaultValidityMonths"])
    has_expiry = CredentialMetadata.EXPIRY_DATE in credential_type["supports"]
    return round(months * DAYS_PER_MONTH) if months and has_expiry else None


def _draw_expiry(random: Random, code: str, stage: str, days: int, person: DemoPerson) -> int:
    if person.is_jordan:
        return JORDANS_CREDENTIALS[code]
    if stage == EXPIRED:
        return -random.randint(2, 150)
    if stage == EXPIRING:
        return random.randint(0, 29)
    if stage == NOT_STARTED:
        return random.randint(3, 20) + days
    return random.randint(31, days - 5)


def _draw_terms(
    random: Random, credential_type: Mapping[str, Any], person: DemoPerson, days: int, expires: int
) -> list[Term]:
    """Draw the last term and earlier ones since the person's record was created.

    A renewal begins up to two weeks before the term before it ends.
    """
    expiries = [expires]
    probability = 1.0 if person.is_jordan else EARLIER_TERM_PROBABILITY
    while expiries[0] - days > person.recorded and len(expiries) < MAX_TERMS and random.random() < probability:
        expiries.insert(0, expiries[0] - days + random.randint(0, 14))
    code = credential_type["code"]
    keeps_number = (
        credential_type["category"] is not CredentialCategory.CERTIFICATION and code != "NATIONAL_POLICE_CHECK"
    )
    reference = numbers.draw_number(random, code, person.title)
    terms: list[Term] = []
    earliest = person.recorded + random.randint(1, 20)
    for expiry in expiries:
        issued = expiry - days
        recorded = min(max(issued + random.randint(0, 6), earliest), _last_day(person))
        terms.append(Term(recorded, reference, issued, expiry))
        earliest = recorded + 1
        reference = reference if keeps_number else numbers.draw_number(random, code, person.title)
    return terms


def _draw_future_term(
    random: Random, credential_type: Mapping[str, Any], person: DemoPerson, days: int, expires: int
) -> Term:
    recorded = min(max(person.recorded + 1, -random.randint(1, 14)), _last_day(person))
    reference = numbers.draw_number(random, credential_type["code"], person.title)
    return Term(recorded, reference, expires - days, expires)


def _last_day(person: DemoPerson) -> int:
    """Return the last day on which anything can be recorded about a person."""
    return (person.deleted or 0) - 1


def _draw_states(random: Random, holding: Holding, stage: str, last: Term) -> None:
    """Set the holding's initial state and state changes, consistent with its last term."""
    if last.expires is not None and last.expires < 0:
        if last.expires < holding.terms[0].recorded:
            holding.initial_state = LAPSED
        else:
            holding.state_changes.append((max(last.expires + 1, last.recorded + 1), LAPSED))
    elif stage == NOT_STARTED:
        holding.initial_state = PENDING
    elif len(holding.terms) == 1 and last.recorded > -21:
        holding.initial_state = random.choice((CHECKING, CHECKING, CLEARED))
    elif not holding.person.is_jordan:
        state = random.choices(list(STATE_WEIGHTS), list(STATE_WEIGHTS.values()))[0]
        if state is not CLEARED:
            holding.state_changes.append((random.randint(last.recorded, -1), state))
