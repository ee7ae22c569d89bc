"""The same row twice in one call of many rows: the first is done, and the others are told so."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.calls import mutate, mutate_ok
from tests.service import Tenant, error_paths

RowInput = Callable[[str], Any]


def named_update(key: str) -> dict[str, Any]:
    """Return the row of an update."""
    return {"id": key, "identification": {"displayName": "New"}}


async def results(tenant: Tenant, field: str, selection: str = "", **input: Any) -> list[list[tuple[str, str]]]:
    payload = await mutate(tenant, field, f"results {{ {selection} errors {{ code path message }} }}", **input)
    assert payload["errors"] == []
    return [error_paths(result) for result in payload["results"]]


@pytest.mark.parametrize(
    ("field", "path", "row", "content", "repeated"),
    [
        ("credentialsUpdate", "updates", named_update, (), "INVALID updates"),
        ("credentialsVerify", "ids", str, (), "INVALID ids"),
        ("credentialsApprove", "ids", str, (), "ALREADY_APPROVED ids"),
        ("credentialsReject", "ids", str, (), "ALREADY_REJECTED ids"),
        ("credentialsTransfer", "credentialIds", str, ("from", "to"), "OWNER_MISMATCH"),
        ("credentialsLink", "credentialIds", str, ("to",), "NOOP"),
    ],
)
async def test_a_credential_is_changed_once(
    tenant: Tenant, field: str, path: str, row: RowInput, content: tuple[str, ...], repeated: str
) -> None:
    worker = await tenant.add_worker()
    applicant = await mutate_ok(tenant, "applicantCreate", "applicant { id }", identity={"displayName": "Sam"})
    first, second = await tenant.add_credential(worker), await tenant.add_credential(worker)
    people = {"from": {"type": "WORKER", "id": worker}, "to": {"type": "APPLICANT", "id": applicant["id"]}}
    input: dict[str, Any] = {name: people[name] for name in content}
    input[path] = [row(first), row(second), row(first), row(first)]
    before = len((await tenant.rows())["events"])
    outcome = await results(tenant, field, "status" if repeated == "NOOP" else "", **input)
    assert outcome[:2] == [[], []]
    code, _, place = repeated.partition(" ")
    for index, errors in enumerate(outcome[2:], 2):
        assert errors == ([] if code == "NOOP" else [(code, f"{place}.{index}" if place else "from")])
    events = (await tenant.rows())["events"]
    assert len(events) - before == (0 if field == "credentialsVerify" else 2)


async def test_the_refusal_names_the_first_row(tenant: Tenant) -> None:
    key = await tenant.add_credential(await tenant.add_worker())
    selection = "results { errors { message } }"
    payload = await mutate(tenant, "credentialsUpdate", selection, updates=[named_update(key), {"id": key}])
    [error] = payload["results"][1]["errors"]
    assert error["message"] == "updates.1: is about the same row as updates.0; send each row once"


async def test_a_worker_is_assigned_once(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    position = (await mutate_ok(tenant, "positionCreate", "position { id }", name="Nurse"))["id"]
    outcome = await results(tenant, "positionAssign", position=position, workers=[worker, worker])
    assert outcome == [[], [("ALREADY_ASSIGNED", "workers.1")]]


async def test_a_worker_is_upserted_once_by_the_row_that_comes_first(tenant: Tenant) -> None:
    def row(external_id: str, team: str, system: str | None = "hr") -> dict[str, Any]:
        source = {"externalId": external_id, "sourceSystem": system}
        return {"source": source, "identity": {"displayName": external_id}, "employment": {"team": team}}

    rows = [row("1", "Red"), row(" 1 ", "Blue", " hr"), row("1", "Green", None), row("1", "Grey", ""), row("2", "Red")]
    outcome = await results(tenant, "workersUpsert", "status", rows=rows)
    assert outcome == [[], [("INVALID", "rows.1")], [], [("INVALID", "rows.3")], []]
    stored = {
        (worker["external_id"], worker["source_system"]): worker["team"] for worker in (await tenant.rows())["workers"]
    }
    assert stored == {("1", "hr"): "Red", ("1", ""): "Green", ("2", "hr"): "Red"}


async def test_rows_without_an_external_id_are_not_taken_for_one(tenant: Tenant) -> None:
    rows: list[dict[str, Any]] = [{"identity": {"displayName": "A"}}, {"source": {"externalId": "\u200b"}}]
    outcome = await results(tenant, "workersUpsert", rows=rows)
    assert outcome == [[("REQUIRED", f"rows.{index}.source.externalId")] for index in range(2)]


async def test_a_request_is_raised_once(tenant: Tenant) -> None:
    worker = await tenant.add_worker()
    input: dict[str, Any] = {"workers": [worker, worker], "types": [{"credentialType": "NPI"}]}
    assert await results(tenant, "credentialRequestsCreate", **input) == [[], [("ALREADY_REQUESTED", "workers.1")]]
