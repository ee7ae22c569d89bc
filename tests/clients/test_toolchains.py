"""The tools of GraphQL clients take the schema, and documents that use every root field and every Node type."""

import re
import textwrap
from pathlib import Path

import pytest
from graphql import GraphQLSchema, build_schema, parse, validate

from tests.clients import documents, tools

SCALARS = {"Date": "str", "DateTime": "str", "JSON": "Any", "Moment": "str", "PathSegment": "str | int"}
"""Python types of the schema's own scalars, as a client declares them."""


@pytest.fixture(scope="module")
def sdl() -> str:
    """The schema, as the service publishes it."""
    return (tools.ROOT / "schema.graphql").read_text()


@pytest.fixture(scope="module")
def schema(sdl: str) -> GraphQLSchema:
    """The schema, as a client reads it."""
    return build_schema(sdl)


@pytest.fixture
def folder(tmp_path: Path, sdl: str) -> Path:
    """A folder with the schema."""
    (tmp_path / "schema.graphql").write_text(sdl)
    return tmp_path


def test_the_documents_are_valid_and_use_every_root_field(schema: GraphQLSchema) -> None:
    operations = [*documents.operations(schema)]
    assert schema.query_type is not None
    assert schema.mutation_type is not None
    fields = {**schema.query_type.fields, **schema.mutation_type.fields}
    assert len(operations) == sum(field.deprecation_reason is None for field in fields.values())
    for operation in operations:
        assert validate(schema, parse(operation.text)) == [], operation.name


def test_the_schema_keeps_the_rules_of_graphql_eslint(folder: Path) -> None:
    tools.project(folder, "eslint.config.mjs")
    tools.node(folder, "node_modules/eslint/bin/eslint.js", "schema.graphql")


def test_typescript_compiles_the_types_of_all_documents(folder: Path, schema: GraphQLSchema) -> None:
    tools.project(folder, "codegen.mjs")
    (folder / "documents").mkdir()
    for operation in documents.operations(schema):
        (folder / "documents" / f"{operation.name}.graphql").write_text(operation.text)
    tools.node(folder, "codegen.mjs", "schema.graphql", "documents", "graphql.ts")
    _compile_typescript(folder, "graphql.ts")


def test_relay_compiles_operations_pages_and_refetches(folder: Path, schema: GraphQLSchema) -> None:
    tools.project(folder)
    source = folder / "src"
    source.mkdir()
    for operation in documents.operations(schema):
        _write_tagged(source, operation.name, operation.text)
    for type_ in documents.node_types(schema):
        module = f"{type_.name}Record"
        fragment = f'fragment {module}_record on {type_.name} @refetchable(queryName: "{module}RefetchQuery")'
        _write_tagged(source, module, f"{fragment} {{ {documents.fields_of(schema, type_)} }}")
    for parent, name, _ in documents.connection_fields(schema):
        module = f"{parent.name}{documents.capitalized(name)}Page"
        _write_tagged(
            source,
            module,
            f"""fragment {module}_items on {parent.name}
              @argumentDefinitions(count: {{ type: "Int", defaultValue: 10 }}, cursor: {{ type: "String" }})
              @refetchable(queryName: "{module}PaginationQuery") {{
                {name}(first: $count, after: $cursor) @connection(key: "{module}_{name}") {{
                  edges {{ node {{ __typename }} }}
                }}
              }}""",
        )
    (folder / "relay.config.json").write_text(
        '{"src": "./src", "schema": "./schema.graphql", "language": "typescript", "eagerEsModules": true}'
    )
    tools.node(folder, "node_modules/relay-compiler/cli.js")
    assert len([*(source / "__generated__").iterdir()]) > len([*source.glob("*.ts")])
    _compile_typescript(folder, *(str(path.relative_to(folder)) for path in source.rglob("*.ts")))


def test_mypy_accepts_the_client_of_ariadne_codegen(folder: Path, schema: GraphQLSchema) -> None:
    texts = (operation.text for operation in documents.operations(schema))
    (folder / "operations.graphql").write_text("\n".join(texts))
    scalars = "".join(
        f'[tool.ariadne-codegen.scalars.{name}]\ntype = "{kind}"\n' for name, kind in SCALARS.items() if kind != "Any"
    )
    settings = """
        [tool.ariadne-codegen]
        schema_path = "schema.graphql"
        queries_path = "operations.graphql"
        target_package_name = "client"
        async_client = false
        """
    (folder / "pyproject.toml").write_text(textwrap.dedent(settings) + scalars)
    tools.python(folder, "-m", "ariadne_codegen", packages=tools.ARIADNE_CODEGEN)
    client = (folder / "client" / "client.py").read_text()
    assert len(re.findall("    def ", client)) >= len([*documents.operations(schema)])
    tools.python(folder, "-m", "mypy", "--strict", "--config-file=", "--cache-dir=.cache", "client")


def _write_tagged(source: Path, module: str, text: str) -> None:
    (source / f"{module}.ts").write_text(
        f'import {{ graphql }} from "relay-runtime";\n\nexport default graphql`\n{text}\n`;\n'
    )


def _compile_typescript(folder: Path, *files: str) -> None:
    options = (
        "--strict",
        "--noEmit",
        "--skipLibCheck",
        "--module",
        "esnext",
        "--moduleResolution",
        "bundler",
        "--target",
        "es2022",
    )
    tools.node(folder, "node_modules/typescript/bin/tsc", *options, *files)
