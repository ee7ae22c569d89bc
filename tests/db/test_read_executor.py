"""Readings: what statements that are sent together give, and the turns of the threads that read an SQLite file."""

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
    """Do something in some threads at once; what one of them raises is raised."""
    with ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(work) for _ in range(THREADS * 5)]:
            done.result(LONG_SECONDS)


def test_one_thread_runs_at_a_time() -> None:
    turns, inside, most = HandoffLock(LONG_SECONDS), 0, 0

    def work() -> None:
        nonlocal inside, most
        with turns.hold():
            inside += 1
            most = max(most, inside)
            time.sleep(0.001)
            inside -= 1

    in_threads(work)
    assert most == 1


def test_who_has_waited_for_long_goes_on_beside_the_one_before() -> None:
    turns, went_on = HandoffLock(0.001), threading.Event()

    def overtake() -> None:
        with turns.hold():
            went_on.set()

    with turns.hold():
        in_threads(overtake)
        assert went_on.is_set()


def test_who_was_overtaken_does_not_end_the_turn_of_another() -> None:
    leave, turns = threading.Event(), HandoffLock(0.001)

    def overtake() -> None:
        with turns.hold():
            leave.wait(LONG_SECONDS)

    with ThreadPoolExecutor(1) as pool:
        with turns.hold():
            overtaking = pool.submit(overtake)
            while turns.holder == threading.get_ident():
                time.sleep(0.001)
        assert turns.holder is not None
        leave.set()
        overtaking.result(LONG_SECONDS)


def test_a_turn_ends_with_what_fails_in_it() -> None:
    turns = HandoffLock(LONG_SECONDS)

    def fail() -> None:
        with turns.hold():
            raise ValueError

    for _ in range(2):
        with ThreadPoolExecutor(1) as pool:
            assert isinstance(pool.submit(fail).exception(LONG_SECONDS), ValueError)


def asking(reads: Sequence[Read]) -> ReadProgram[list[Any]]:
    """A reading that gives the rows of some statements."""
    answers = yield reads
    return [answer if isinstance(answer, Exception) else [tuple(row) for row in answer] for answer in answers]


def read(database: Database, text: str, *values: Any, width: int = 1) -> Read:
    """A statement, in which `{}` stands for a value that is a text."""
    places = ["?"] * len(values) if database.is_embedded else [f"${number + 1}::text" for number in range(len(values))]
    return Read(text.format(*places), values, width)


async def test_each_of_several_statements_has_its_own_values_and_rows(database: Database) -> None:
    some = "SELECT {} AS a, 2 AS b UNION ALL SELECT {}, 3 ORDER BY b"
    reads = [
        read(database, "SELECT {} AS a", "x"),
        read(database, some, "y", "z", width=2),
        read(database, some, "v", "w", width=2),
        read(database, "SELECT {} AS a WHERE 1 = 0", "q"),
        read(database, "SELECT 7 AS a"),
    ]
    found = await database.read_executor.run(asking(reads))
    assert found == [[("x",)], [("y", 2), ("z", 3)], [("v", 2), ("w", 3)], [], [(7,)]]


async def test_a_statement_that_fails_leaves_the_others_their_rows(database: Database) -> None:
    reads = [read(database, text, "x") for text in ("SELECT {} AS a", "SELECT {} AS a FROM nowhere", "SELECT {} AS b")]
    first, failed, last = await database.read_executor.run(asking(reads))
    assert (first, last) == ([("x",)], [("x",)])
    assert isinstance(failed, Exception)


@on_postgresql  # nothing is read ahead where asking again costs nothing
async def test_what_follows_from_rows_is_read_with_them(database: Database) -> None:
    def lookup(*follows: DependentRead, fails: bool = False) -> Read:
        text = "SELECT v AS id, $1::text || v AS next FROM unnest(ARRAY['a', 'b', 'xa', 'yxb']) v WHERE v = any ($2)"
        return Read(text.replace("unnest", "nothing" if fails else "unnest"), ["x", []], 2, follows, key_index=1)

    def reading(*follows: DependentRead) -> ReadProgram[Any]:
        rows, [other] = yield [
            Read("SELECT 'b' AS key, 1 AS at UNION ALL SELECT 'a', 2 ORDER BY at", (), 2, follows),
            Read("SELECT 7", (), 1),
        ]
        return rows, tuple(other)

    two = DependentRead("first", 0, lookup(DependentRead("second", 1, lookup())))
    rows, other = await database.read_executor.run(reading(two))
    assert (list(rows), other) == ([("b", 1), ("a", 2)], (7,))
    first = dependents_of(rows)["first"]
    assert sorted(first) == [("a", "xa"), ("b", "xb")]
    assert list(dependents_of(first)["second"]) == [("xa", "xxa")]
    rows, other = await database.read_executor.run(reading(two, DependentRead("failing", 0, lookup(fails=True))))
    assert ([tuple(row) for row in rows], other, dependents_of(rows)) == ([("b", 1), ("a", 2)], (7,), {})


@on_postgresql
async def test_a_statement_is_planned_once_only_where_its_values_do_not_matter(database: Database) -> None:
    def shown(*steady: bool) -> ReadProgram[list[str]]:
        rows = yield [Read("SELECT current_setting('plan_cache_mode')", (), generic_plan=each) for each in steady]
        return [row[0][0] for row in rows]

    assert await database.read_executor.run(shown(True)) == ["force_generic_plan"]
    assert await database.read_executor.run(shown(True, False)) == ["auto", "auto"]
    assert await database.read_executor.run(shown(True, True)) == ["force_generic_plan"] * 2


async def test_any_number_of_statements_is_answered_in_their_order(database: Database) -> None:
    reads = [read(database, "SELECT {} AS a", str(number)) for number in range(3 * MAX_BATCH)]
    wide = read(database, "SELECT 1 AS a")
    found = await database.read_executor.run(asking([*reads, replace(wide, width=0), *reads]))
    numbers = [[(str(number),)] for number in range(len(reads))]
    assert [[tuple(row) for row in rows] for rows in found] == [*numbers, [(1,)], *numbers]


def test_only_so_much_is_asked_as_one_statement() -> None:
    def follows(number: int) -> tuple[DependentRead, ...]:
        return tuple(DependentRead(name, 0, Read("SELECT $1", [[]], 1, key_index=0)) for name in range(number))

    few, many = Read("few", (), 1, follows(MAX_BATCH - 1)), Read("many", (), 1, follows(MAX_BATCH))
    bare, broad = Read("bare", (), 1), Read("broad", (), MAX_COLUMNS)
    found = batches([bare, few, many, bare, broad, bare, Read("unknown", ()), bare])
    assert [[(one.text, len(one.dependents)) for one in some] for some in found] == [
        [("bare", 0)],
        [("few", MAX_BATCH - 1)],
        [("many", 0), ("bare", 0)],
        [("broad", 0)],
        [("bare", 0)],
        [("unknown", 0)],
        [("bare", 0)],
    ]
