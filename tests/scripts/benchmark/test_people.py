"""The generated data is the same for the same seed."""

from datetime import date
from itertools import islice
from random import Random

from app.core import ids
from scripts.benchmark import people
from scripts.benchmark.people import Generator, Row


def drawn(seed: int) -> list[Row]:
    draw = Generator(Random(seed), date(2026, 3, 14))
    return list(islice(people.draw_workers(draw, "org_1", people.draw_units(draw, "org_1")), 50))


def test_a_seed_gives_the_same_people() -> None:
    assert drawn(7) == drawn(7)
    assert drawn(7) != drawn(8)


def test_ids_are_the_services_own_kind_in_the_order_of_drawing() -> None:
    found = [row["id"] for row in drawn(7)]

    assert {ids.prefix_of(key) for key in found} == {"wkr"}
    assert found == sorted(set(found))


def test_managers_come_before_their_reports() -> None:
    seen: set[str | None] = {None}
    for row in drawn(7):
        assert row["manager_id"] in seen
        seen.add(row["id"])
