"""The read executors: merged and dependent reads, and the lock of the threads that read an SQLite file."""

import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

from app.db.database import Database
from app.db.engine.handoff_lock import HandoffLock
from app.db.read_batch import MAX_BATCH, MAX_COLUMNS, DependentRead, Read, batches, dependents_of
from app.db.read_executor import ReadProgram
from tests.databases import on_postgresql

LONG_SECONDS = 60.0
THREADS = 4


def in_threads(work: Callable[[], None]) -> None:
    """Run some work in several threads at once. Raises the exception of a thread."""
    with ThreadPoolExecutor(THREADS) as pool:
        for future in [pool.submit(work) for _ in range(THREADS * 5)]:
            future.result(LONG_SECONDS)


def test_one_thread_holds_the_lock_at_a_time() -> None:
    lock, inside, highest = HandoffLock(LONG_SECONDS), 0, 0

    def work() -> None:
        nonlocal inside, highest
        with lock.hold():
            inside += 1
            highest = max(highest, inside)
            time.sleep(0.001)
            inside -= 1

    in_threads(work)
    assert highest == 1


def test_a_thread_that_has_waited_for_the_timeout_goes_ahead() -> None:
    lock, went_on = HandoffLock(0.001), threading.Event()

    def overtake() -> None:
        with lock.hold():
            went_on.set()

    with lock.hold():
        in_threads(overtake)
        assert went_on.is_set()


def test_an_overtaken_thread_does_not_release_the_lock_of_another() -> None:
    leave, lock = threading.Event(), HandoffLock(0.001)

    def overtake() -> None:
        with lock.hold():
            leave.wait(LONG_SECONDS)

    with ThreadPoolExecutor(1) as pool:
        with lock.hold():
            overtaking = pool.submit(overtake)
            while lock.holder == threading.get_ident():
                time.sleep(0.001)
        assert lock.holder is not None
        leave.set()
        overtaking.result(LONG_SECONDS)


def test_an_exception_releases_the_lock() -> None:
    lock = HandoffLock(LONG_SECONDS)

    def fail() -> None:
        with lock.hold():
            raise ValueError

    for _ in range(2):
        with ThreadPoolExecutor(1) as pool:
            assert isinstance(pool.submit(fail).exception(LONG_SECONDS), ValueError)


def fetch_all(reads: Sequence[Read]) -> ReadProgram[list[Any]]:
    """A read program that returns the rows of each read."""
    answers = yield reads
    return [answer if isinstance(answer, Exception) else [tuple(row) for row in answer] for answer in answers]


def read(database: Database, text: str, *values: Any, width: int = 1) -> Read:
    """Return a read; each `{}` in its text stands for a text value."""
    places = ["?"] * len(values) if database.is_embedded else [f"${number + 1}::text" for number in range(len(values))]
    return Read(text.format(*places), values, width)


async def test_each_of_several_reads_has_its_own_values_and_rows(database: Database) -> None:
    union = "SELECT {} AS a, 2 AS b UNION ALL SELECT {}, 3 ORDER BY b"
    reads = [
        read(database, "SELECT {} AS a", "x"),
        read(database, union, "y", "z", width=2),
        read(database, union, "v", "w", width=2),
        read(database, "SELECT {} AS a WHERE 1 = 0", "q"),
        read(database, "SELECT 7 AS a"),
    ]
    found = await database.read_executor.run(fetch_all(reads))
    assert found == [[("x",)], [("y", 2), ("z", 3)], [("v", 2), ("w", 3)], [], [(7,)]]


async def test_a_read_that_fails_leaves_the_others_their_rows(database: Database) -> None:
    reads = [read(database, text, "x") for text in ("SELECT {} AS a", "SELECT {} AS a FROM nowhere", "SELECT {} AS b")]
    first, failed, last = await database.read_executor.run(fetch_all(reads))
    assert (first, last) == ([("x",)], [("x",)])
    assert isinstance(failed, Exception)


@on_postgresql  # SQLite reads the dependents later: a read there needs no round trip
async def test_dependent_reads_are_read_with_the_rows_that_they_depend_on(database: Database) -> None:
    def lookup(*dependents: DependentRead, fails: bool = False) -> Read:
        text = "SELECT v AS id, $1::text || v AS next FROM unnest(ARRAY['a', 'b', 'xa', 'yxb']) v WHERE v = any ($2)"
        return Read(text.replace("unnest", "nothing" if fails else "unnest"), ["x", []], 2, dependents, key_index=1)

    def program(*dependents: DependentRead) -> ReadProgram[Any]:
        rows, [other] = yield [
            Read("SELECT 'b' AS key, 1 AS at UNION ALL SELECT 'a', 2 ORDER BY at", (), 2, dependents),
            Read("SELECT 7", (), 1),
        ]
        return rows, tuple(other)

    two = DependentRead("first", 0, lookup(DependentRead("second", 1, lookup())))
    rows, other = await database.read_executor.run(program(two))
    assert (list(rows), other) == ([("b", 1), ("a", 2)], (7,))
    first = dependents_of(rows)["first"]
    assert sorted(first) == [("a", "xa"), ("b", "xb")]
    assert list(dependents_of(first)["second"]) == [("xa", "xxa")]
    rows, other = await database.read_executor.run(program(two, DependentRead("failing", 0, lookup(fails=True))))
    assert ([tuple(row) for row in rows], other, dependents_of(rows)) == ([("b", 1), ("a", 2)], (7,), {})


@on_postgresql
async def test_only_reads_with_a_generic_plan_are_planned_once(database: Database) -> None:
    def plan_cache_modes(*generic_plans: bool) -> ReadProgram[list[str]]:
        text = "SELECT current_setting('plan_cache_mode')"
        answers = yield [Read(text, (), generic_plan=generic_plan) for generic_plan in generic_plans]
        return [rows[0][0] for rows in answers]

    assert await database.read_executor.run(plan_cache_modes(True)) == ["force_generic_plan"]
    assert await database.read_executor.run(plan_cache_modes(True, False)) == ["auto", "auto"]
    assert await database.read_executor.run(plan_cache_modes(True, True)) == ["force_generic_plan"] * 2


async def test_any_number_of_reads_is_answered_in_their_order(database: Database) -> None:
    reads = [read(database, "SELECT {} AS a", str(number)) for number in range(3 * MAX_BATCH)]
    unmergeable = replace(read(database, "SELECT 1 AS a"), width=0)
    found = await database.read_executor.run(fetch_all([*reads, unmergeable, *reads]))
    numbers = [[(str(number),)] for number in range(len(reads))]
    assert [[tuple(row) for row in rows] for rows in found] == [*numbers, [(1,)], *numbers]


def test_a_batch_has_a_maximum_of_statements_and_of_columns() -> None:
    def dependents(number: int) -> tuple[DependentRead, ...]:
        return tuple(DependentRead(name, 0, Read("SELECT $1", [[]], 1, key_index=0)) for name in range(number))

    few, many = Read("few", (), 1, dependents(MAX_BATCH - 1)), Read("many", (), 1, dependents(MAX_BATCH))
    bare, broad = Read("bare", (), 1), Read("broad", (), MAX_COLUMNS)
    result = batches([bare, few, many, bare, broad, bare, Read("unknown", ()), bare])
    assert [[(part.text, len(part.dependents)) for part in batch] for batch in result] == [
        [("bare", 0)],
        [("few", MAX_BATCH - 1)],
        [("many", 0), ("bare", 0)],
        [("broad", 0)],
        [("bare", 0)],
        [("unknown", 0)],
        [("bare", 0)],
    ]
