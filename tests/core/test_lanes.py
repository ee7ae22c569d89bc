"""Turns of the threads that read an SQLite file: one at a time, but nobody waits for long."""

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from app.core.lanes import Turns

LONG_SECONDS = 60.0
THREADS = 4


def in_threads(work: Callable[[], None]) -> None:
    """Do something in some threads at once; what one of them raises is raised."""
    with ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(work) for _ in range(THREADS * 5)]:
            done.result(LONG_SECONDS)


def test_one_thread_runs_at_a_time() -> None:
    turns, inside, most = Turns(LONG_SECONDS), 0, 0

    def work() -> None:
        nonlocal inside, most
        with turns.taken():
            inside += 1
            most = max(most, inside)
            time.sleep(0.001)
            inside -= 1

    in_threads(work)
    assert most == 1


def test_who_has_waited_for_long_goes_on_beside_the_one_before() -> None:
    turns, went_on = Turns(0.001), threading.Event()

    def overtake() -> None:
        with turns.taken():
            went_on.set()

    with turns.taken():
        in_threads(overtake)
        assert went_on.is_set()


def test_who_was_overtaken_does_not_end_the_turn_of_another() -> None:
    leave, turns = threading.Event(), Turns(0.001)

    def overtake() -> None:
        with turns.taken():
            leave.wait(LONG_SECONDS)

    with ThreadPoolExecutor(1) as pool:
        with turns.taken():
            overtaking = pool.submit(overtake)
            while turns.holder == threading.get_ident():
                time.sleep(0.001)
        assert turns.holder is not None
        leave.set()
        overtaking.result(LONG_SECONDS)


def test_a_turn_ends_with_what_fails_in_it() -> None:
    turns = Turns(LONG_SECONDS)

    def fail() -> None:
        with turns.taken():
            raise ValueError

    for _ in range(2):
        with ThreadPoolExecutor(1) as pool:
            assert isinstance(pool.submit(fail).exception(LONG_SECONDS), ValueError)
