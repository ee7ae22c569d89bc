"""The credentials that the demo organization's people hold, drawn as a plan with every renewal."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from app.credential_types.tables import Category, Metadata
from app.credentials.tables import VerificationStatus
from app.demo import numbers
from app.demo.job_titles import APPLICANTS_HOLD
from app.demo.people import Person
from app.registries.protocol import Eligibility

TOTAL = 900
DELETED = 5
LONGEST_CHAIN = 3
RENEWAL_KNOWN = 0.48
"""How often the term before a renewal is on record too."""
DAYS_OF_A_MONTH = 365.25 / 12

MONTHS = {"VEVO_WORK_RIGHTS": 24, "ELECTRICAL_LICENCE_NSW": 36, "TEACHER_NSW": 60}
"""How long types last that have no usual validity of their own. Others without one never expire."""
EXPIRED, SOON, LATER, VALID = "expired", "soon", "later", "valid"
TIMES = {EXPIRED: 8, SOON: 8, LATER: 2, VALID: 82}
"""Where today lies in a hundred credentials' terms; `later` ones have not begun."""

JORDAN_HOLDS = {
    "WWCC_NSW": 930,
    "NDIS_WORKER_SCREENING": 610,
    "NATIONAL_POLICE_CHECK": 12,
    "FIRST_AID": 240,
    "CPR": -9,
    "CERT_III_INDIVIDUAL_SUPPORT": 0,
}
"""Days to expiry: one of everything that there is to see."""

Standing = tuple[VerificationStatus, Eligibility | None]
PENDING: Standing = (VerificationStatus.PENDING, None)
CHECKING: Standing = (VerificationStatus.PENDING, Eligibility.IN_PROGRESS)
GOOD: Standing = (VerificationStatus.ACTIVE, Eligibility.MAY_ENGAGE)
UNSURE: Standing = (VerificationStatus.ACTIVE, Eligibility.REVIEW_REQUIRED)
OUT: Standing = (VerificationStatus.EXPIRED, Eligibility.MAY_NOT_ENGAGE)
SUSPENDED: Standing = (VerificationStatus.SUSPENDED, Eligibility.MAY_NOT_ENGAGE)
REVOKED: Standing = (VerificationStatus.REVOKED, Eligibility.MAY_NOT_ENGAGE)
TURNS = {GOOD: 965, UNSURE: 15, SUSPENDED: 15, REVOKED: 5}
"""What becomes of a thousand credentials that are in their term."""


@dataclass(slots=True)
class Term:
    """One version: its facts, and the day on which it was put on record."""

    recorded: int
    reference: str
    issued: int
    expires: int | None


@dataclass(eq=False, slots=True)
class Holding:
    """A credential's story."""

    person: Person
    kind: Mapping[str, Any]
    terms: list[Term]
    start: Standing = GOOD
    turns: list[tuple[int, Standing]] = field(default_factory=list)
    """Where it stands from a day on."""
    deleted: int | None = None


Kinds = Mapping[str, Mapping[str, Any]]


def draw(random: Random, kinds: Kinds, workers: list[Person], applicants: list[Person]) -> list[Holding]:
    """All credentials; `kinds` is the catalogue by code."""
    held: list[tuple[Person, str]] = []
    wished: list[tuple[Person, str]] = []
    for worker in workers:
        if worker.exemplar:
            held += [(worker, code) for code in JORDAN_HOLDS]
            continue
        held += [(worker, _code(code, worker)) for code in worker.job.always]
        wished += [(worker, _code(code, worker)) for code in worker.job.often]
    for applicant in applicants:
        held += [(applicant, code) for code in random.sample(APPLICANTS_HOLD, random.randint(1, 2))]
    held += random.sample(wished, TOTAL - len(held))
    holdings = [_holding(random, kinds[code], person) for person, code in held]
    for holding in random.sample([holding for holding in holdings if not holding.person.exemplar], DELETED):
        last = max(holding.terms[-1].recorded, *(day for day, _ in holding.turns), -60)
        holding.deleted = random.randint(last, -1)
    return holdings


def _code(code: str, worker: Person) -> str:
    """A type's code, with a state's own where there is one for each state."""
    state = worker.place.state if worker.place else "NSW"
    return f"{code}_{state}" if code in ("WWCC", "TEACHER") else code


def _holding(random: Random, kind: Mapping[str, Any], person: Person) -> Holding:
    term = _days(kind)
    if term is None:
        issued = person.recorded - random.randint(30, 1_500)
        recorded = min(person.recorded + random.randint(1, 20), _latest(person))
        return Holding(person, kind, [Term(recorded, numbers.draw(random, kind["code"], person.title), issued, None)])
    time = VALID if person.exemplar else random.choices(list(TIMES), list(TIMES.values()))[0]
    expires = _expiry(random, kind["code"], time, term, person)
    terms = (
        [_later(random, kind, person, term, expires)] if time == LATER else _terms(random, kind, person, term, expires)
    )
    holding = Holding(person, kind, terms)
    _decide(random, holding, time, terms[-1])
    return holding


def _days(kind: Mapping[str, Any]) -> int | None:
    months = MONTHS.get(kind["code"], kind["defaultValidityMonths"])
    takes_expiry = Metadata.EXPIRY_DATE in kind["supports"]
    return round(months * DAYS_OF_A_MONTH) if months and takes_expiry else None


def _expiry(random: Random, code: str, time: str, term: int, person: Person) -> int:
    if person.exemplar:
        return JORDAN_HOLDS[code]
    if time == EXPIRED:
        return -random.randint(2, 150)
    if time == SOON:
        return random.randint(0, 29)
    if time == LATER:
        return random.randint(3, 20) + term
    return random.randint(31, term - 5)


def _terms(random: Random, kind: Mapping[str, Any], person: Person, days: int, expires: int) -> list[Term]:
    """The last term, and those before it since the person is on record; renewals come a little early."""
    ends = [expires]
    known = 1.0 if person.exemplar else RENEWAL_KNOWN
    while ends[0] - days > person.recorded and len(ends) < LONGEST_CHAIN and random.random() < known:
        ends.insert(0, ends[0] - days + random.randint(0, 14))
    keeps_number = kind["category"] is not Category.CERTIFICATION and kind["code"] != "NATIONAL_POLICE_CHECK"
    reference = numbers.draw(random, kind["code"], person.title)
    terms: list[Term] = []
    earliest = person.recorded + random.randint(1, 20)
    for end in ends:
        issued = end - days
        recorded = min(max(issued + random.randint(0, 6), earliest), _latest(person))
        terms.append(Term(recorded, reference, issued, end))
        earliest = recorded + 1
        reference = reference if keeps_number else numbers.draw(random, kind["code"], person.title)
    return terms


def _later(random: Random, kind: Mapping[str, Any], person: Person, days: int, expires: int) -> Term:
    recorded = min(max(person.recorded + 1, -random.randint(1, 14)), _latest(person))
    return Term(recorded, numbers.draw(random, kind["code"], person.title), expires - days, expires)


def _latest(person: Person) -> int:
    """The last day on which something can be recorded of a person."""
    return (person.deleted or 0) - 1


def _decide(random: Random, holding: Holding, time: str, last: Term) -> None:
    if last.expires is not None and last.expires < 0:
        if last.expires < holding.terms[0].recorded:
            holding.start = OUT
        else:
            holding.turns.append((max(last.expires + 1, last.recorded + 1), OUT))
    elif time == LATER:
        holding.start = PENDING
    elif len(holding.terms) == 1 and last.recorded > -21:
        holding.start = random.choice((CHECKING, CHECKING, GOOD))
    elif not holding.person.exemplar:
        turn = random.choices(list(TURNS), list(TURNS.values()))[0]
        if turn is not GOOD:
            holding.turns.append((random.randint(last.recorded, -1), turn))
