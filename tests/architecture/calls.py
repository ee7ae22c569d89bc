"""Calls of the schema's fields, built from the types of their arguments.

A call starts with the least that is valid. A reference is a place in the arguments that names a record by id or text.
"""

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

from tests.architecture.shapes import FieldEntry, Untestable
from tests.architecture.worlds import ROW_BUILDERS, TYPE_CODE, SampleRow

ArgumentPath = tuple[str | int, ...]
Call = dict[ArgumentPath, Any]
"""Path → value of each argument. An object without members is an empty dict."""

FROM_PARENT = " of it"
"""After a label: the row that was created with another row of the call, such as a credential's own version."""
PART_LABELS = (
    *("worker live", "applicant live", "credential version live", "verification attempt live"),
    "attachment waiting",
)

OPERATORS = {"eq", "in", "notIn", "contains", "startsWith"}
COMBINATORS = {"AND", "OR", "NOT"}
CURSORS = {"after", "before"}

TWO_REFERENCES = {"Query.clearance"}
"""Queries that need a second record beside the tested one. The first likely label has to be the right one."""

WORKERS = ("worker live", "worker live" + FROM_PARENT, "worker gone")
APPLICANTS = ("applicant live", "applicant live" + FROM_PARENT, "applicant gone")
PEOPLE = WORKERS + APPLICANTS
TYPES = ("credential type live", "credential type gone")
REFERENCE_TEXTS = {
    "externalId": PEOPLE,
    "email": PEOPLE,
    "workEmail": PEOPLE,
    "search": PEOPLE,
    "code": TYPES,
    "credentialType": TYPES,
    "alternatives": TYPES,
    "type": TYPES,
    "idempotencyKey": ("idempotency key",),
}
"""Members of type String that name a record or must be unique → the labels of rows that have them."""

PLAIN_TEXTS = {
    *("displayName", "firstName", "middleName", "lastName", "personalEmail", "phone", "sourceSystem"),
    *("jobTitle", "team", "department", "jobFamily"),
    *("organizationLevel1", "organizationLevel2", "organizationLevel3"),
    *("country", "zipCode", "stateOrProvince", "photoUrl", "bio", "vanityUrl"),
    *("name", "timeZone", "jurisdiction", "issuingAuthority", "referenceNumber", "instructions"),
    *("verificationSource", "referenceNumberPattern", "reason", "notes", "correlationId"),
    *("description", "requestMessage", "message", "guidance", "fileName"),
}
"""Members of type String that name no record. A new member has to be added here or to REFERENCE_TEXTS."""

SAMPLES: dict[str, Any] = {
    "Int": 1,
    "Float": 1.0,
    "Boolean": True,
    "Date": "2024-05-01",
    "DateTime": "2099-01-01T00:00:00Z",
    "Moment": "2024-05-01",
}


@dataclass(frozen=True)
class NewText:
    """A new text, which no record holds."""

    member: str


@dataclass(frozen=True)
class Choice:
    """A value with several choices: the values of an enum, or the labels of rows to name."""

    choices: tuple[str, ...]
    member: str = ""
    """The member whose text names the row; empty for its id."""
    index: int = 0

    @property
    def chosen(self) -> str:
        """The present choice: a label, or a value of the enum."""
        return self.choices[self.index]

    @property
    def of_row(self) -> bool:
        """True if the value names a row."""
        return self.choices[0] in ROW_BUILDERS


@dataclass(frozen=True)
class Reference:
    """A place in the arguments of a field that names a record."""

    path: ArgumentPath
    type: str
    member: str

    def __str__(self) -> str:
        return ".".join(str(step) for step in self.path)

    @property
    def takes_many(self) -> bool:
        """True if the place is an item of a list."""
        return self.path[-1] == 0


def references(entry: FieldEntry) -> list[Reference]:
    """Return every place of a field's arguments that names a record."""
    places: list[Reference] = []
    for name, argument in entry.field.args.items():
        places += _references(argument.type, (name,), ())
    return places


def _references(input_type: Any, path: ArgumentPath, parents: tuple[str, ...]) -> Iterator[Reference]:
    input_type = get_nullable_type(input_type)
    if isinstance(input_type, GraphQLList):
        yield from _references(input_type.of_type, (*path, 0), parents)
    elif isinstance(input_type, GraphQLInputObjectType):
        if parents.count(input_type.name) < 2:  # AND, OR and NOT are entered once each
            for name, field in input_type.fields.items():
                # A combinator takes the same operators as the level above it, so that one of them is enough.
                if name not in OPERATORS or name == "in" or not COMBINATORS & set(path):
                    yield from _references(field.type, (*path, name), (*parents, input_type.name))
    elif input_type.name in ("ID", "String"):
        yield from _reference(input_type.name, path)


def _reference(type_name: str, path: ArgumentPath) -> Iterator[Reference]:
    steps = [step for step in path if isinstance(step, str)]
    operator = steps[-1] in OPERATORS
    member = steps[-2] if operator else steps[-1]
    if type_name == "ID":
        yield Reference(path, type_name, "")
    elif operator:
        if not COMBINATORS & set(steps):
            yield Reference(path, type_name, member)
    elif member in REFERENCE_TEXTS:
        yield Reference(path, type_name, member)
    elif member not in PLAIN_TEXTS and member not in CURSORS:
        raise Untestable(f"does {'.'.join(steps)} name a record? Add {member} to REFERENCE_TEXTS or PLAIN_TEXTS")


def minimal_call(entry: FieldEntry, reference: Reference | None = None) -> Call:
    """Return the least that a field takes by its types, with a reference if one is given."""
    call: Call = {}
    wanted = reference.path if reference else ()
    for name, argument in entry.field.args.items():
        is_wanted = wanted[:1] == (name,)
        if is_wanted or is_required_argument(argument):
            _add_minimal(call, argument.type, (name,), wanted[1:] if is_wanted else (), str(entry))
    if reference is not None and reference.type == "String":
        call[reference.path] = Choice(REFERENCE_TEXTS.get(reference.member, PEOPLE), reference.member)
    return call


def with_reference(base: Call, entry: FieldEntry, reference: Reference) -> Call:
    """Return an accepted call with a reference added, which replaces other names of the same record."""
    if reference.type == "ID" and reference.path in base:
        return base
    others: list[ArgumentPath] = [reference.path]
    for n in range(1, len(reference.path)):
        path = reference.path[:n]
        input_type = get_nullable_type(type_at(entry, path))
        if not isinstance(input_type, GraphQLInputObjectType):
            continue
        siblings = [other for other in paths_under(base, path) if len(other) > n and other[n] != reference.path[n]]
        if input_type.is_one_of:
            others += siblings
        elif {"id", "externalId"} <= {*input_type.fields}:
            others += [other for other in siblings if other[n] in ("id", *REFERENCE_TEXTS)]
    return {**minimal_call(entry, reference), **{path: value for path, value in base.items() if path not in others}}


def _add_minimal(call: Call, input_type: Any, path: ArgumentPath, wanted: ArgumentPath, hint: str) -> None:
    """Add the least valid value of a type at a path, with the place that `wanted` leads to."""
    input_type = get_nullable_type(input_type)
    if isinstance(input_type, GraphQLList):
        _add_minimal(call, input_type.of_type, (*path, 0), wanted[1:], hint)
    elif isinstance(input_type, GraphQLInputObjectType):
        call[path] = {}
        for name in _required_members(input_type, str(wanted[0]) if wanted else None):
            rest = wanted[1:] if wanted and wanted[0] == name else ()
            _add_minimal(call, input_type.fields[name].type, (*path, name), rest, hint)
    else:
        call[path] = _value(input_type, path, hint)


def _required_members(input_type: GraphQLInputObjectType, wanted: str | None) -> list[str]:
    """Return the required members and the wanted one."""
    if input_type.is_one_of:
        return [wanted or next(iter(input_type.fields))]
    return [name for name, field in input_type.fields.items() if name == wanted or is_required_input_field(field)]


def _value(input_type: Any, path: ArgumentPath, hint: str) -> Any:
    member = next(step for step in reversed(path) if isinstance(step, str) and step not in OPERATORS)
    if isinstance(input_type, GraphQLEnumType):
        return Choice(tuple(input_type.values))
    if input_type.name == "ID":
        return Choice(tuple(_likely_labels(path, hint)))
    if member in ("credentialType", "alternatives"):
        return TYPE_CODE
    if input_type.name == "String":
        return NewText(member)
    if input_type.name not in SAMPLES:
        raise Untestable(f"{hint}: {'.'.join(map(str, path))} is a {input_type.name}")
    return SAMPLES[input_type.name]


def _likely_labels(path: ArgumentPath, hint: str) -> list[str]:
    """Return all labels of rows, beginning with those that the names around a place mention."""

    def order(label: str) -> tuple[int, int]:
        words = label.rpartition(" ")[0].replace(" ", "")
        near, far = "".join(map(str, path[-2:])).lower(), hint.lower()
        return (0 if words in near else 1 if words in far else 2, -len(words))

    labels = sorted((label for label in ROW_BUILDERS if label != "idempotency key"), key=order)
    return [
        choice for label in labels for choice in (label, label + FROM_PARENT) if label in PART_LABELS or choice == label
    ]


def to_arguments(call: Call) -> dict[str, Any]:
    """Return a call as the arguments to send."""
    root: dict[str, Any] = {}
    for path, value in sorted(call.items(), key=lambda item: len(item[0])):
        container: Any = root
        for step, next_step in pairwise(path):
            container = _enter(container, step, [] if isinstance(next_step, int) else {})
        _enter(container, path[-1], {} if value == {} else value)
    return root


def _enter(container: Any, step: str | int, value: Any) -> Any:
    if isinstance(container, dict):
        return container.setdefault(step, value)
    if step == len(container):
        container.append(value)
    return container[step]


def depends_on_list(reference: Reference) -> bool:
    """Return whether a reference has to be tested on each of the lists that take the same where."""
    if COMBINATORS & set(reference.path):
        return False
    return reference.path == ("search",) or (reference.type == "ID" and reference.path[-1] != "eq")


def chosen_noun(value: Any) -> str | None:
    """Return the noun of the record that was chosen for a place, such as `org unit`."""
    return value.chosen.removesuffix(FROM_PARENT).rpartition(" ")[0] if isinstance(value, Choice) else None


def paths_under(call: Call, path: ArgumentPath) -> list[ArgumentPath]:
    """Return the paths of a call's values at a path and below it."""
    return [other for other in call if other[: len(path)] == path]


def refused_path(call: Call, entry: FieldEntry, path: ArgumentPath) -> ArgumentPath:
    """Return the path in a call that a refusal is about: of a value, or of an object that names no record yet."""
    for n in range(1, len(path)):
        input_type = get_nullable_type(type_at(entry, path[:n]))
        if not isinstance(input_type, GraphQLInputObjectType | GraphQLList):
            # A bulk mutation refuses an item by the paths of the single mutation.
            single = (path[0], path[n])
            return single if paths_under(call, single) else path[:n]
        one_of = isinstance(input_type, GraphQLInputObjectType) and input_type.is_one_of
        if one_of and paths_under(call, path[:n])[1:] and not paths_under(call, path[: n + 1]):
            return path[:n]
    return path


def lacks_reference(call: Call, entry: FieldEntry, path: ArgumentPath) -> bool:
    """Return whether a call has no value at a path, or an object there that names no record."""
    paths = [other for other in paths_under(call, path) if call[other] != {}]
    named_type = get_named_type(type_at(entry, path))
    return not paths or (isinstance(named_type, GraphQLInputObjectType) and not {*paths} & {*row_choices(call)})


def type_at(entry: FieldEntry, path: ArgumentPath) -> Any:
    """Return the type of the value at a path."""
    input_type: Any = entry.field.args[str(path[0])].type
    for step in path[1:]:
        input_type = get_nullable_type(input_type)
        input_type = input_type.of_type if isinstance(step, int) else input_type.fields[step].type
    return input_type


def extend(call: Call, entry: FieldEntry, path: ArgumentPath) -> Call:
    """Return the call with a value added at a path; in an object, its id or else its first member."""
    input_type = type_at(entry, path)
    while isinstance(get_named_type(input_type), GraphQLInputObjectType):
        input_type = get_nullable_type(input_type)
        if isinstance(input_type, GraphQLList):
            path, input_type = (*path, 0), input_type.of_type
        else:
            name = "id" if "id" in input_type.fields else next(iter(input_type.fields))
            path, input_type = (*path, name), input_type.fields[name].type
    missing = next(path[:n] for n in range(1, len(path) + 1) if n == len(path) or not paths_under(call, path[:n]))
    added = minimal_call(entry, Reference(path, "ID", ""))
    return {**{other: added[other] for other in paths_under(added, missing)}, **call}


def next_choice(call: Call, path: ArgumentPath) -> Call | None:
    """Return the call with the next choice at a path, or else around it; None if all were tried."""
    for n in range(len(path), 0, -1):
        better = _next_combination(call, paths_under(call, path[:n]))
        if better is not None:
            return better
    return None


def _next_combination(call: Call, paths: Iterable[ArgumentPath]) -> Call | None:
    """Return the call with the next combination of choices at some paths. Rows change faster than enum values."""
    call = dict(call)
    choices = [path for path in paths if isinstance(call[path], Choice)]
    for path in sorted(choices, key=lambda path: not call[path].of_row):
        choice = call[path]
        if choice.index + 1 < len(choice.choices):
            call[path] = replace(choice, index=choice.index + 1)
            return call
        call[path] = replace(choice, index=0)
    return None


def row_choices(call: Call) -> dict[ArgumentPath, Choice]:
    """Return the choices of a call that name rows, by path."""
    return {path: value for path, value in call.items() if isinstance(value, Choice) and value.of_row}


def resolved(call: Call, rows: Mapping[ArgumentPath, SampleRow], fresh: Iterator[str]) -> Call:
    """Return the call with values: the ids or texts of rows, and new texts for NewText."""
    resolved_call: Call = {}
    for path, value in call.items():
        if isinstance(value, Choice):
            resolved_call[path] = text_of(rows[path], value.member) if path in rows else value.chosen
        elif isinstance(value, NewText):
            resolved_call[path] = _source_system(value.member, path, rows) or _new_text(value.member, next(fresh))
        else:
            resolved_call[path] = value
    return resolved_call


def text_of(row: SampleRow, member: str) -> str:
    """Return the text of a row for a member, or its id if there is no member."""
    return row.texts[member] if member else row.id


def _source_system(member: str, path: ArgumentPath, rows: Mapping[ArgumentPath, SampleRow]) -> str | None:
    """Return the source system of the row whose external id is beside the member; None if there is none."""
    if member != "sourceSystem":
        return None
    return next((row.texts.get(member) for near, row in rows.items() if near[:-1] == path[:-1]), None)


def _new_text(member: str, token: str) -> str:
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


def variants(entry: FieldEntry, reference: Reference) -> list[Call]:
    """Return the least that a query takes with a reference, once for each choice of the enums beside it."""
    call: Call | None = minimal_call(entry, reference)
    calls = []
    while call is not None:
        calls.append(call)
        enums = [path for path, value in call.items() if isinstance(value, Choice) and not value.of_row]
        if str(entry) not in TWO_REFERENCES and row_choices(call).keys() - {reference.path}:
            raise Untestable(f"{entry} {reference}: another record must be named beside it")
        call = _next_combination(call, enums)
    return calls
