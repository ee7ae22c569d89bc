"""The fields of the roots in plans: whole lists, what is found by arguments, and what is changed."""

from collections.abc import Generator
from dataclasses import dataclass
from typing import Any

from app.access import Actor
from app.db import read_executor
from app.db.read_batch import ahead_of
from app.graph.dsl import declarations
from app.graph.execution.run.arguments import Arguments
from app.graph.execution.run.edges import Field
from app.graph.execution.run.executor import Anew, Below, Here, Leading, Level, Run, Steps, of_keys, of_lists
from app.graph.execution.run.existing_objects import Given
from app.graph.execution.run.node_edges import check, find_any, reach
from app.graph.execution.run.page_runtime import Pages
from app.graph.execution.run.prefetch import following


@dataclass(slots=True)
class RootList(Field):
    """A field of the query root that is a whole list."""

    query: declarations.Query
    pages: Pages

    def follow(self, run: Run, here: Here) -> Leading:
        """Read the page, and count the list where that is asked."""
        query, listing = self.query, self.query.listing
        assert listing is not None
        try:
            actor, ask, ready = yield from self.pages.begin(run, listing, query.scope, query.own)
            columns = self.pages.columns(listing, ask, sorted_here=False)
            rows, counts = yield from self.pages.answers(
                run.reader.page(listing, actor, ready, columns).followed(following(run, *self.pages.levels)),
                lambda: run.reader.count(listing, actor, ready),
            )
        except Anew:
            raise
        except Exception as error:
            return self.refuse(run, here, error)
        total = [counts[0][0]] if counts else ()
        ahead = ahead_of(rows)
        connected, reached = self.pages.connect(run, here, self.names, [rows], total, listing, ask, actor, ahead)
        self.fill(here.parts, connected)
        return reached


@dataclass(slots=True)
class Asked(Field):
    """A field of the query root that finds one thing, or a few by their ids."""

    query: declarations.Query
    arguments: Arguments
    given: Given
    levels: dict[str, Level]
    """How rows are made that are to be found, by the prefix of their kind."""

    def follow(self, run: Run, here: Here) -> Leading:
        """Ask what is asked, and find what it says."""
        assert self.query.resolve is not None
        try:
            arguments = self.arguments.of(run)
            actor = run.context.permitted(self.query.scope, own=self.query.own)
            answer = self.query.resolve(run.context, actor, **arguments)
            if isinstance(answer, declarations.Find | list):
                reached = yield from self._find(run, here, actor, answer)
                return list(reached)
            if isinstance(answer, Generator):
                answer = yield from answer
            else:
                [answer] = read_executor.told((yield [lambda: answer]))
        except Anew:
            raise
        except Exception as error:
            return self.refuse(run, here, error)
        parts, below = self.given.give(here, [answer], list(self.names))
        self.fill(here.parts, parts)
        return below

    def _find(self, run: Run, here: Here, actor: Actor, answer: Any) -> Any:
        many = isinstance(answer, list)
        finds: list[declarations.Find] = answer if many else [answer]
        if many or finds[0].batch is None:
            if any(find.batch is not None for find in finds):
                raise Anew("several finds of one kind")
            for find in finds:
                check(run, find.key)
            keys = [find.key for find in finds]
            found, failed = yield from find_any(run, self.levels, keys)
            for error in failed.values():
                raise error

            def back(ids: list[str]) -> Steps:
                return of_lists([keys], ids, self.names) if many else of_keys(keys, ids, self.names)

            parts, reached = reach(here, found, back)
            values = [parts.get(key) for key in keys]
            self.fill(here.parts, [values if many else values[0]])
            return reached
        [find] = finds
        assert find.batch is not None
        level = self.levels[find.batch.table.prefix]
        read = run.reader.rows(find.batch, actor, [find.key], level.columns).followed(following(run, level))
        [rows] = yield [read]
        if isinstance(rows, Exception):
            raise rows
        below = Here(level, rows[-1:], Below(here, lambda _index: [(0, list(self.names))]), ahead_of(rows))
        self.fill(here.parts, [below.parts[0] if rows else None])
        return [below] if rows else ()


@dataclass(slots=True)
class Changed(Field):
    """A field of the mutation root."""

    mutation: declarations.Mutation
    arguments: Arguments
    given: Given

    def follow(self, run: Run, here: Here) -> Leading:
        """Do it, and give what it gives back."""
        try:
            arguments = self.arguments.of(run)
        except Exception as error:
            return self.refuse(run, here, error)
        [payload] = yield [lambda: run.context.once(self.names[0], self.mutation.perform, *arguments.values())]
        if isinstance(payload, Exception):
            return self.refuse(run, here, payload)
        parts, below = self.given.give(here, [payload], list(self.names))
        self.fill(here.parts, parts)
        return below
