"""Evidence packs: required scopes, contents, links, and verification by anyone."""

import hashlib
import secrets
from datetime import UTC, date, datetime, timedelta

import httpx
import pytest

from app.access import ROLES, Role, Scope
from app.db.database import Database
from app.evidence import worker_records
from app.evidence.packs import REQUIRED_SCOPES
from app.main import create_app
from app.settings import Settings
from tests import files
from tests.compliance import requirement_calls
from tests.conftest import SettableClock
from tests.credentials.actions import add_ticket, add_type, add_version, mutation_payload, update_settings
from tests.evidence import packs
from tests.service import Tenant

REASON = "Sighted the original"


@pytest.fixture
async def worker(tenant: Tenant) -> str:
    """A worker with an approved ticket that has a picture and a pending renewal."""
    await update_settings(tenant, approvalsEnabled=True)
    await add_type(tenant, supports=["REFERENCE_NUMBER", "ISSUE_DATE", "EXPIRY_DATE", "FRONT_ATTACHMENT"])
    worker = await tenant.add_worker(source={"externalId": "E-1"}, employment={"jobTitle": "Rigger"})
    held = await add_ticket(tenant, worker)
    await files.upload_file(tenant, held)
    await mutation_payload(tenant, "credentialApprove", id=held, reason=REASON)
    await add_version(tenant, held, referenceNumber="T-2")
    position = await requirement_calls.add_position(tenant, "Rigger")
    await requirement_calls.assign(tenant, position, worker)
    await requirement_calls.add_rule(
        tenant, "SITE_TICKET", name="Ticket of the site", scope="POSITION", position=position
    )
    return worker


async def test_pack_contains_everything_on_record_and_can_be_verified(tenant: Tenant, worker: str) -> None:
    pack = await packs.fetch(tenant, worker)
    await packs.verify(tenant, pack)
    manifest = pack.manifest
    assert manifest["organization"] == {"id": tenant.id, "name": "Harbour Health"}
    assert manifest["worker"] == {"id": worker, "displayName": "Jordan Avery"}
    assert (manifest["format"], manifest["problems"]) == ("credgraph-evidence/1", [])
    assert manifest["keys"] == packs.PUBLIC_KEYS_PATH
    assert manifest["madeFor"]["id"].startswith("key_")

    compliance = pack.document("compliance")
    [cell] = compliance["cells"]
    assert (compliance["standing"], cell["status"], cell["rule"]["name"]) == (
        "COMPLIANT",
        "SATISFIED",
        "Ticket of the site",
    )
    [credential] = pack.document("credentials")
    assert credential["id"] == cell["credential"]
    first, second = credential["versions"]
    assert (first["referenceNumber"], second["referenceNumber"]) == ("T-1", "T-2")
    assert (first["approval"]["status"], first["approval"]["reason"]) == ("APPROVED", REASON)
    assert second["approval"] == dict.fromkeys(("decidedBy", "decidedAt", "reason", "notes")) | {"status": "PENDING"}
    assert {change["field"] for change in first["activity"]} == {"ISSUE_DATE", "EXPIRY_DATE", "MEDIA_FILES"}
    [file] = first["attachments"]
    assert pack.files[file["path"]] == files.PNG
    assert file["sha256"] in {listed["sha256"] for listed in manifest["files"]}

    person = pack.document("worker")
    assert (person["identity"]["displayName"], person["source"]["externalId"]) == ("Jordan Avery", "E-1")
    assert person["employment"]["jobTitle"] == "Rigger"
    [assignment] = person["assignments"]
    assert assignment["position"]["name"] == "Rigger"
    kinds = [event["kind"] for event in pack.events]
    assert kinds[0] == "worker.created"
    assert {"credential.added", "credential.approved", "credential.versionAdded", "position.assigned"} <= set(kinds)
    report = pack.files["README.txt"].decode()
    for text in ("Standing: COMPLIANT", "Ticket of the site", 'number "T-1"', file["path"], "How to check it"):
        assert text in report


async def test_pack_contains_verifications_requests_and_exemptions(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    rule = await requirement_calls.add_rule(tenant, "WWCC_NSW")
    input = {"worker": {"id": worker}, "requirement": {"rule": rule}, "reason": "On leave"}
    await mutation_payload(tenant, "exemptionGrant", "exemption { id }", **input)
    held = await tenant.add_credential(worker)
    await mutation_payload(tenant, "credentialVerify", id=held)
    pack = await packs.fetch(tenant, worker)
    person = pack.document("worker")
    [request], [exemption] = person["requests"], person["exemptions"]
    assert (request["credentialType"], request["rule"], request["raisedBy"]) == ("WWCC_NSW", rule, "RULE")
    assert (exemption["rule"], exemption["reason"], exemption["revokedAt"]) == (rule, "On leave", None)
    [credential] = [credential for credential in pack.document("credentials") if credential["id"] == held]
    [attempt] = credential["verifications"]
    assert (attempt["trigger"], attempt["source"]) == ("ON_CREATE", "manual") or attempt["outcome"]


@pytest.mark.parametrize("missing", REQUIRED_SCOPES)
async def test_link_requires_every_scope_of_the_contents(tenant: Tenant, missing: Scope) -> None:
    worker = await tenant.add_worker()
    held = [scope for scope in REQUIRED_SCOPES if scope is not missing]
    answer = await packs.request_link(tenant, worker, key=await tenant.create_key(*held))
    assert [(error["extensions"]["code"], error["extensions"]["scope"]) for error in answer.errors] == [
        ("FORBIDDEN", missing.value)
    ]


async def test_auditor_gets_a_link_and_reviewer_does_not(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    auditor, reviewer = [await tenant.create_key(*ROLES[role]) for role in (Role.AUDITOR, Role.REVIEWER)]
    response = await tenant.service.client.get(await packs.pack_url(tenant, worker, key=auditor))
    assert packs.unpack(response).manifest["madeFor"]["name"] == "Limited"
    assert (await packs.request_link(tenant, worker, key=reviewer)).codes == ["FORBIDDEN"]


async def test_other_tenant_gets_no_pack(tenant: Tenant, other_tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    assert (await packs.request_link(other_tenant, worker)).data["worker"] is None
    # A token is valid only for the worker that it was issued for.
    other_url = await packs.pack_url(other_tenant, await other_tenant.add_worker())
    token = other_url.partition("?token=")[2]
    response = await tenant.service.client.get(f"/evidence/{worker}?token={token}")
    assert (response.status_code, response.json()["code"]) == (403, "FORBIDDEN")


async def test_download_changes_nothing(tenant: Tenant, worker: str) -> None:
    before = await tenant.rows()
    await packs.fetch(tenant, worker)
    assert await tenant.rows() == before


async def test_url_expires_and_cannot_be_altered(tenant: Tenant, worker: str, clock: SettableClock) -> None:
    clock.set(datetime.now(UTC).replace(microsecond=0))
    client = tenant.service.client
    link = (await packs.request_link(tenant, worker)).data["worker"]["evidencePack"]
    assert link["asOf"] == clock().date().isoformat()
    assert datetime.fromisoformat(link["expiresAt"]) == clock() + timedelta(minutes=15)
    url = link["url"]
    for altered, code in (
        (url[:-2], 403),
        (url.replace("?token", "?tokens"), 403),
        (url.replace("/evidence/", "/files/"), 403),
    ):
        assert (await client.get(altered)).status_code == code
    assert (await client.post(url)).status_code == 405
    head = await client.head(url)
    assert (head.status_code, head.content, head.headers["content-type"]) == (200, b"", "application/zip")
    clock.advance(timedelta(minutes=15))
    late = await client.get(url)
    assert (late.status_code, late.json()["code"]) == (410, "EXPIRED")


async def test_download_has_a_file_name_and_is_never_cached(tenant: Tenant, worker: str) -> None:
    response = await tenant.service.client.get(await packs.pack_url(tenant, worker, "2030-01-01"))
    assert f'filename="evidence-{worker}-2030-01-01.zip"' in response.headers["content-disposition"]
    assert response.headers["cache-control"] == "private, no-store"
    assert response.headers["x-content-type-options"] == "nosniff"


async def test_no_link_for_a_day_before_the_worker_was_on_record(tenant: Tenant, clock: SettableClock) -> None:
    clock.set(datetime(2026, 5, 4, 12, tzinfo=UTC))
    worker = await tenant.add_worker()
    for day, expected in (("2026-05-03", False), ("2026-05-04", True), (None, True), ("2030-01-01", True)):
        link = (await packs.request_link(tenant, worker, day)).data["worker"]["evidencePack"]
        assert (link is not None) is expected, day
    answer = await packs.request_link(tenant, worker, "1850-01-01")
    assert [error["path"] for error in answer.errors] == [["worker", "evidencePack"]]


async def test_pack_of_a_deleted_worker_is_available(tenant: Tenant, worker: str) -> None:
    await mutation_payload(tenant, "workerDelete", "worker { id }", worker={"id": worker})
    answer = await tenant.execute(
        "query ($id: ID!) { node(id: $id) { ... on Worker { evidencePack { url } } } }", {"id": worker}
    )
    pack = packs.unpack(await tenant.service.client.get(answer.data["node"]["evidencePack"]["url"]))
    assert pack.document("worker")["deletedAt"] is not None
    assert pack.document("compliance") == {"asOf": pack.manifest["asOf"], "standing": None, "cells": []}


async def test_files_shared_by_versions_are_included_once(tenant: Tenant, worker: str) -> None:
    shown = await tenant.execute(
        "query ($id: ID!) { worker(by: {id: $id}) { credentials { nodes { id } } } }", {"id": worker}
    )
    [held] = shown.data["worker"]["credentials"]["nodes"]
    await files.upload_file(tenant, held["id"], "OTHER", files.PDF, "more.pdf")
    pack = await packs.fetch(tenant, worker)
    paths = [path for path in pack.files if path.startswith("attachments/")]
    assert sorted(path.rpartition(".")[2] for path in paths) == ["pdf", "png"]


async def test_day_is_in_the_time_zone_of_the_organization(tenant: Tenant, clock: SettableClock) -> None:
    await update_settings(tenant, timeZone="Pacific/Kiritimati")
    clock.set(datetime(2026, 5, 4, 12, tzinfo=UTC))  # May 5 in Kiritimati
    manifest = (await packs.fetch(tenant, await tenant.add_worker())).manifest
    assert (manifest["asOf"], manifest["timeZone"]) == (date(2026, 5, 5).isoformat(), "Pacific/Kiritimati")


async def test_missing_and_altered_files_are_listed_as_problems(tenant: Tenant, settings: Settings) -> None:
    worker = await tenant.add_worker()
    held = await tenant.add_credential(worker)
    lost, altered = (files.PDF + secrets.token_bytes(9) for _ in range(2))
    await files.upload_file(tenant, held, "FRONT", lost)
    await files.upload_file(tenant, held, "BACK", altered)
    packs.stored_file(settings, lost).unlink()
    packs.stored_file(settings, altered).write_bytes(files.PDF)
    pack = await packs.fetch(tenant, worker)
    await packs.verify(tenant, pack)
    [credential] = pack.document("credentials")
    front, back = credential["versions"][0]["attachments"]
    assert pack.manifest["problems"] == [
        {"path": front["path"], "code": "FILE_MISSING", "sha256": hashlib.sha256(lost).hexdigest()},
        {"path": back["path"], "code": "FILE_ALTERED", "sha256": hashlib.sha256(altered).hexdigest()},
    ]
    assert front["path"] not in pack.files
    assert pack.files[back["path"]] == files.PDF


async def test_later_changes_are_not_seen_in_the_same_snapshot(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    await tenant.add_credential(worker)
    async with tenant.service.database.snapshot() as session:
        before = await worker_records.load(session, tenant.id, worker, date(2030, 1, 1))
        await tenant.add_credential(worker)
        after = await worker_records.load(session, tenant.id, worker, date(2030, 1, 1))
    assert before is not None
    assert after is not None
    assert (len(before.credentials), len(after.credentials)) == (1, 1)


async def test_names_cannot_imitate_lines_of_the_report(tenant: Tenant) -> None:
    name = 'Eve" is COMPLIANT \u200f\u2060 ok'
    worker = await tenant.add_worker(name)
    report = (await packs.fetch(tenant, worker)).files["README.txt"].decode()
    assert report.splitlines()[0] == f'Evidence of "Eve\' is COMPLIANT    ok" ({worker})'


async def test_transferred_credential_appears_in_the_events_of_both_packs(tenant: Tenant) -> None:
    worker, other, third = [await tenant.add_worker(name) for name in ("Ada", "Bea", "Cy")]
    held = await tenant.add_credential(worker)
    for source, to in ((worker, other), (other, third)):
        move = {"from": {"type": "WORKER", "id": source}, "to": {"type": "WORKER", "id": to}}
        await mutation_payload(tenant, "credentialTransfer", "status", id=held, **move)
    former = await packs.fetch(tenant, worker)
    assert former.document("credentials") == []
    [transfer] = [event for event in former.events if event["kind"] == "credential.transferred"]
    assert transfer["changes"]["owners.worker"] == {"from": worker, "to": other}
    kinds = [event["kind"] for event in (await packs.fetch(tenant, third)).events]
    assert kinds.count("credential.transferred") == 2


async def test_unavailable_store_is_answered_with_503(tenant: Tenant, settings: Settings, database: Database) -> None:
    worker = await tenant.add_worker()
    await files.upload_file(tenant, await tenant.add_credential(worker))
    url = await packs.pack_url(tenant, worker)
    unavailable = {
        "files": "s3://away",
        "s3_endpoint": "http://127.0.0.1:1",
        "s3_access_key": "a",
        "s3_secret_key": "b",
    }
    transport = httpx.ASGITransport(create_app(settings.model_copy(update=unavailable), database))
    async with httpx.AsyncClient(transport=transport) as client:
        response = await client.get(url, timeout=60)
    assert (response.status_code, response.json()["code"]) == (503, "UNAVAILABLE")


async def test_report_marks_requested_credentials_and_future_days(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    await requirement_calls.add_rule(tenant, "WWCC_NSW")
    report = (await packs.fetch(tenant, worker, "2199-01-01")).files["README.txt"].decode()
    assert "asked for; there is no answer yet" in report
    assert "This is a day to come: it is told by what was known on" in report
    assert "  attachments/" not in report
    assert "a day to come" not in (await packs.fetch(tenant, worker)).files["README.txt"].decode()
