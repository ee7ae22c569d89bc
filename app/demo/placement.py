"""Positions, rules and exemptions carried out: who is placed where, what is asked, and who is let off."""

from collections import defaultdict
from functools import partial
from typing import Any

from app.compliance import exemptions, rules
from app.compliance.tables import Exemption, RequirementRule
from app.demo import requirements
from app.demo.people import Person
from app.demo.requirements import Asked, LetOff
from app.demo.timeline import PLACING, REQUIREMENTS, UNITS, History, Step
from app.workers import assignments, positions
from app.workers.tables import Assignment, EmploymentStatus


class Placed:
    """The positions, assignments, rules and exemptions that came to be so far."""

    def __init__(self, history: History) -> None:
        self._history = history
        self._positions: dict[str, str] = {}
        self._assignments: dict[Person, Assignment] = {}
        self._rules: dict[str, RequirementRule] = {}
        self._exemptions: dict[LetOff, Exemption] = {}

    def steps(self, persons: list[Person]) -> list[Step]:
        """All that is asked, and of whom."""
        workers = [person for person in persons if person.place is not None and person.deleted is None]
        staying = [one for one in workers if one.status is EmploymentStatus.ACTIVE and not one.leads]
        found = [Step(requirements.BEGUN, UNITS, self._add_positions)]
        beginning: dict[tuple[int, str], list[Person]] = defaultdict(list)
        for person in workers:
            name = requirements.position_of(person)
            if name is not None:
                beginning[max(person.recorded, requirements.BEGUN), name].append(person)
        found += [Step(day, PLACING, partial(self._assign, some, name)) for (day, name), some in beginning.items()]
        found += self._moves(staying)
        for asked in requirements.RULES:
            found += self._rule(asked, next(one for one in workers if one.exemplar))
        for let_off in requirements.EXEMPTIONS:
            holders = [one for one in staying if requirements.position_of(one) == let_off.position]
            found += self._exemption(let_off, holders[let_off.number])
        return found

    def _moves(self, staying: list[Person]) -> list[Step]:
        jordan = next(one for one in staying if one.exemplar)
        carers = [one for one in staying if requirements.position_of(one) == requirements.SUPPORT_WORKER]
        moving = [one for one in carers if one is not jordan][: len(requirements.MOVES_TO_NIGHTS)]
        found = [
            Step(day, PLACING, partial(self._move, person, requirements.NIGHT_WORKER))
            for day, person in zip(requirements.MOVES_TO_NIGHTS, moving, strict=True)
            if day > person.recorded
        ]
        more = partial(self._assign, [jordan], requirements.MEDICATION_ASSISTANT)
        return [*found, Step(requirements.MEDICATION_SINCE, PLACING, more)]

    def _rule(self, asked: Asked, jordan: Person) -> list[Step]:
        found = [Step(asked.day, REQUIREMENTS, partial(self._ask, asked, jordan))]
        if asked.changed is not None:
            day, content = asked.changed
            found.append(Step(day, REQUIREMENTS, partial(self._change, asked, content)))
        if asked.deleted is not None:
            found.append(Step(asked.deleted, REQUIREMENTS, partial(self._delete, asked)))
        return found

    def _exemption(self, let_off: LetOff, person: Person) -> list[Step]:
        found = [Step(let_off.day, REQUIREMENTS, partial(self._grant, let_off, person))]
        if let_off.revoked is not None:
            found.append(Step(let_off.revoked, REQUIREMENTS, partial(self._revoke, let_off)))
        return found

    async def _add_positions(self) -> None:
        for name in requirements.POSITIONS:
            row = await positions.create(self._history.session, self._history.actor, {"name": name})
            self._positions[name] = row.id

    async def _assign(self, persons: list[Person], name: str) -> None:
        workers = [self._history.people[person].id for person in persons]
        given = {"position": self._positions[name], "workers": workers}
        assigned = await assignments.assign(self._history.session, self._history.actor, given)
        for person, result in zip(persons, assigned.results, strict=True):
            assert result.assignment is not None, result.errors
            self._assignments.setdefault(person, result.assignment)

    async def _move(self, person: Person, name: str) -> None:
        given = {"id": self._assignments[person].id, "position": self._positions[name]}
        await assignments.move(self._history.session, self._history.actor, given)

    async def _ask(self, asked: Asked, jordan: Person) -> None:
        history = self._history
        given: dict[str, Any] = {
            "name": asked.name,
            "scope": asked.scope,
            "alternatives": list(asked.alternatives),
            "excluded": [history.units[place].id for place in asked.excluded],
            **asked.content,
        }
        if asked.position is not None:
            given["position"] = self._positions[asked.position]
        if asked.place is not None:
            given["orgUnit"] = history.units[asked.place].id
        if asked.of_jordan:
            given["worker"] = history.people[jordan].id
        self._rules[asked.name] = await rules.create(history.session, history.actor, given)

    async def _change(self, asked: Asked, content: dict[str, Any]) -> None:
        given = {"id": self._rules[asked.name].id, **content}
        await rules.update(self._history.session, self._history.actor, given)

    async def _delete(self, asked: Asked) -> None:
        await rules.delete(self._history.session, self._history.actor, {"id": self._rules[asked.name].id})

    async def _grant(self, let_off: LetOff, person: Person) -> None:
        history = self._history
        given = {
            "worker": {"id": history.people[person].id},
            "requirement": {"rule": self._rules[let_off.rule].id},
            "reason": let_off.reason,
            "to": None if let_off.until is None else history.date(let_off.until),
        }
        self._exemptions[let_off] = await exemptions.grant(history.session, history.actor, given)

    async def _revoke(self, let_off: LetOff) -> None:
        await exemptions.revoke(self._history.session, self._history.actor, {"id": self._exemptions[let_off].id})
