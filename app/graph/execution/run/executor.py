"""The execution of plans, level by level: one read for each edge, however many objects have it.

Edges are read programs. The requests of all edges that wait go to the database together.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

from app.db.read_executor import ReadProgram, Requests
from app.graph.execution.run.locations import RootLocation
from app.graph.execution.run.plan import EdgeProgram, LevelInstance, Plan, PlanEdge, Run

_encode = msgspec.json.Encoder().encode
_WaitingEdges = list[tuple[EdgeProgram, Requests]]


def execute(plan: Plan, run: Run) -> ReadProgram[bytes]:
    """Run a plan; return the data of the response as JSON."""
    root = LevelInstance(plan.root, [None], RootLocation())
    for edges in plan.steps:
        yield from _resolve(run, root, edges)
    return _encode(root.objects[0])


def _resolve(run: Run, root: LevelInstance, edges: Sequence[PlanEdge]) -> ReadProgram[None]:
    """Fill in some edges of the root, and everything below them."""
    waiting: _WaitingEdges = []
    reached: list[LevelInstance] = []
    for edge in edges:
        _advance(edge.resolve(run, root), None, waiting, reached)
    _start_edges(run, reached, waiting)
    while waiting:
        answers = yield [request for _, requests in waiting for request in requests]
        resumed, waiting, start = waiting, [], 0
        reached = []
        for edge_program, requests in resumed:
            end = start + len(requests)
            _advance(edge_program, answers[start:end], waiting, reached)
            start = end
        _start_edges(run, reached, waiting)


def _start_edges(run: Run, reached: list[LevelInstance], waiting: _WaitingEdges) -> None:
    """Start the edges of some levels, and of the levels to which they lead without a read."""
    while reached:
        next_reached: list[LevelInstance] = []
        for instance in reached:
            for edge in instance.level.edges:
                _advance(edge.resolve(run, instance), None, waiting, next_reached)
        reached = next_reached


def _advance(
    edge_program: EdgeProgram, answers: list[Any] | None, waiting: _WaitingEdges, reached: list[LevelInstance]
) -> None:
    """Run an edge up to its next requests, or to its end; `answers` is None at its start."""
    try:
        requests = next(edge_program) if answers is None else edge_program.send(answers)
    except StopIteration as done:
        reached.extend(done.value)
    else:
        waiting.append((edge_program, requests))
