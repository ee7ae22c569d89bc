"""The tree of refusals: drawn as it is, each with a code and a description."""

from collections.abc import Iterator

import pytest

from app.core import errors
from app.core.errors import MUTATION_ERRORS, DomainError, ErrorCode


def drawn(cls: type[DomainError], indent: str = "") -> Iterator[str]:
    """The lines of the tree below a class."""
    children = cls.__subclasses__()
    for child in children:
        last = child is children[-1]
        yield f"{indent}{'└── ' if last else '├── '}{child.__name__}"
        yield from drawn(child, indent + ("    " if last else "│   "))


def test_the_drawn_tree_is_the_tree_of_classes() -> None:
    assert errors.__doc__ is not None
    start = errors.__doc__.index("    DomainError\n")
    lines = errors.__doc__[start:].split("\n\n")[0].splitlines()
    assert [line.removeprefix("    ") for line in lines] == ["DomainError", *drawn(DomainError)]


@pytest.mark.parametrize("error", MUTATION_ERRORS, ids=lambda error: error.__name__)
def test_an_error_of_a_mutation_has_a_description(error: type[DomainError]) -> None:
    assert error.__doc__


def test_the_codes_are_those_of_the_classes_in_their_order() -> None:
    assert [str(code) for code in ErrorCode] == [error.code for error in MUTATION_ERRORS]


def test_a_code_is_the_name_of_its_class_unless_declared() -> None:
    assert errors.NotFound.code == "NOT_FOUND"
    assert errors.MissingScope.code == "FORBIDDEN"


def test_an_abstract_class_has_no_code() -> None:
    assert not hasattr(errors.WrongState, "code")
    assert not hasattr(errors.TopLevelError, "code")
