"""Parsing of a GraphQL-over-HTTP request: one operation, from the query string of a GET or the JSON body of a POST."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson
from starlette.datastructures import QueryParams
from starlette.types import Receive, Scope

from app.http.http_errors import HTTPError

Headers = dict[bytes, str]

JSON = "application/json"
MAX_JSON_DEPTH = 50
"""Levels of nesting; far more than any input of the schema has."""
MAX_JSON_CONTAINERS = 10_000
"""Objects and lists; twice the number in an input of 500 workers with every field set."""
UTF_8_NAMES = ("utf-8", "utf8")


@dataclass(frozen=True)
class GraphQLRequest:
    """One operation as the client sent it."""

    query: str
    variables: dict[str, Any]
    operation_name: str | None


async def parse(scope: Scope, headers: Headers, receive: Receive, max_bytes: int) -> GraphQLRequest:
    """Return the operation of a request. Raises HTTPError."""
    members = _read_query_string(scope) if is_read_only(scope) else await _read_body(headers, receive, max_bytes)
    if not isinstance(members, dict):
        raise _bad_request("the body is not a JSON object; send one operation at a time")
    query, variables, operation_name = (members.get(name) for name in ("query", "variables", "operationName"))
    if not isinstance(query, str) or not query.strip():
        raise _bad_request("the member query is missing, or is not text")
    for name in ("variables", "extensions"):
        if members.get(name) is not None and not isinstance(members[name], dict):
            raise _bad_request(f"the member {name} is not an object")
    if operation_name is not None and not isinstance(operation_name, str):
        raise _bad_request("the member operationName is not text")
    return GraphQLRequest(query, variables or {}, operation_name or None)


def read_headers(scope: Scope) -> Headers:
    """Return the headers by name; the values of a repeated header are joined by commas."""
    headers: Headers = {}
    for name, value in scope["headers"]:
        text = value.decode("latin-1")
        headers[name] = f"{headers[name]},{text}" if name in headers else text
    return headers


def is_read_only(scope: Scope) -> bool:
    """Return whether the request's method is GET or HEAD, which must change nothing."""
    return scope["method"] in ("GET", "HEAD")


def _read_query_string(scope: Scope) -> dict[str, Any]:
    members: dict[str, Any] = dict(QueryParams(scope["query_string"]))
    for name in ("variables", "extensions"):
        if name in members:
            members[name] = _parse_json(members[name].encode(), f"the parameter {name}") if members[name] else None
    return members


async def _read_body(headers: Headers, receive: Receive, max_bytes: int) -> Any:
    if not _is_json(headers.get(b"content-type", ""), headers.get(b"content-encoding", "identity")):
        raise HTTPError(415, "UNSUPPORTED_MEDIA_TYPE", f"send {JSON} in UTF-8, not compressed")
    too_large = (413, "BODY_TOO_LARGE", f"the body is larger than {max_bytes:,} bytes", {"Connection": "close"})
    content_length = headers.get(b"content-length", "")
    if content_length.isdecimal() and int(content_length) > max_bytes:
        raise HTTPError(*too_large)
    # The header may be wrong or missing, so the received bytes are counted too.
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise _bad_request("the body ended early")
        body += message.get("body", b"")
        if len(body) > max_bytes:
            raise HTTPError(*too_large)
        if not message.get("more_body", False):
            return _parse_json(body, "the body")


@lru_cache(100)
def _is_json(content_type: str, encoding: str) -> bool:
    """Return whether a body is uncompressed JSON in UTF-8."""
    media_type, *parameters = (part.strip() for part in content_type.split(";"))
    charsets = [
        value.strip().strip('"').lower()
        for name, _, value in (parameter.partition("=") for parameter in parameters)
        if name.strip().lower() == "charset"
    ]
    compressed = encoding.lower() != "identity"
    return media_type.lower() == JSON and not compressed and all(charset in UTF_8_NAMES for charset in charsets)


def _parse_json(text: bytes, name: str) -> Any:
    try:
        value = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise _bad_request(f"{name} is not JSON") from None
    # JSON writes NUL as \u0000. The same bytes also occur in \\u0000, a backslash followed by text, so look again.
    if b"\\u0000" in text and any("\0" in string for string in _strings(value)):
        raise _bad_request(f"{name} contains the NUL character, which no field accepts")
    # Counting brackets costs next to nothing, and proves that most requests are small.
    if text.count(b"[") + text.count(b"{") > MAX_JSON_DEPTH:
        _check_size(value, name)
    return value


def _check_size(value: Any, name: str) -> None:
    level, containers, depth = [value], 1, 1
    while level := [child for parent in level for child in _child_containers(parent)]:
        depth, containers = depth + 1, containers + len(level)
        if depth > MAX_JSON_DEPTH or containers > MAX_JSON_CONTAINERS:
            raise _bad_request(
                f"{name} is deeper than {MAX_JSON_DEPTH} levels, "
                f"or has more than {MAX_JSON_CONTAINERS:,} objects and lists"
            )


def _child_containers(value: Any) -> list[Any]:
    children = value.values() if isinstance(value, dict) else value
    return [child for child in children if isinstance(child, dict | list)]


def _strings(value: Any) -> list[str]:
    """Return every string in a JSON value, including the names of members."""
    strings: list[str] = []
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, str):
            strings.append(item)
        elif isinstance(item, dict):
            strings.extend(item)
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)
    return strings


def _bad_request(message: str) -> HTTPError:
    return HTTPError(400, "BAD_REQUEST", message)
