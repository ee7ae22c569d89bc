"""What a plan reads: statements for its columns, compiled once for each shape of question, and filled in each time.

The statement of a question depends on whom it is asked for only by their reach, not by their ids: those are values. It
depends on a `where` by its values too, so that one is kept for each of those asked often. A filter that looks at the
clock makes a statement that is good for a moment, and is not kept.
"""

import inspect
from collections import OrderedDict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache
from threading import Lock
from typing import Any

from sqlalchemy import Select

from app.access import Actor
from app.core import clock
from app.db.database import Database
from app.db.prepared_statements import Prepared, Slot, Unfit, prepare
from app.db.read_batch import Read
from app.lists.filters import Filter
from app.lists.key_lists import KEYS, listed
from app.lists.listings import Ask, Children, Listing, Lookup

KEPT = 2_000
"""Statements that are kept compiled."""

TIMELESS, DAILY = "never", "daily"
"""How often a filter's condition changes with the clock."""


@dataclass(frozen=True, slots=True)
class Scene:
    """Of which kind of database, and of what instant a statement is made."""

    dialect: str
    now: datetime


class Reader:
    """Makes the reads of one database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.dialect = database.dialect
        self._kept: OrderedDict[Hashable, Prepared] = OrderedDict()
        self._lock = Lock()

    @property
    def together(self) -> bool:
        """Whether it saves anything to read what follows from rows with them."""
        return self.dialect.name == "postgresql"

    def rows(self, batch: Lookup[Any], actor: Actor, keys: Sequence[str], columns: tuple[str, ...]) -> Read:
        """Some columns of the row of each key."""
        name = (batch, actor.reach, columns)
        return self._read(name, lambda scene, who: batch.statement(scene, who, columns), actor, keys=keys)

    def page(self, listing: Listing[Any], actor: Actor, ask: Ask, columns: tuple[str, ...]) -> Read:
        """Some columns of the rows of a page, and of one more."""
        name = self._name(listing, listing, actor, ask, columns)
        return self._read(name, lambda scene, who: listing.statement(scene, who, _placed(ask), columns), actor, ask)

    def count(self, listing: Listing[Any], actor: Actor, ask: Ask) -> Read:
        """How many rows a list has."""
        name = self._name((listing, "count"), listing, actor, ask, ())
        return self._read(name, lambda scene, who: listing.counting(scene, who, ask), actor, ask)

    def children(
        self, batch: Children[Any], actor: Actor, keys: Sequence[str], ask: Ask, columns: tuple[str, ...]
    ) -> Read:
        """Some columns of the rows of each parent's page and of one more, and the parent's key."""
        name = self._name(batch, batch.listing, actor, ask, columns)
        return self._read(name, lambda scene, who: batch.statement(scene, who, _placed(ask), columns), actor, ask, keys)

    def counts(self, batch: Children[Any], actor: Actor, keys: Sequence[str], ask: Ask) -> Read:
        """The key of each parent, and how many rows its list has."""
        name = self._name((batch, "count"), batch.listing, actor, ask, ())
        return self._read(name, lambda scene, who: batch.counting(scene, who, ask), actor, ask, keys)

    def _name(
        self, batch: Hashable, listing: Listing[Any], actor: Actor, ask: Ask, columns: tuple[str, ...]
    ) -> Hashable | None:
        """What statements are the same that have this in common; None for one that is good for just now."""
        shape = (ask.limit, ask.backwards, ask.position is not None, ask.order, ask.include)
        if not ask.where and not ask.search:
            return (batch, actor.reach, columns, shape)
        day = None
        if ask.where:
            looks = _looks(listing, ask.where)
            if looks is None:
                return None
            day = clock.today(self._database.clock(), actor.time_zone) if looks == DAILY else None
        asked = (ask.where_key, ask.search, actor.time_zone, actor.expiring_soon_days, day)
        return (batch, actor.reach, columns, shape, asked)

    def _read(
        self,
        name: Hashable | None,
        make: Callable[[Scene, Any], Select[Any]],
        actor: Actor,
        ask: Ask | None = None,
        keys: Sequence[str] | None = None,
    ) -> Read:
        prepared = self._find(name) if name is not None else None
        if prepared is None:
            prepared = self._prepare(name, make, actor)
        given: dict[str, Any] = actor.ids
        if keys is not None:
            given[KEYS] = listed(keys, self.dialect.name)
        if ask is not None and ask.position is not None:
            given |= {f"at{index}": value for index, value in enumerate(ask.position)}
        # Keys, and a list's own order, lead by an index; what a filter leaves of a list depends on what it asks for.
        steady = ask is None or not (ask.where or ask.search)
        return Read(prepared.text, prepared.values(given), prepared.width, (), steady, prepared.places.get(KEYS))

    def _find(self, name: Hashable) -> Prepared | None:
        with self._lock:
            found = self._kept.get(name)
            if found is not None:
                self._kept.move_to_end(name)
            return found

    def _prepare(self, name: Hashable | None, make: Callable[[Scene, Any], Select[Any]], actor: Actor) -> Prepared:
        scene = Scene(self.dialect.name, self._database.clock())
        if name is not None:
            try:
                prepared = prepare(make(scene, actor.anybody()), self.dialect)
            except Unfit:
                pass
            else:
                with self._lock:
                    self._kept[name] = prepared
                    if len(self._kept) > KEPT:
                        self._kept.popitem(last=False)
                return prepared
        return prepare(make(scene, actor), self.dialect)


def _placed(ask: Ask) -> Ask:
    """The ask with slots for the position that its page starts from."""
    if ask.position is None:
        return ask
    return replace(ask, position=tuple(Slot(f"at{index}") for index in range(len(ask.position))))


def _looks(listing: Listing[Any], where: Mapping[str, Any]) -> str | None:
    """How often the conditions of a where change with the clock; None for always."""
    worst = TIMELESS
    for name, value in where.items():
        if name in ("AND", "OR", "NOT"):
            parts = value if isinstance(value, list) else [value] if value else []
            found = [_looks(listing, part) for part in parts]
        else:
            found = [_look(listing.filters[name])]
        if None in found:
            return None
        if DAILY in found:
            worst = DAILY
    return worst


@cache
def _look(condition: Filter) -> str | None:
    if getattr(condition, "daily", False):
        return DAILY
    return TIMELESS if list(inspect.signature(condition).parameters)[2:] == ["_now"] else None
