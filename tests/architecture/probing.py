"""Asking for records by names that one caller must not know: each must be answered like a name that nothing has."""

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from graphql import get_named_type

from tests.architecture import calls
from tests.architecture.calls import Call, Leaf, Path
from tests.architecture.shapes import CannotBuild, Entry, Everything, is_node
from tests.architecture.worlds import TOKEN, Maker, Row
from tests.service import Tenant

MOST_AT_ONCE = 1
MOST_ATTEMPTS = 150
PAGE = 5

NEVER_TAKEN = {"IMMUTABLE", "OWNER_IMMUTABLE", "TAKEN"}
"""Refusals that show that a name was understood, where no name of one's own is ever accepted."""

VARYING = {"requestId", "startCursor", "endCursor", "cursor", "token", "correlationId", "latencyMs", "url"}
_ID = re.compile(r"\b[a-z]{2,5}_[0-9A-Za-z]{16}\b")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT[0-9:.]+Z")


@dataclass(frozen=True)
class Answered:
    """What one call of a field gave."""

    data: Any
    errors: list[dict[str, Any]]

    @property
    def problems(self) -> list[tuple[str, Path, str]]:
        """The (code, path in the arguments, message) of every refusal in it."""
        found = [(error["code"], ("input", *error["path"]), error["message"]) for error in _refusals(self.data)]
        for error in self.errors:
            extensions = error["extensions"]
            found.append((extensions["code"], tuple(extensions.get("inputPath", ())), error["message"]))
        return [(code, tuple(map(_step, path)), message) for code, path, message in found]

    def text(self, sent: Iterable[str]) -> str:
        """It as text, without the names that were sent and what differs from call to call."""
        text = json.dumps([_steady(self.data), _steady(self.errors)], sort_keys=True, ensure_ascii=False)
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


def _steady(value: Any) -> Any:
    if isinstance(value, list):
        return [_steady(item) for item in value]
    if isinstance(value, dict):
        return {name: name in VARYING or _steady(item) for name, item in value.items() if name != "locations"}
    return value


def blurred(text: str) -> str:
    """A text without what new rows differ in."""
    return _INSTANT.sub("INSTANT", TOKEN.sub("TOKEN", _ID.sub("ID", text)))


@dataclass(frozen=True)
class Secrets:
    """What one caller must not see: ids, and the marks in texts."""

    ids: frozenset[str]
    tokens: frozenset[str]

    @classmethod
    def of(cls, rows: Iterable[Row]) -> "Secrets":
        """The ids and marks of some rows."""
        rows = list(rows)
        texts = [text for row in rows for text in row.texts.values()]
        tokens = [token.lower() for text in texts for token in TOKEN.findall(text)]
        return cls(frozenset(row.id for row in rows if row.id), frozenset(tokens))

    def told_by(self, text: str) -> frozenset[str]:
        """Those that a text tells."""
        tokens = {token.lower() for token in TOKEN.findall(text)}
        return (self.ids & set(_ID.findall(text))) | (self.tokens & tokens)


Names = tuple[Row, ...]
"""What is given at one place: one name, or several where a list is taken."""
Spare = defaultdict[str, list[Row]]
"""Rows by label that were named in calls which changed nothing."""


@dataclass
class Asker:
    """A caller, and the rows made for its calls."""

    tenant: Tenant
    maker: Maker
    key: str | None = None

    async def ask(
        self, entry: Entry, given: Sequence[Call], *, node: str | None = None, hops: int | None = None
    ) -> list[Answered]:
        """Call a field once for each of some arguments; below the roots, on the row of an id."""
        if hops is None:
            hops = 0 if entry.is_list or get_named_type(entry.field.type).name == "Node" else 1
        found: list[Answered] = []
        for at in range(0, len(given), MOST_AT_ONCE):
            some = [calls.nested(call) for call in given[at : at + MOST_AT_ONCE]]
            found += await self._ask(entry, some, node, hops)
        return found

    async def _ask(self, entry: Entry, given: Sequence[dict[str, Any]], node: str | None, hops: int) -> list[Answered]:
        variables = {f"a{i}_{name}": value for i, some in enumerate(given) for name, value in some.items()}
        sent = variables | ({"node": node} if node else {})
        answer = await self.tenant.execute(document(entry, given, hops), sent, key=self.key)
        assert "INTERNAL" not in answer.codes, f"{entry} {given[0]}: {answer.errors}"
        depth = 1 if node else 0
        data: Any = answer.body.get("data")
        if data is not None and node:
            data = data["node"]
        if data is None or any(len(error.get("path", ())) <= depth for error in answer.errors):
            raise CannotBuild(f"{entry} {given[0]}: {answer.body}")
        return [
            Answered(data[f"a{i}"], [_below(e, depth) for e in answer.errors if e["path"][depth] == f"a{i}"])
            for i in range(len(given))
        ]

    async def resolve(
        self, call: Call, leaf: Leaf | None = None, names: Sequence[Names] = (), spare: Spare | None = None
    ) -> list[Call]:
        """The call with values: once for each of the names to give at the leaf, or just once.

        The other records that it names are made for it, or taken from those to spare: for all together where the
        leaf takes an id, since a call that is refused changes none, and else for each its own.
        """
        given = leaf.path if leaf is not None and names else None
        places = {path: slot.choice for path, slot in calls.slots(call).items() if path != given}
        sets = 1 if leaf is None or leaf.type == "ID" else max(len(names), 1)
        labels = [label.removesuffix(calls.OF_IT) for label in places.values()]
        made = await self._rows(labels * sets, defaultdict(list) if spare is None else spare) if places else []
        fresh = iter(self.maker.token, "")
        found = []
        for i in range(max(len(names), 1)):
            rows = _related(places, made[i % sets * len(places) :])
            if given is not None:
                rows |= {given: names[i][0]}
            values = calls.resolved(call, rows, fresh)
            if leaf is not None and leaf.takes_many and names:
                values |= {(*leaf.path[:-1], n): calls.named(row, leaf.member) for n, row in enumerate(names[i])}
            found.append(values)
        return found

    async def _rows(self, labels: Sequence[str], spare: Spare) -> list[Row]:
        """A row of its own for each label; those that are missing are made, and added to the spare ones."""
        missing = [label for label, count in Counter(labels).items() for _ in range(count - len(spare[label]))]
        for label, row in zip(missing, await self.maker.rows(missing) if missing else [], strict=True):
            spare[label].append(row)
        left = {label: iter(spare[label]) for label in labels}
        return [next(left[label]) for label in labels]


def _related(places: Mapping[Path, str], made: Sequence[Row]) -> dict[Path, Row]:
    """The rows for some places: where one that came with another is wanted, that one if there is any."""
    rows = dict(zip(places, made, strict=False))
    parts = {part.label + calls.OF_IT: part for row in rows.values() for part in row.parts}
    return {path: parts.get(places[path], row) for path, row in rows.items()}


def document(entry: Entry, given: Sequence[Mapping[str, Any]], hops: int) -> str:
    """A document that calls a field several times, each argument a variable."""
    variables, fields = [], []
    selection, fragments = _selection(entry, hops)
    for i, arguments in enumerate(given):
        variables += [f"$a{i}_{name}: {entry.field.args[name].type}" for name in arguments]
        listed = [f"{name}: $a{i}_{name}" for name in arguments]
        if "first" in entry.field.args and not {"first", "last", "before"} & set(arguments):
            listed.append(f"first: {PAGE}")
        fields.append(f"a{i}: {entry.name}{_bracketed(listed)} {selection}")
    root, body = entry.parent.lower(), " ".join(fields)
    if is_node(entry.type):
        variables.append("$node: ID!")
        root, body = "query", f"node(id: $node) {{ ... on {entry.parent} {{ {body} }} }}"
    return f"{root} {_bracketed(variables)} {{ {body} }} {fragments}"


@cache
def _selection(entry: Entry, hops: int) -> tuple[str, str]:
    every = Everything()
    return every.of(entry.field.type, hops), " ".join(filter(None, every.fragments.values()))


def _bracketed(items: Sequence[str]) -> str:
    return f"({', '.join(items)})" if items else ""


def _below(error: dict[str, Any], depth: int) -> dict[str, Any]:
    return {**error, "path": error["path"][depth + 1 :]}


_working: dict[tuple[str, str], Call] = {}


async def working(asker: Asker, entry: Entry, leaf: Leaf | None = None) -> Call:
    """A call of a mutation that is accepted with the caller's own rows; with a leaf, one in which it is given.

    It begins with what the types demand, or with what works without the leaf, and learns from each refusal what else
    is needed, or which row.
    """
    key = (str(entry), str(leaf))
    if key in _working:
        return _working[key]
    call = calls.around(await working(asker, entry), entry, leaf) if leaf else calls.start(entry)
    problems: list[tuple[str, Path, str]] = []
    spare: Spare = defaultdict(list)
    for _ in range(MOST_ATTEMPTS):
        [values] = await asker.resolve(call, spare=spare)
        [answered] = await asker.ask(entry, [values])
        problems = answered.problems
        if all(leaf is not None and _never_taken(problem, leaf) for problem in problems):
            _working[key] = call
            return call
        call = _improved(call, entry, problems)
    raise CannotBuild(f"{entry} {leaf}: {problems}")


def _never_taken(problem: tuple[str, Path, str], leaf: Leaf) -> bool:
    code, path, _ = problem
    return code in NEVER_TAKEN and path == leaf.path[: len(path)]


def _improved(call: Call, entry: Entry, problems: Iterable[tuple[str, Path, str]]) -> Call:
    for code, told, message in problems:
        path = calls.place_of(call, entry, told)
        lacking = calls.lacks_a_name(call, entry, path)
        better = calls.extend(call, entry, path) if lacking else calls.advance(call, path)
        if better is None:
            raise CannotBuild(f"{entry} refuses whatever is given: {code} {told} {message}")
        call = better
    return call


def names_for(leaf: Leaf, rows: Iterable[Row]) -> list[Row]:
    """The rows that can be named at a place: by id, or by a text that is theirs alone."""
    if leaf.type == "ID":
        found = [row for row in rows if row.id]
    else:
        found = [row for row in rows if TOKEN.search(text := row.texts.get(leaf.member, "")) or _ID.search(text)]
    if not found:
        raise CannotBuild(f"no row in worlds.py has a text for {leaf}")
    return found


async def compare(
    asker: Asker,
    entry: Entry,
    leaf: Leaf,
    call: Call,
    hidden: Iterable[Row],
    secrets: Secrets,
    node: str | None = None,
) -> set[str]:
    """Name hidden rows, and others that do not exist; gives the answers about the latter.

    The two must be answered alike, and neither may tell a secret.
    """
    hidden = names_for(leaf, hidden)
    unknown = {_alike(row, leaf): row.unknown(asker.maker) for row in hidden}
    if leaf.takes_many and entry.is_list:
        # A filter takes them all at once.
        names: list[Names] = [tuple(hidden), tuple(unknown.values())]
        other = [1]
    else:
        names = [(row,) for row in [*hidden, *unknown.values()]]
        other = [len(hidden) + list(unknown).index(_alike(row, leaf)) for row in hidden]
    texts = await answers(asker, entry, leaf, call, names, node)
    for i, j in enumerate(other):
        where = f"{entry} {leaf} = {names[i][0].label}"
        assert not secrets.told_by(texts[i]), f"{where} tells {secrets.told_by(texts[i])}: {texts[i]}"
        assert blurred(texts[i]) == blurred(texts[j]), f"{where}: {texts[i]} but {texts[j]}"
    return {texts[j] for j in other}


async def answers(
    asker: Asker, entry: Entry, leaf: Leaf, call: Call, names: Sequence[Names], node: str | None = None
) -> list[str]:
    """What is answered, as text, when some names are given at a place."""
    found = await asker.ask(entry, await asker.resolve(call, leaf, names), node=node)
    return [answer.text(_sent(rows, leaf)) for rows, answer in zip(names, found, strict=True)]


def _alike(row: Row, leaf: Leaf) -> str:
    """Rows for which one that does not exist is enough: those of a kind, where they are named by id."""
    return row.kind if leaf.type == "ID" else calls.named(row, leaf.member)


def _sent(rows: Names, leaf: Leaf) -> list[str]:
    texts = [text for row in rows for text in (calls.named(row, leaf.member), row.texts.get("sourceSystem", ""))]
    return [text for text in texts if text]
