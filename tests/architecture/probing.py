"""Probing for hidden records: naming one must be answered like naming a record that does not exist."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from graphql import get_named_type

from tests.architecture import calls
from tests.architecture.calls import ArgumentPath, Call, Reference
from tests.architecture.shapes import FieldEntry, FullSelection, Untestable, is_node
from tests.architecture.worlds import TOKEN, RowFactory, SampleRow
from tests.service import Tenant

MAX_ATTEMPTS = 150  # calls of a mutation until one is accepted
PAGE_SIZE = 5  # of lists, where a call does not give one

NEVER_ACCEPTED = {"IMMUTABLE", "OWNER_IMMUTABLE", "TAKEN"}
"""Codes that show that a reference was understood, for places that accept no reference of the caller's own either."""

VARYING = {"requestId", "startCursor", "endCursor", "cursor", "token", "correlationId", "latencyMs", "url"}
"""Members whose values differ from call to call."""
_ID = re.compile(r"\b[a-z]{2,5}_[0-9A-Za-z]{16}\b")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]+Z")

Problem = tuple[str, ArgumentPath, str]
"""The code of a refusal, its path in the arguments, and its message."""


@dataclass(frozen=True)
class FieldResult:
    """The result of one call of a field."""

    data: Any
    errors: list[dict[str, Any]]

    @property
    def problems(self) -> list[Problem]:
        """Every refusal in the data and in the errors."""
        problems = [(error["code"], ("input", *error["path"]), error["message"]) for error in _refusals(self.data)]
        for error in self.errors:
            extensions = error["extensions"]
            problems.append((extensions["code"], tuple(extensions.get("inputPath", ())), error["message"]))
        return [(code, tuple(map(_step, path)), message) for code, path, message in problems]

    def text(self, sent: Iterable[str]) -> str:
        """Return the result as text, without the names that were sent and the values that vary."""
        text = json.dumps(
            [_without_varying(self.data), _without_varying(self.errors)], sort_keys=True, ensure_ascii=False
        )
        for value in sorted(sent, key=len, reverse=True):
            text = text.replace(value, "SENT")
        return text


def _refusals(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        for item in value:
            yield from _refusals(item)
    elif isinstance(value, dict):
        if {"code", "path", "message"} <= set(value):
            yield value
        for item in value.values():
            yield from _refusals(item)


def _step(step: str) -> str | int:
    return int(step) if step.isdecimal() else step


def _without_varying(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_varying(item) for item in value]
    if isinstance(value, dict):
        return {name: name in VARYING or _without_varying(item) for name, item in value.items() if name != "locations"}
    return value


def blurred(text: str) -> str:
    """Return a text without ids, tokens and instants, in which new rows differ."""
    return _INSTANT.sub("INSTANT", TOKEN.sub("TOKEN", _ID.sub("ID", text)))


@dataclass(frozen=True)
class Secrets:
    """The ids and the tokens of texts that a caller must not see."""

    ids: frozenset[str]
    tokens: frozenset[str]

    @classmethod
    def of(cls, rows: Iterable[SampleRow]) -> "Secrets":
        """Return the ids and tokens of some rows."""
        rows = list(rows)
        texts = [text for row in rows for text in row.texts.values()]
        tokens = [token.lower() for text in texts for token in TOKEN.findall(text)]
        return cls(frozenset(row.id for row in rows if row.id), frozenset(tokens))

    def revealed_by(self, text: str) -> frozenset[str]:
        """Return the secrets that a text contains."""
        tokens = {token.lower() for token in TOKEN.findall(text)}
        return (self.ids & set(_ID.findall(text))) | (self.tokens & tokens)


RowNames = tuple[SampleRow, ...]
"""The rows to name at one place: one, or several where a list is taken."""
SpareRows = defaultdict[str, list[SampleRow]]
"""Label → rows that were named in refused calls, which changed nothing."""


@dataclass
class Prober:
    """A caller, and the factory of the rows for its calls."""

    tenant: Tenant
    factory: RowFactory
    key: str | None = None

    async def call(
        self, entry: FieldEntry, argument_sets: Sequence[Call], *, node: str | None = None, hops: int | None = None
    ) -> list[FieldResult]:
        """Call a field once for each set of arguments; a field of a node on the row with that id.

        The selection follows edges up to `hops` away. The default is one, and none for lists and `Node`.
        """
        if hops is None:
            hops = 0 if entry.is_list or get_named_type(entry.field.type).name == "Node" else 1
        return [await self._call(entry, calls.to_arguments(call), node, hops) for call in argument_sets]

    async def _call(self, entry: FieldEntry, arguments: dict[str, Any], node: str | None, hops: int) -> FieldResult:
        variables = arguments | ({"node": node} if node else {})
        response = await self.tenant.execute(document(entry, arguments, hops), variables, key=self.key)
        assert "INTERNAL" not in response.codes, f"{entry} {arguments}: {response.errors}"
        depth = 1 if node else 0
        data: Any = response.body.get("data")
        if data is not None and node:
            data = data["node"]
        if data is None or any(len(error.get("path", ())) <= depth for error in response.errors):
            raise Untestable(f"{entry} {arguments}: {response.body}")
        errors = [{**error, "path": error["path"][depth + 1 :]} for error in response.errors]
        return FieldResult(data[entry.name], errors)

    async def resolve(
        self,
        call: Call,
        reference: Reference | None = None,
        names: Sequence[RowNames] = (),
        spare: SpareRows | None = None,
    ) -> list[Call]:
        """Return the call with values: once for each of the rows to name at the reference, or once.

        The other rows that the call names are created, or taken from the spare ones. All calls share them if the
        reference is an id, since a refused call changes nothing; otherwise each call has its own.
        """
        named_path = reference.path if reference is not None and names else None
        labels = {path: choice.chosen for path, choice in calls.row_choices(call).items() if path != named_path}
        set_count = 1 if reference is None or reference.type == "ID" else max(len(names), 1)
        wanted = [label.removesuffix(calls.FROM_PARENT) for label in labels.values()] * set_count
        rows = await self._take_rows(wanted, defaultdict(list) if spare is None else spare) if labels else []
        new_tokens = iter(self.factory.new_token, "")
        resolved_calls = []
        for index in range(max(len(names), 1)):
            rows_by_path = _rows_by_path(labels, rows[index % set_count * len(labels) :])
            if named_path is not None:
                rows_by_path |= {named_path: names[index][0]}
            values = calls.resolved(call, rows_by_path, new_tokens)
            if reference is not None and reference.takes_many and names:
                values |= {
                    (*reference.path[:-1], position): calls.text_of(row, reference.member)
                    for position, row in enumerate(names[index])
                }
            resolved_calls.append(values)
        return resolved_calls

    async def _take_rows(self, labels: Sequence[str], spare: SpareRows) -> list[SampleRow]:
        """Return a row for each label, all different. Missing rows are created and added to the spare ones."""
        missing = [label for label, count in Counter(labels).items() for _ in range(count - len(spare[label]))]
        for label, row in zip(missing, await self.factory.create_rows(missing) if missing else [], strict=True):
            spare[label].append(row)
        unused = {label: iter(spare[label]) for label in labels}
        return [next(unused[label]) for label in labels]


def _rows_by_path(labels: Mapping[ArgumentPath, str], rows: Sequence[SampleRow]) -> dict[ArgumentPath, SampleRow]:
    """Return the rows for some paths. A label of a part takes the part of another of the rows, if there is one."""
    by_path = dict(zip(labels, rows, strict=False))
    parts = {part.label + calls.FROM_PARENT: part for row in by_path.values() for part in row.parts}
    return {path: parts.get(labels[path], row) for path, row in by_path.items()}


def document(entry: FieldEntry, arguments: Mapping[str, Any], hops: int) -> str:
    """Return a document that calls a field, with a variable for each argument."""
    selection, fragments = _selection(entry, hops)
    variables = [f"${name}: {entry.field.args[name].type}" for name in arguments]
    listed = [f"{name}: ${name}" for name in arguments]
    if "first" in entry.field.args and not {"first", "last", "before"} & set(arguments):
        listed.append(f"first: {PAGE_SIZE}")
    root, body = entry.parent.lower(), f"{entry.name}{_bracketed(listed)} {selection}"
    if is_node(entry.type):
        variables.append("$node: ID!")
        root, body = "query", f"node(id: $node) {{ ... on {entry.parent} {{ {body} }} }}"
    return f"{root} {_bracketed(variables)} {{ {body} }} {fragments}"


@cache
def _selection(entry: FieldEntry, hops: int) -> tuple[str, str]:
    selection = FullSelection()
    return selection.of(entry.field.type, hops), " ".join(filter(None, selection.fragments.values()))


def _bracketed(items: Sequence[str]) -> str:
    return f"({', '.join(items)})" if items else ""


_accepted_calls: dict[tuple[str, str], Call] = {}


async def accepted_call(prober: Prober, entry: FieldEntry, reference: Reference | None = None) -> Call:
    """Return a call of a mutation that is accepted with the caller's own rows, with a reference if one is given.

    It begins with what the types require, or with what is accepted without the reference. Each refusal then shows which
    value is missing, or which row has to be another one.
    """
    key = (str(entry), str(reference))
    if key in _accepted_calls:
        return _accepted_calls[key]
    if reference:
        call = calls.with_reference(await accepted_call(prober, entry), entry, reference)
    else:
        call = calls.minimal_call(entry)
    problems: list[Problem] = []
    spare: SpareRows = defaultdict(list)
    for _ in range(MAX_ATTEMPTS):
        [values] = await prober.resolve(call, spare=spare)
        [result] = await prober.call(entry, [values])
        problems = result.problems
        if all(reference is not None and _is_never_accepted(problem, reference) for problem in problems):
            _accepted_calls[key] = call
            return call
        call = _improved(call, entry, problems)
    raise Untestable(f"{entry} {reference}: {problems}")


def _is_never_accepted(problem: Problem, reference: Reference) -> bool:
    code, path, _ = problem
    return code in NEVER_ACCEPTED and path == reference.path[: len(path)]


def _improved(call: Call, entry: FieldEntry, problems: Iterable[Problem]) -> Call:
    for code, problem_path, message in problems:
        path = calls.refused_path(call, entry, problem_path)
        is_lacking = calls.lacks_reference(call, entry, path)
        better = calls.extend(call, entry, path) if is_lacking else calls.next_choice(call, path)
        if better is None:
            raise Untestable(f"{entry} refuses every value: {code} {problem_path} {message}")
        call = better
    return call


def rows_named_by(reference: Reference, rows: Iterable[SampleRow]) -> list[SampleRow]:
    """Return the rows that a reference can name: by id, or by a text that no other row has."""
    if reference.type == "ID":
        named = [row for row in rows if row.id]
    else:
        named = [row for row in rows if TOKEN.search(text := row.texts.get(reference.member, "")) or _ID.search(text)]
    if not named:
        raise Untestable(f"no row in worlds.py has a text for {reference}")
    return named


async def assert_indistinguishable(
    prober: Prober,
    entry: FieldEntry,
    reference: Reference,
    call: Call,
    hidden: Iterable[SampleRow],
    secrets: Secrets,
    node: str | None = None,
) -> set[str]:
    """Assert that hidden rows are answered like rows that do not exist, and that no answer reveals a secret.

    Return the answers for rows that do not exist, as text.
    """
    hidden = rows_named_by(reference, hidden)
    unknown = {_twin_key(row, reference): row.unknown_twin(prober.factory) for row in hidden}
    if reference.takes_many and entry.is_list:
        # A filter takes all of them at once.
        names: list[RowNames] = [tuple(hidden), tuple(unknown.values())]
        twins = [1]
    else:
        names = [(row,) for row in [*hidden, *unknown.values()]]
        twins = [len(hidden) + list(unknown).index(_twin_key(row, reference)) for row in hidden]
    texts = await result_texts(prober, entry, reference, call, names, node)
    for index, twin in enumerate(twins):
        place = f"{entry} {reference} = {names[index][0].label}"
        revealed = secrets.revealed_by(texts[index])
        assert not revealed, f"{place} reveals {revealed}: {texts[index]}"
        assert blurred(texts[index]) == blurred(texts[twin]), f"{place}: {texts[index]} but {texts[twin]}"
    return {texts[twin] for twin in twins}


async def result_texts(
    prober: Prober,
    entry: FieldEntry,
    reference: Reference,
    call: Call,
    names: Sequence[RowNames],
    node: str | None = None,
) -> list[str]:
    """Return the results as text when a reference names some rows, one result for each item of `names`."""
    results = await prober.call(entry, await prober.resolve(call, reference, names), node=node)
    return [result.text(_sent_texts(rows, reference)) for rows, result in zip(names, results, strict=True)]


def _twin_key(row: SampleRow, reference: Reference) -> str:
    """Return a key that is equal for rows which share an unknown twin: those of one noun, if they are named by id."""
    return row.noun if reference.type == "ID" else calls.text_of(row, reference.member)


def _sent_texts(rows: RowNames, reference: Reference) -> list[str]:
    texts = [text for row in rows for text in (calls.text_of(row, reference.member), row.texts.get("sourceSystem", ""))]
    return [text for text in texts if text]
