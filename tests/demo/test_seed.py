"""The demo organization: whole, plausible, and the same whenever it is loaded."""

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from app.access import ROLES, Role
from app.core import clock
from app.credential_types.tables import CredentialType
from app.credentials import fields, validity
from app.credentials.tables import Approval, Credential, CredentialVersion, Intake, Validity, VerificationStatus
from app.db.database import Database
from app.demo import seed
from app.events.event_kinds import EventKind
from app.events.tables import Event
from app.organizations import api_keys
from app.organizations.tables import OrgUnit, OrgUnitKind
from app.workers.tables import Applicant, EmploymentStatus, Worker
from tests.databases import on_postgresql
from tests.demo.loaded import SYDNEY, Loaded, told


@pytest.fixture(scope="module")
async def loaded(database: Database) -> Loaded:
    """The demo organization, loaded into a database that has others."""
    return await told(database, await seed.load(database))


@pytest.fixture(scope="module")
def demo(request: pytest.FixtureRequest, database: Database) -> Loaded:
    """The demo organization: as it is served from SQLite, and as it is loaded into PostgreSQL."""
    found: Loaded = request.getfixturevalue("served" if database.is_embedded else "loaded")
    return found


async def test_how_much_there_is(demo: Loaded) -> None:
    counts = {table.__name__: len(rows) for table, rows in demo.rows.items()}
    assert counts["OrgUnit"] == 15
    assert counts["Worker"] == 200
    assert counts["Applicant"] == 20
    provided = [row for row in demo.rows[Credential] if row.intake is Intake.DIRECT]
    assert len(provided) == 900
    asked = counts["Credential"] - len(provided)
    assert 140 <= asked <= 210
    assert 1_200 <= counts["CredentialVersion"] - asked <= 1_300
    deleted = {table: sum(row.deleted_at is not None for row in demo.rows[table]) for table in (Worker, Credential)}
    assert deleted == {Worker: 3, Credential: 5}


async def test_the_three_keys_hold_their_roles_scopes(demo: Loaded) -> None:
    assert list(demo.tokens) == ["owner", "reviewer", "auditor"]
    for role, token in demo.tokens.items():
        async with demo.database.reading() as session:
            actor, key = await api_keys.authenticate(session, token)
        assert actor.scopes == ROLES[Role[role.upper()]]
        assert actor.time_zone == SYDNEY
        assert key.name == role.capitalize()


@on_postgresql
async def test_it_is_the_same_each_time_and_on_each_database(served: Loaded, loaded: Loaded) -> None:
    again = loaded
    if again.today != served.today:  # midnight passed between the two
        served = await told(served.database, await seed.load(served.database))
        again = await told(again.database, await seed.load(again.database))
    assert again.owner.organization_id != served.owner.organization_id
    assert _story(again) == _story(served)


def _story(loaded: Loaded) -> list[tuple[Any, ...]]:
    """All that is told of people and credentials, without ids."""
    workers = [
        (row.display_name, row.external_id, row.work_email, row.status, row.start_date, row.end_date, row.created_at)
        for row in loaded.rows[Worker]
    ]
    applicants = [(row.display_name, row.external_id, row.created_at) for row in loaded.rows[Applicant]]
    versions = [
        (row.number, row.reference_number, row.issue_date, row.expiry_date, row.created_at)
        for row in loaded.rows[CredentialVersion]
    ]
    events = [(row.kind, row.occurred_at) for row in loaded.rows[Event]]
    return [*workers, *applicants, *versions, *events]


async def test_every_fact_is_one_that_its_type_takes(demo: Loaded) -> None:
    kinds = {kind.id: kind for kind in demo.rows[CredentialType]}
    unanswered = {row.id for row in demo.rows[Credential] if row.intake in (Intake.REQUESTED, Intake.CANCELLED)}
    rows = [row for row in demo.rows[Credential] if row.id not in unanswered]
    for row in [*rows, *(row for row in demo.rows[CredentialVersion] if row.credential_id not in unanswered)]:
        facts = {column: getattr(row, column) for column in fields.VERSION_COLUMNS}
        fields.check(kinds[row.credential_type_id], facts, facts)


async def test_versions_follow_each_other(demo: Loaded) -> None:
    chains: dict[str, list[CredentialVersion]] = {}
    for version in demo.rows[CredentialVersion]:
        chains.setdefault(version.credential_id, []).append(version)
    for credential in demo.rows[Credential]:
        chain = sorted(chains[credential.id], key=lambda version: version.number)
        assert [version.number for version in chain] == list(range(1, len(chain) + 1))
        counting = [version.id for version in chain if version.approval is Approval.NOT_REQUIRED]
        assert credential.latest_version_id == chain[-1].id
        assert credential.effective_version_id == (counting[-1] if counting else None)
        for older, newer in pairwise(chain):
            assert older.created_at < newer.created_at
            assert older.expiry_date is not None
            assert newer.expiry_date is not None
            assert older.expiry_date < newer.expiry_date


async def test_how_the_dates_lie_around_today(demo: Loaded) -> None:
    found = Counter(_validity(demo, row) for row in demo.rows[Credential])
    assert 60 <= found[Validity.EXPIRED] <= 80
    assert 60 <= found[Validity.EXPIRING_SOON] <= 90
    assert 5 <= found[Validity.NOT_YET_VALID] <= 25
    assert found[Validity.NO_EXPIRY] >= 20
    assert found[Validity.VALID] >= 600


async def test_statuses_agree_with_the_dates(demo: Loaded) -> None:
    for row in demo.rows[Credential]:
        expired = _validity(demo, row) is Validity.EXPIRED
        assert expired == (row.status is VerificationStatus.EXPIRED) or row.deleted_at is not None
    assert {row.status for row in demo.rows[Credential]} == set(VerificationStatus)
    assert {row.status for row in demo.rows[Worker]} == set(EmploymentStatus)


def _validity(demo: Loaded, row: Credential) -> Validity:
    return validity.validity_on(demo.today, row.issue_date, row.expiry_date, 30)


async def test_history_is_told_in_order_and_lies_in_the_past(demo: Loaded) -> None:
    instants = [event.occurred_at for event in demo.rows[Event]]
    assert instants == sorted(instants)
    assert clock.today(instants[-1], SYDNEY) < demo.today
    kinds = Counter(event.kind for event in demo.rows[Event])
    credentials, versions = len(demo.rows[Credential]), len(demo.rows[CredentialVersion])
    assert kinds[EventKind.CREDENTIAL_ADDED] == credentials
    assert kinds[EventKind.CREDENTIAL_VERSION_ADDED] == versions - credentials
    assert kinds[EventKind.REQUEST_CREATED] == credentials - 900
    assert 0 < kinds[EventKind.REQUEST_CANCELLED] < credentials - 900
    assert kinds[EventKind.WORKER_DELETED] == 3
    assert kinds[EventKind.CREDENTIAL_DELETED] == 5


async def test_everybody_has_a_unit_and_a_manager(demo: Loaded) -> None:
    top = [worker for worker in demo.rows[Worker] if worker.manager_id is None]
    assert [worker.job_title for worker in top] == ["General Manager"]
    for worker in demo.rows[Worker]:
        assert worker.org_unit_id is not None
        assert worker.source_system == "workday"
        assert worker.work_email.endswith("@harbourhealth.example")
    assert {unit.kind for unit in demo.rows[OrgUnit]} >= {
        OrgUnitKind.SITE,
        OrgUnitKind.DEPARTMENT,
        OrgUnitKind.TEAM,
        OrgUnitKind.CONTRACTOR,
    }


async def test_those_whom_the_examples_name_are_there(demo: Loaded) -> None:
    (jordan,) = [worker for worker in demo.rows[Worker] if worker.external_id == "WD-100482"]
    assert (jordan.display_name, jordan.job_title) == ("Jordan Avery", "Support Worker")
    held = {row.type_code: row for row in demo.rows[Credential] if row.worker_id == jordan.id}
    assert _validity(demo, held["CPR"]) is Validity.EXPIRED
    assert _validity(demo, held["NATIONAL_POLICE_CHECK"]) is Validity.EXPIRING_SOON
    renewed = demo.get(CredentialVersion, held["NATIONAL_POLICE_CHECK"].latest_version_id)
    assert renewed.number == 2
    assert demo.rows[Applicant][0].external_id == "ATS-55021"
    assert demo.rows[Applicant][0].source_system == "greenhouse"
