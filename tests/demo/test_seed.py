"""The demo organization is complete, plausible, and the same whenever it is loaded."""

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from app.access import ROLES, Role
from app.core import clock
from app.credential_types.tables import CredentialType
from app.credentials import fields, validity
from app.credentials.tables import (
    ApprovalStatus,
    Credential,
    CredentialVersion,
    IntakeStatus,
    Validity,
    VerificationStatus,
)
from app.db.database import Database
from app.demo import seed
from app.events.event_kinds import EventKind
from app.events.tables import Event
from app.organizations import api_keys
from app.organizations.tables import OrgUnit, OrgUnitType
from app.workers.fields import owner_text
from app.workers.tables import Applicant, EmploymentStatus, Worker
from tests.databases import on_postgresql
from tests.demo.loaded import SYDNEY, LoadedDemo, read_demo


@pytest.fixture(scope="module")
async def loaded(database: Database) -> LoadedDemo:
    """The demo organization, loaded into a database with other organizations."""
    return await read_demo(database, await seed.load(database))


@pytest.fixture(scope="module")
def demo(request: pytest.FixtureRequest, database: Database) -> LoadedDemo:
    """The demo organization: served from SQLite, or loaded into PostgreSQL."""
    rows: LoadedDemo = request.getfixturevalue("served" if database.is_embedded else "loaded")
    return rows


async def test_credentials_repeat_the_text_of_their_owners(demo: LoadedDemo) -> None:
    workers, applicants = ({row.id: owner_text(row) for row in demo.rows[table]} for table in (Worker, Applicant))
    for row in demo.rows[Credential]:
        assert row.worker_text == workers.get(row.worker_id, "")
        assert row.applicant_text == applicants.get(row.applicant_id, "")


async def test_numbers_of_rows(demo: LoadedDemo) -> None:
    counts = {table.__name__: len(rows) for table, rows in demo.rows.items()}
    assert counts["OrgUnit"] == 15
    assert counts["Worker"] == 200
    assert counts["Applicant"] == 20
    direct = [row for row in demo.rows[Credential] if row.intake is IntakeStatus.DIRECT]
    assert len(direct) == 900
    requested = counts["Credential"] - len(direct)
    assert 140 <= requested <= 210
    assert 1_200 <= counts["CredentialVersion"] - requested <= 1_300
    deleted = {table: sum(row.deleted_at is not None for row in demo.rows[table]) for table in (Worker, Credential)}
    assert deleted == {Worker: 3, Credential: 5}


async def test_each_key_has_the_scopes_of_its_role(demo: LoadedDemo) -> None:
    assert list(demo.tokens) == ["owner", "reviewer", "auditor"]
    for role, token in demo.tokens.items():
        async with demo.database.reading() as session:
            actor, key = await api_keys.authenticate(session, token)
        assert actor.scopes == ROLES[Role[role.upper()]]
        assert actor.time_zone == SYDNEY
        assert key.name == role.capitalize()


@on_postgresql
async def test_content_is_the_same_each_time_and_on_each_database(served: LoadedDemo, loaded: LoadedDemo) -> None:
    again = loaded
    if again.today != served.today:  # midnight passed between the two loads
        served = await read_demo(served.database, await seed.load(served.database))
        again = await read_demo(again.database, await seed.load(again.database))
    assert again.owner.organization_id != served.owner.organization_id
    assert _content(again) == _content(served)


def _content(loaded: LoadedDemo) -> list[tuple[Any, ...]]:
    """Return the content of people, credentials and events, without ids."""
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


async def test_every_fact_is_supported_by_its_credential_type(demo: LoadedDemo) -> None:
    types = {row.id: row for row in demo.rows[CredentialType]}
    unanswered = {
        row.id for row in demo.rows[Credential] if row.intake in (IntakeStatus.REQUESTED, IntakeStatus.CANCELLED)
    }
    rows = [row for row in demo.rows[Credential] if row.id not in unanswered]
    for row in [*rows, *(row for row in demo.rows[CredentialVersion] if row.credential_id not in unanswered)]:
        facts = {column: getattr(row, column) for column in fields.VERSION_COLUMNS}
        fields.check(types[row.credential_type_id], facts, facts)


async def test_versions_follow_each_other(demo: LoadedDemo) -> None:
    chains: dict[str, list[CredentialVersion]] = {}
    for version in demo.rows[CredentialVersion]:
        chains.setdefault(version.credential_id, []).append(version)
    for credential in demo.rows[Credential]:
        chain = sorted(chains[credential.id], key=lambda version: version.number)
        assert [version.number for version in chain] == list(range(1, len(chain) + 1))
        effective = [version.id for version in chain if version.approval is ApprovalStatus.NOT_REQUIRED]
        assert credential.latest_version_id == chain[-1].id
        assert credential.effective_version_id == (effective[-1] if effective else None)
        for older, newer in pairwise(chain):
            assert older.created_at < newer.created_at
            assert older.expiry_date is not None
            assert newer.expiry_date is not None
            assert older.expiry_date < newer.expiry_date


async def test_validities_are_spread_plausibly(demo: LoadedDemo) -> None:
    counts = Counter(_validity(demo, row) for row in demo.rows[Credential])
    assert 60 <= counts[Validity.EXPIRED] <= 80
    assert 60 <= counts[Validity.EXPIRING_SOON] <= 90
    assert 5 <= counts[Validity.NOT_YET_VALID] <= 25
    assert counts[Validity.NO_EXPIRY] >= 20
    assert counts[Validity.VALID] >= 600


async def test_statuses_agree_with_the_dates(demo: LoadedDemo) -> None:
    for row in demo.rows[Credential]:
        expired = _validity(demo, row) is Validity.EXPIRED
        assert expired == (row.status is VerificationStatus.EXPIRED) or row.deleted_at is not None
    assert {row.status for row in demo.rows[Credential]} == set(VerificationStatus)
    assert {row.status for row in demo.rows[Worker]} == set(EmploymentStatus)


def _validity(demo: LoadedDemo, row: Credential) -> Validity:
    return validity.validity_on(demo.today, row.issue_date, row.expiry_date, 30)


async def test_events_are_in_order_and_in_the_past(demo: LoadedDemo) -> None:
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


async def test_every_worker_has_a_unit_and_all_but_one_a_manager(demo: LoadedDemo) -> None:
    top = [worker for worker in demo.rows[Worker] if worker.manager_id is None]
    assert [worker.job_title for worker in top] == ["General Manager"]
    for worker in demo.rows[Worker]:
        assert worker.org_unit_id is not None
        assert worker.source_system == "workday"
        assert worker.work_email.endswith("@harbourhealth.example")
    assert {unit.kind for unit in demo.rows[OrgUnit]} >= {
        OrgUnitType.SITE,
        OrgUnitType.DEPARTMENT,
        OrgUnitType.TEAM,
        OrgUnitType.CONTRACTOR,
    }


async def test_people_named_in_the_examples_exist(demo: LoadedDemo) -> None:
    (jordan,) = [worker for worker in demo.rows[Worker] if worker.external_id == "WD-100482"]
    assert (jordan.display_name, jordan.job_title) == ("Jordan Avery", "Support Worker")
    credentials = {row.type_code: row for row in demo.rows[Credential] if row.worker_id == jordan.id}
    assert _validity(demo, credentials["CPR"]) is Validity.EXPIRED
    assert _validity(demo, credentials["NATIONAL_POLICE_CHECK"]) is Validity.EXPIRING_SOON
    renewed = demo.get(CredentialVersion, credentials["NATIONAL_POLICE_CHECK"].latest_version_id)
    assert renewed.number == 2
    assert demo.rows[Applicant][0].external_id == "ATS-55021"
    assert demo.rows[Applicant][0].source_system == "greenhouse"
