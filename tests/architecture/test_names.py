"""Names and docstrings: one name has one meaning, and a docstring says what a thing is or does."""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.db.records import Record
from tests.architecture.shapes import SCHEMA

ROOT = Path(__file__).parents[2]
APP = sorted((ROOT / "app").rglob("*.py"))
EVERYTHING = [*APP, *sorted((ROOT / "tests").rglob("*.py")), *sorted((ROOT / "scripts").rglob("*.py"))]

RESULT_TWINS = {"AssignmentResult", "Clearance", "OwnershipResult", "ReviewResult"}
"""Results of an action that the schema publishes under the same name. Clients know the name, so the type keeps it; the
action's own class holds the same facts without the schema."""

REPEATED_FILES = {
    "tables": "the tables of a domain package",
    "queries": "the reads of a domain package",
    "fields": "the writable fields of a domain package, the words that declare them, and the words of the schema",
    "permissions": "the pure rules of a domain package, shared by mutations and viewerCan fields",
    "editing": "the create, update and replace actions of a domain package",
    "listing": "the list fields of a noun in the graph",
    "mutations": "the mutations of a noun in the graph",
    "compat": "the private interfaces of libraries that a package relies on",
    "settings": "the settings of the installation, and those of an organization",
}
"""File names that several packages share, with the reason."""

OUTER = {
    "graph": "the GraphQL fields of a domain file",
    "http": "the endpoint of a domain file",
    "commands": "the command of a domain or graph file",
    "demo": "the demo data of a domain file",
}
"""Outer packages, in which a file may have the name of the domain file that it serves."""

INNER_GRAPH = {"dsl", "execution"}
"""Folders of the graph package that belong to no noun, as do its top-level files."""

VAGUE_START = re.compile(r"(What|How|Whether|Who|Whose|Whom|Where|Which)\b")


def defined_names(file: Path) -> Iterator[str]:
    """Return the public classes and type aliases that a module defines."""
    for node in ast.parse(file.read_text()).body:
        if isinstance(node, ast.ClassDef):
            names = [node.name]
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            names = [target.id for target in targets if isinstance(target, ast.Name) and not target.id.isupper()]
        else:
            continue
        yield from (name for name in names if name[0].isupper())


def is_twin(name: str, files: list[Path]) -> bool:
    """Return True for a table, or the result of an action, and the schema's type of the same name."""
    is_graph = [file.relative_to(ROOT / "app").parts[0] == "graph" for file in files]
    is_domain_name = name in RESULT_TWINS or name in {table.__name__ for table in Record.__subclasses__()}
    return sorted(is_graph) == [False, True] and name in SCHEMA.type_map and is_domain_name


def test_a_class_or_alias_name_is_defined_once() -> None:
    files: dict[str, list[Path]] = defaultdict(list)
    for file in APP:
        for name in set(defined_names(file)):
            files[name].append(file)
    repeated = [
        f"{name}: {', '.join(str(file.relative_to(ROOT)) for file in places)}"
        for name, places in sorted(files.items())
        if len(places) > 1 and not is_twin(name, places)
    ]
    assert repeated == [], "rename all but one by what they are:\n" + "\n".join(repeated)


def test_every_result_twin_is_one() -> None:
    names = [name for file in APP for name in set(defined_names(file))]
    assert {name for name in RESULT_TWINS if names.count(name) != 2} == set()


def serves_domain(file: Path) -> bool:
    """Return True for a file of an outer package that may have the name of the file that it serves."""
    folders = file.relative_to(ROOT / "app").parts[:-1]
    if folders[:1] == ("graph",):
        return len(folders) > 1 and folders[1] not in INNER_GRAPH
    return bool(folders) and folders[0] in OUTER


def test_a_file_name_is_used_once_or_for_a_reason() -> None:
    files: dict[str, list[Path]] = defaultdict(list)
    for file in APP:
        if not file.stem.startswith("__") and file.stem not in REPEATED_FILES:
            files[file.stem].append(file)
    repeated = [
        f"{stem}: {', '.join(str(place.relative_to(ROOT)) for place in places)}"
        for stem, places in sorted(files.items())
        if len([place for place in places if not serves_domain(place)]) > 1
        or len({place.relative_to(ROOT).parts[1] for place in places}) < len(places)
    ]
    assert repeated == [], "rename one of them, or argue for the name in REPEATED_FILES:\n" + "\n".join(repeated)


def test_every_allowed_file_name_is_repeated() -> None:
    stems = [file.stem for file in APP]
    assert [stem for stem in REPEATED_FILES if stems.count(stem) < 2] == []


def docstrings(file: Path) -> Iterator[tuple[int, str]]:
    """Return the line and the text of every docstring in a file, those of attributes and constants included."""
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            for statement in node.body:
                if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant):
                    value = statement.value.value
                    if isinstance(value, str):
                        yield statement.lineno, value.strip()


@pytest.mark.parametrize("folder", ["app", "tests", "scripts"])
def test_a_docstring_begins_with_a_verb_or_a_noun(folder: str) -> None:
    vague = [
        f"{file.relative_to(ROOT)}:{line}: {text.splitlines()[0]}"
        for file in EVERYTHING
        if file.relative_to(ROOT).parts[0] == folder
        for line, text in docstrings(file)
        if VAGUE_START.match(text)
    ]
    assert vague == [], "begin with what the thing is or does:\n" + "\n".join(vague)
