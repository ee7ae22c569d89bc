"""The load generator's output is parsed correctly, and a failed load does not count as a measurement."""

import json

import pytest

from scripts.benchmark import load
from scripts.benchmark.load import LoadFailed

REPORT = {
    "requests": 3_000, "sent": 3_016, "microseconds": 3_000_000, "bytes": 900_000,
    "refused": 0, "broken": 0, "p50": 5_300, "p99": 12_040,
}  # fmt: skip
WRK_OUTPUT = """\
Running 3s test @ http://127.0.0.1:8000
  1 threads and 16 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     5.41ms    1.20ms  14.00ms   88.20%
Requests/sec:   1000.00
"""


def printed(**changed: int) -> str:
    return WRK_OUTPUT + json.dumps(REPORT | changed) + "\n"


def test_times_are_milliseconds_and_the_rate_is_of_answers() -> None:
    report = load.parse_output(printed())

    assert (report.requests, report.sent, report.bytes) == (3_000, 3_016, 900_000)
    assert report.per_second == 1_000
    assert (report.p50, report.p99) == (5.3, 12.04)


def test_a_server_too_slow_for_an_answer_is_reported_as_such() -> None:
    assert load.parse_output(printed(requests=0, sent=16)).per_second == 0


@pytest.mark.parametrize("failure", ["refused", "broken"])
def test_a_refused_or_broken_request_fails_the_load(failure: str) -> None:
    with pytest.raises(LoadFailed, match="1"):
        load.parse_output(printed(**{failure: 1}))


@pytest.mark.parametrize("output", ["", WRK_OUTPUT, "unable to connect to 127.0.0.1:8000"])
def test_a_load_that_tells_nothing_fails(output: str) -> None:
    with pytest.raises(LoadFailed):
        load.parse_output(output)
