"""Medians, ratios and tables."""

from dataclasses import replace

from scripts.benchmark import report
from scripts.benchmark.report import Sample, StartResult

SERVERS = {"ours": "Ours", "other": "Other"}
OPERATIONS = {"read": "read", "write": "write"}


def sample(server: str, operation: str, server_ms: float, per_second: float = 100) -> Sample:
    return Sample(
        server=server, operation=operation, per_second=per_second, p50=1, p99=2, server_ms=server_ms, database_ms=0.5
    )


SAMPLES = [
    *(sample("ours", "read", ms, rate) for ms, rate in ((9, 100), (1, 300), (2, 200))),
    *(sample("other", "read", ms, rate) for ms, rate in ((4, 50), (4, 100), (5, 100))),
    sample("ours", "write", 3),
]


def tables() -> dict[str, list[list[str]]]:
    starts = {"ours": StartResult(1.234, 0.5, 99.6)}
    return dict(report.tables(report.medians(SAMPLES), starts, SERVERS, OPERATIONS))


def test_a_median_is_taken_of_each_number_alone() -> None:
    found = report.medians(SAMPLES)

    assert found["ours", "read"].server_ms == 2
    assert found["ours", "read"].per_second == 200
    assert found["other", "read"].server_ms == 4


def test_nothing_is_a_multiple_of_nothing() -> None:
    assert report.ratio(3, 2) == 1.5
    assert report.ratio(3, 0) is None


def test_the_first_server_is_compared_with_the_others() -> None:
    found = tables()

    assert found["Ours's processor time, as a multiple of"] == [["server", "read", "write"], ["Other", "0.50", ""]]
    assert found["Ours's requests per second, as a multiple of"][1] == ["Other", "2.00", ""]


def test_what_a_server_does_not_answer_is_left_empty() -> None:
    assert tables()["Processor milliseconds of the server per request"] == [
        ["server", "read", "write"],
        ["Ours", "2.00", "3.00"],
        ["Other", "4.00", ""],
    ]


def test_an_embedded_database_has_no_time_of_its_own() -> None:
    embedded = replace(sample("ours", "read", 1), database_ms=None)
    found = dict(report.tables(report.medians([embedded]), {}, {"ours": "Ours"}, {"read": "read"}))

    assert found["Processor milliseconds of PostgreSQL per request"][1] == ["Ours", ""]


def test_starts_are_reported() -> None:
    assert tables()["Start and memory"][1] == ["Ours", "1.23", "0.50", "100"]


def test_tables_are_written_for_people_and_for_documents() -> None:
    rows = [["server", "read"], ["Ours", "2.00"]]

    assert report.as_text("Title", rows) == "Title\nserver  read\nOurs    2.00"
    assert report.as_markdown("Title", rows) == "**Title**\n\n| server | read |\n| --- | ---: |\n| Ours | 2.00 |"
