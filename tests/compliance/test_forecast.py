"""The forecast of workers whose credentials have several versions."""

from datetime import timedelta

import pytest

from tests import calls
from tests.compliance.organization import START, DatedOrganization
from tests.credentials import actions

SPANS = "spans { startsOn endsOn turningNonCompliant workers { id } }"


@pytest.mark.parametrize(
    ("first", "last", "again", "until", "turning"),
    [
        (None, 10, 11, 50, [51]),
        (None, 10, 12, 50, [11, 51]),
        (None, 10, 30, 50, [11, 51]),
        (None, 10, 5, 8, [11]),
        (None, -10, 20, 50, [51]),
        (5, 10, 20, 50, [11, 51]),
        (5, 10, 11, 50, [51]),
    ],
)
async def test_the_forecast_names_workers_each_time_they_turn_non_compliant(
    organization: DatedOrganization, first: int | None, last: int, again: int, until: int, turning: list[int]
) -> None:
    def days(first: int | None, last: int) -> dict[str, str]:
        begun, ends = START + timedelta(days=-300 if first is None else first), START + timedelta(days=last)
        return {"issueDate": begun.isoformat(), "expiryDate": ends.isoformat()}

    await organization.rule()
    worker = await organization.tenant.add_worker()
    key = await organization.credential(worker, issuing=days(first, last))
    await actions.add_version(organization.tenant, key, **days(again, until))
    answer = await calls.run_query(
        organization.tenant, "expiryForecast", SPANS, by="WEEK", endsOn=str(START + timedelta(days=80))
    )
    spans = [
        span
        for span in answer.data["expiryForecast"]["spans"]
        if any(span["startsOn"] <= str(START + timedelta(days=days)) <= span["endsOn"] for days in turning)
    ]
    assert [(span["turningNonCompliant"], span["workers"]) for span in spans] == [(1, [{"id": worker}])] * len(turning)
    others = [span for span in answer.data["expiryForecast"]["spans"] if span not in spans]
    assert {(span["turningNonCompliant"], len(span["workers"])) for span in others} == {(0, 0)}
