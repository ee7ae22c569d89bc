"""Calls of the schema's fields, built from the types of their arguments: the least that is valid, and each place in it
that names a record."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from graphql import (
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLList,
    get_named_type,
    get_nullable_type,
    is_required_argument,
    is_required_input_field,
)

from tests.architecture.shapes import BACKREF, CannotBuild, Entry
from tests.architecture.worlds import MAKERS, TYPE, Row

Path = tuple[str | int, ...]
Call = dict[Path, Any]
"""What is given, by where; an object that is there without members is an empty dict."""

OF_IT = " of it"
"""After a label: the row that came with another one of the call, such as a credential's own version."""
CAME_WITH = (
    *("worker live", "applicant live", "credential version live", "verification attempt live"),
    "attachment waiting",
)

OPERATORS = {"eq", "in", "notIn", "contains", "startsWith"}
COMBINATORS = {"AND", "OR", "NOT"}
CURSORS = {"after", "before"}

TAKE_TWO = {"Query.clearance"}
"""Queries that take another record beside the one tried; the first that seems likely has to be the right one."""

WORKERS = ("worker live", "worker live" + OF_IT, "worker gone")
APPLICANTS = ("applicant live", "applicant live" + OF_IT, "applicant gone")
PEOPLE = WORKERS + APPLICANTS
KINDS = ("credential type live", "credential type gone")
NAMES = {
    "externalId": PEOPLE,
    "email": PEOPLE,
    "workEmail": PEOPLE,
    "search": PEOPLE,
    "code": KINDS,
    "credentialType": KINDS,
    "alternatives": KINDS,
    "type": KINDS,
    "idempotencyKey": ("idempotency key",),
}
"""Members of type String that say which record is meant, or that must be unique; and the rows that have them."""

TEXTS = {
    *("displayName", "firstName", "middleName", "lastName", "personalEmail", "phone", "sourceSystem"),
    *("jobTitle", "team", "department", "jobFamily"),
    *("organizationLevel1", "organizationLevel2", "organizationLevel3"),
    *("country", "zipCode", "stateOrProvince", "photoUrl", "bio", "vanityUrl"),
    *("name", "timeZone", "jurisdiction", "issuingAuthority", "referenceNumber", "instructions"),
    *("verificationSource", "referenceNumberPattern", "reason", "notes", "correlationId"),
    *("description", "requestMessage", "message", "guidance", "fileName"),
}
"""Members of type String that name no record by themselves. A new one has to be put here or into NAMES."""

SAMPLES: dict[str, Any] = {
    "Int": 1,
    "Float": 1.0,
    "Boolean": True,
    "Date": "2024-05-01",
    "DateTime": "2099-01-01T00:00:00Z",
    "Moment": "2024-05-01",
}


@dataclass(frozen=True)
class Fresh:
    """A text that nothing else holds."""

    member: str


@dataclass(frozen=True)
class Slot:
    """A value that is yet to be chosen: an enum's, or what names a row of some label."""

    choices: tuple[str, ...]
    member: str = ""
    """The text of the row that is meant; its id when empty."""
    at: int = 0

    @property
    def choice(self) -> str:
        """What is chosen now: a label, or a value of the enum."""
        return self.choices[self.at]

    @property
    def of_row(self) -> bool:
        """Whether it names a row."""
        return self.choices[0] in MAKERS


@dataclass(frozen=True)
class Leaf:
    """A place in the arguments of a field that names a record."""

    path: Path
    type: str
    member: str

    def __str__(self) -> str:
        return ".".join(str(step) for step in self.path)

    @property
    def takes_many(self) -> bool:
        """Whether it is one of a list."""
        return self.path[-1] == 0


def leaves(entry: Entry) -> list[Leaf]:
    """Every place of a field's arguments that names a record, by id or by text."""
    found: list[Leaf] = []
    for name, argument in entry.field.args.items():
        found += _leaves(argument.type, (name,), ())
    return found


def _leaves(kind: Any, path: Path, inside: tuple[str, ...]) -> Iterator[Leaf]:
    kind = get_nullable_type(kind)
    if isinstance(kind, GraphQLList):
        yield from _leaves(kind.of_type, (*path, 0), inside)
    elif isinstance(kind, GraphQLInputObjectType):
        if inside.count(kind.name) < 2:  # AND, OR and NOT are entered once each
            for name, field in kind.fields.items():
                # Inside a combinator the operators are those that were seen outside of it: one is enough.
                if name not in OPERATORS or name == "in" or not COMBINATORS & set(path):
                    yield from _leaves(field.type, (*path, name), (*inside, kind.name))
    elif kind.name in ("ID", "String"):
        yield from _leaf(kind.name, path)


def _leaf(kind: str, path: Path) -> Iterator[Leaf]:
    steps = [step for step in path if isinstance(step, str)]
    operator = steps[-1] in OPERATORS
    member = steps[-2] if operator else steps[-1]
    if kind == "ID":
        yield Leaf(path, kind, "")
    elif operator:
        if not COMBINATORS & set(steps):
            yield Leaf(path, kind, member)
    elif member in NAMES:
        yield Leaf(path, kind, member)
    elif member not in TEXTS and member not in CURSORS:
        raise CannotBuild(f"does {'.'.join(steps)} name a record? Put {member} into NAMES or TEXTS")


def start(entry: Entry, leaf: Leaf | None = None) -> Call:
    """The least that a field takes by its types, and the leaf."""
    call: Call = {}
    pin = leaf.path if leaf else ()
    for name, argument in entry.field.args.items():
        pinned = pin[:1] == (name,)
        if pinned or is_required_argument(argument):
            _least(call, argument.type, (name,), pin[1:] if pinned else (), str(entry))
    if leaf is not None and leaf.type == "String":
        call[leaf.path] = Slot(NAMES.get(leaf.member, PEOPLE), leaf.member)
    return call


def around(base: Call, entry: Entry, leaf: Leaf) -> Call:
    """A call that works, with a leaf added to it; the leaf takes the place of other names for the same record."""
    if leaf.type == "ID" and leaf.path in base:
        return base
    others: list[Path] = [leaf.path]
    for n in range(1, len(leaf.path)):
        kind, path = get_nullable_type(type_at(entry, leaf.path[:n])), leaf.path[:n]
        if not isinstance(kind, GraphQLInputObjectType):
            continue
        beside = [here for here in within(base, path) if len(here) > n and here[n] != leaf.path[n]]
        if kind.extensions[BACKREF].is_one_of:
            others += beside
        elif {"id", "externalId"} <= {*kind.fields}:
            others += [here for here in beside if here[n] in ("id", *NAMES)]
    return {**start(entry, leaf), **{path: value for path, value in base.items() if path not in others}}


def _least(call: Call, kind: Any, path: Path, pin: Path, hint: str) -> None:
    kind = get_nullable_type(kind)
    if isinstance(kind, GraphQLList):
        _least(call, kind.of_type, (*path, 0), pin[1:], hint)
    elif isinstance(kind, GraphQLInputObjectType):
        call[path] = {}
        for name in _needed(kind, str(pin[0]) if pin else None):
            rest = pin[1:] if pin and pin[0] == name else ()
            _least(call, kind.fields[name].type, (*path, name), rest, hint)
    else:
        call[path] = _value(kind, path, hint)


def _needed(kind: GraphQLInputObjectType, pinned: str | None) -> list[str]:
    """The members that must be given, with the one that is pinned."""
    if kind.extensions[BACKREF].is_one_of:
        return [pinned or next(iter(kind.fields))]
    return [n for n, field in kind.fields.items() if n == pinned or is_required_input_field(field)]


def _value(kind: Any, path: Path, hint: str) -> Any:
    member = next(step for step in reversed(path) if isinstance(step, str) and step not in OPERATORS)
    if isinstance(kind, GraphQLEnumType):
        return Slot(tuple(kind.values))
    if kind.name == "ID":
        return Slot(tuple(_likely(path, hint)))
    if member in ("credentialType", "alternatives"):
        return TYPE
    if kind.name == "String":
        return Fresh(member)
    if kind.name not in SAMPLES:
        raise CannotBuild(f"{hint}: {'.'.join(map(str, path))} is a {kind.name}")
    return SAMPLES[kind.name]


def _likely(path: Path, hint: str) -> list[str]:
    """The labels of rows, with those first that the names around a place speak of."""

    def order(label: str) -> tuple[int, int]:
        words = label.rpartition(" ")[0].replace(" ", "")
        near, far = "".join(map(str, path[-2:])).lower(), hint.lower()
        return (0 if words in near else 1 if words in far else 2, -len(words))

    labels = sorted((label for label in MAKERS if label != "idempotency key"), key=order)
    return [choice for label in labels for choice in (label, label + OF_IT) if label in CAME_WITH or choice == label]


def nested(call: Call) -> dict[str, Any]:
    """A call as the arguments to send."""
    root: dict[str, Any] = {}
    for path, value in sorted(call.items(), key=lambda item: len(item[0])):
        here: Any = root
        for step, following in pairwise(path):
            here = _enter(here, step, [] if isinstance(following, int) else {})
        _enter(here, path[-1], {} if value == {} else value)
    return root


def _enter(container: Any, step: str | int, value: Any) -> Any:
    if isinstance(container, dict):
        return container.setdefault(step, value)
    if step == len(container):
        container.append(value)
    return container[step]


def differs_by_list(leaf: Leaf) -> bool:
    """Whether a place is worth another try on each list that takes the same where."""
    if COMBINATORS & set(leaf.path):
        return False
    return leaf.path == ("search",) or (leaf.type == "ID" and leaf.path[-1] != "eq")


def kind_of(value: Any) -> str | None:
    """The kind of record that was chosen for a place."""
    return value.choice.removesuffix(OF_IT).rpartition(" ")[0] if isinstance(value, Slot) else None


def within(call: Call, path: Path) -> list[Path]:
    """The given places at a path and under it."""
    return [here for here in call if here[: len(path)] == path]


def place_of(call: Call, entry: Entry, path: Path) -> Path:
    """Where in a call the path of a refusal leads: to a value, or to an object in which nothing is named yet."""
    for n in range(1, len(path)):
        kind = get_nullable_type(type_at(entry, path[:n]))
        if not isinstance(kind, GraphQLInputObjectType | GraphQLList):
            # In bulk, a refusal of an item calls things what they would be called for one.
            single = (path[0], path[n])
            return single if within(call, single) else path[:n]
        one_of = isinstance(kind, GraphQLInputObjectType) and kind.extensions[BACKREF].is_one_of
        if one_of and within(call, path[:n])[1:] and not within(call, path[: n + 1]):
            return path[:n]
    return path


def lacks_a_name(call: Call, entry: Entry, path: Path) -> bool:
    """Whether nothing is given at a path, or an object there in which no record is named."""
    given = [here for here in within(call, path) if call[here] != {}]
    kind = get_named_type(type_at(entry, path))
    return not given or (isinstance(kind, GraphQLInputObjectType) and not {*given} & {*slots(call)})


def type_at(entry: Entry, path: Path) -> Any:
    """The type of what is given at a path."""
    kind: Any = entry.field.args[str(path[0])].type
    for step in path[1:]:
        kind = get_nullable_type(kind)
        kind = kind.of_type if isinstance(step, int) else kind.fields[step].type
    return kind


def extend(call: Call, entry: Entry, path: Path) -> Call:
    """The call with something given at a path where nothing was; in an object, its first member."""
    kind = type_at(entry, path)
    while isinstance(get_named_type(kind), GraphQLInputObjectType):
        kind = get_nullable_type(kind)
        if isinstance(kind, GraphQLList):
            path, kind = (*path, 0), kind.of_type
        else:
            name = "id" if "id" in kind.fields else next(iter(kind.fields))
            path, kind = (*path, name), kind.fields[name].type
    missing = next(path[:n] for n in range(1, len(path) + 1) if n == len(path) or not within(call, path[:n]))
    added = start(entry, Leaf(path, "ID", ""))
    return {**{here: added[here] for here in within(added, missing)}, **call}


def advance(call: Call, path: Path) -> Call | None:
    """The call with the next choice at a place, or else around it; None when all were tried."""
    for n in range(len(path), 0, -1):
        better = _advance(call, within(call, path[:n]))
        if better is not None:
            return better
    return None


def _advance(call: Call, paths: Iterable[Path]) -> Call | None:
    """The next combination of choices at some places; all the rows are tried for each choice of the enums."""
    call = dict(call)
    open_ = [path for path in paths if isinstance(call[path], Slot)]
    for path in sorted(open_, key=lambda path: not call[path].of_row):
        slot = call[path]
        if slot.at + 1 < len(slot.choices):
            call[path] = replace(slot, at=slot.at + 1)
            return call
        call[path] = replace(slot, at=0)
    return None


def slots(call: Call) -> dict[Path, Slot]:
    """The places whose values name rows."""
    return {path: value for path, value in call.items() if isinstance(value, Slot) and value.of_row}


def resolved(call: Call, rows: Mapping[Path, Row], fresh: Iterator[str]) -> Call:
    """The call with values: those of the rows where rows are named, new texts where any text will do."""
    found: Call = {}
    for path, value in call.items():
        if isinstance(value, Slot):
            found[path] = named(rows[path], value.member) if path in rows else value.choice
        elif isinstance(value, Fresh):
            found[path] = _beside(value.member, path, rows) or _new(value.member, next(fresh))
        else:
            found[path] = value
    return found


def named(row: Row, member: str) -> str:
    """What a row is called where this member is asked for."""
    return row.texts[member] if member else row.id


def _beside(member: str, path: Path, rows: Mapping[Path, Row]) -> str | None:
    """An external id goes with its own source system."""
    if member != "sourceSystem":
        return None
    return next((row.texts.get(member) for near, row in rows.items() if near[:-1] == path[:-1]), None)


def _new(member: str, token: str) -> str:
    match member:
        case "code":
            return token.upper()
        case "workEmail" | "personalEmail":
            return f"{token}@new.test"
        case "photoUrl" | "vanityUrl":
            return f"https://example.org/{token}"
        case "timeZone":
            return "UTC"
    return token


def variants(entry: Entry, leaf: Leaf) -> list[Call]:
    """The least that a query takes with a leaf, for every choice of the enums beside it."""
    call: Call | None = start(entry, leaf)
    found = []
    while call is not None:
        found.append(call)
        enums = [path for path, value in call.items() if isinstance(value, Slot) and not value.of_row]
        if str(entry) not in TAKE_TWO and slots(call).keys() - {leaf.path}:
            raise CannotBuild(f"{entry} {leaf}: another record must be named beside it")
        call = _advance(call, enums)
    return found
