"""Steps that assign people to positions, write the requirement rules, and grant exemptions."""

from collections import defaultdict
from functools import partial
from typing import Any

from app.compliance import exemptions, rules
from app.compliance.tables import Exemption, RequirementRule
from app.demo import requirements
from app.demo.people import DemoPerson
from app.demo.requirements import DemoExemption, DemoRule
from app.demo.timeline import DemoContext, Phase, Step
from app.workers import assignments, positions
from app.workers.tables import Assignment, EmploymentStatus


class Placement:
    """The positions, assignments, rules and exemptions created so far, and the steps that create them."""

    def __init__(self, context: DemoContext) -> None:
        self._context = context
        self._positions: dict[str, str] = {}
        self._assignments: dict[DemoPerson, Assignment] = {}
        self._rules: dict[str, RequirementRule] = {}
        self._exemptions: dict[DemoExemption, Exemption] = {}

    def steps(self, people: list[DemoPerson]) -> list[Step]:
        """Return all steps: positions, assignments, moves, rules and exemptions."""
        workers = [person for person in people if person.unit is not None and person.deleted is None]
        staff = [worker for worker in workers if worker.status is EmploymentStatus.ACTIVE and not worker.is_lead]
        jordan = next(worker for worker in workers if worker.is_jordan)
        steps = [Step(requirements.POSITIONS_SINCE, Phase.UNITS, self._add_positions)]
        starters: dict[tuple[int, str], list[DemoPerson]] = defaultdict(list)
        for worker in workers:
            position = requirements.starting_position(worker)
            if position is not None:
                starters[max(worker.recorded, requirements.POSITIONS_SINCE), position].append(worker)
        steps += [
            Step(day, Phase.PLACEMENT, partial(self._assign, group, position))
            for (day, position), group in starters.items()
        ]
        steps += self._moves(staff, jordan)
        for rule in requirements.RULES:
            steps += self._rule_steps(rule, jordan)
        for exemption in requirements.EXEMPTIONS:
            holders = [worker for worker in staff if requirements.starting_position(worker) == exemption.position]
            steps += self._exemption_steps(exemption, holders[exemption.number])
        return steps

    def _moves(self, staff: list[DemoPerson], jordan: DemoPerson) -> list[Step]:
        movers = [
            worker
            for worker in staff
            if worker is not jordan and requirements.starting_position(worker) == requirements.SUPPORT_WORKER
        ][: len(requirements.MOVES_TO_NIGHTS)]
        steps = [
            Step(day, Phase.PLACEMENT, partial(self._move, worker, requirements.NIGHT_WORKER))
            for day, worker in zip(requirements.MOVES_TO_NIGHTS, movers, strict=True)
            if day > worker.recorded
        ]
        medication = partial(self._assign, [jordan], requirements.MEDICATION_ASSISTANT)
        return [*steps, Step(requirements.MEDICATION_SINCE, Phase.PLACEMENT, medication)]

    def _rule_steps(self, rule: DemoRule, jordan: DemoPerson) -> list[Step]:
        steps = [Step(rule.day, Phase.REQUIREMENTS, partial(self._create_rule, rule, jordan))]
        if rule.change is not None:
            day, content = rule.change
            steps.append(Step(day, Phase.REQUIREMENTS, partial(self._change_rule, rule, content)))
        if rule.deleted is not None:
            steps.append(Step(rule.deleted, Phase.REQUIREMENTS, partial(self._delete_rule, rule)))
        return steps

    def _exemption_steps(self, exemption: DemoExemption, person: DemoPerson) -> list[Step]:
        steps = [Step(exemption.day, Phase.REQUIREMENTS, partial(self._grant, exemption, person))]
        if exemption.revoked is not None:
            steps.append(Step(exemption.revoked, Phase.REQUIREMENTS, partial(self._revoke, exemption)))
        return steps

    async def _add_positions(self) -> None:
        for name in requirements.POSITIONS:
            row = await positions.create(self._context.session, self._context.actor, {"name": name})
            self._positions[name] = row.id

    async def _assign(self, people: list[DemoPerson], position: str) -> None:
        workers = [self._context.people[person].id for person in people]
        input = {"position": self._positions[position], "workers": workers}
        assigned = await assignments.assign(self._context.session, self._context.actor, input)
        for person, result in zip(people, assigned.results, strict=True):
            assert result.assignment is not None, result.errors
            self._assignments.setdefault(person, result.assignment)

    async def _move(self, person: DemoPerson, position: str) -> None:
        input = {"id": self._assignments[person].id, "position": self._positions[position]}
        await assignments.move(self._context.session, self._context.actor, input)

    async def _create_rule(self, rule: DemoRule, jordan: DemoPerson) -> None:
        context = self._context
        input: dict[str, Any] = {
            "name": rule.name,
            "scope": rule.scope,
            "alternatives": list(rule.alternatives),
            "excluded": [context.units[unit].id for unit in rule.excluded],
            **rule.content,
        }
        if rule.position is not None:
            input["position"] = self._positions[rule.position]
        if rule.unit is not None:
            input["orgUnit"] = context.units[rule.unit].id
        if rule.for_jordan:
            input["worker"] = context.people[jordan].id
        self._rules[rule.name] = await rules.create(context.session, context.actor, input)

    async def _change_rule(self, rule: DemoRule, content: dict[str, Any]) -> None:
        input = {"id": self._rules[rule.name].id, **content}
        await rules.update(self._context.session, self._context.actor, input)

    async def _delete_rule(self, rule: DemoRule) -> None:
        await rules.delete(self._context.session, self._context.actor, {"id": self._rules[rule.name].id})

    async def _grant(self, exemption: DemoExemption, person: DemoPerson) -> None:
        context = self._context
        input = {
            "worker": {"id": context.people[person].id},
            "requirement": {"rule": self._rules[exemption.rule].id},
            "reason": exemption.reason,
            "endsOn": None if exemption.until is None else context.date(exemption.until),
        }
        self._exemptions[exemption] = await exemptions.grant(context.session, context.actor, input)

    async def _revoke(self, exemption: DemoExemption) -> None:
        await exemptions.revoke(self._context.session, self._context.actor, {"id": self._exemptions[exemption].id})
