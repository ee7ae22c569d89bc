"""What a request asks: one operation, from the address of a GET or the JSON body of a POST."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson
from starlette.datastructures import QueryParams
from starlette.types import Receive, Scope

from app.http.http_errors import Refusal

Headers = dict[bytes, str]

JSON = "application/json"
DEEPEST = 50
"""Levels of JSON; far more than any input of the schema has."""
MOST_PARTS = 10_000
"""Objects and lists of JSON: twice what 500 workers have with all that is known of each."""
IN_UTF_8 = ("utf-8", "utf8")


@dataclass(frozen=True)
class Asked:
    """One operation as the client put it."""

    query: str
    variables: dict[str, Any]
    operation: str | None


async def read(scope: Scope, headers: Headers, receive: Receive, most_bytes: int) -> Asked:
    """What a request asks. Raises Refusal."""
    members = _of_address(scope) if reads(scope) else await _of_body(headers, receive, most_bytes)
    if not isinstance(members, dict):
        raise _bad("the body is not a JSON object; send one operation at a time")
    query, variables, operation = (members.get(name) for name in ("query", "variables", "operationName"))
    if not isinstance(query, str) or not query.strip():
        raise _bad("the member query is missing, or is not text")
    for name in ("variables", "extensions"):
        if members.get(name) is not None and not isinstance(members[name], dict):
            raise _bad(f"the member {name} is not an object")
    if operation is not None and not isinstance(operation, str):
        raise _bad("the member operationName is not text")
    return Asked(query, variables or {}, operation or None)


def headers_of(scope: Scope) -> Headers:
    """The headers by name; one that came several times as one list."""
    found: Headers = {}
    for name, value in scope["headers"]:
        text = value.decode("latin-1")
        found[name] = f"{found[name]},{text}" if name in found else text
    return found


def reads(scope: Scope) -> bool:
    """Whether the request is one that changes nothing."""
    return scope["method"] in ("GET", "HEAD")


def _of_address(scope: Scope) -> dict[str, Any]:
    members: dict[str, Any] = dict(QueryParams(scope["query_string"]))
    for name in ("variables", "extensions"):
        if name in members:
            members[name] = _json(members[name].encode(), f"the parameter {name}") if members[name] else None
    return members


async def _of_body(headers: Headers, receive: Receive, most_bytes: int) -> Any:
    if not _is_json(headers.get(b"content-type", ""), headers.get(b"content-encoding", "identity")):
        raise Refusal(415, "UNSUPPORTED_MEDIA_TYPE", f"send {JSON} in UTF-8, not compressed")
    too_large = (413, "BODY_TOO_LARGE", f"the body is larger than {most_bytes:,} bytes", {"Connection": "close"})
    announced = headers.get(b"content-length", "")
    if announced.isdecimal() and int(announced) > most_bytes:
        raise Refusal(*too_large)
    # What is announced may be a lie, or missing: what comes is what counts.
    body = b""
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise _bad("the body ended early")
        body += message.get("body", b"")
        if len(body) > most_bytes:
            raise Refusal(*too_large)
        if not message.get("more_body", False):
            return _json(body, "the body")


@lru_cache(100)
def _is_json(content_type: str, encoding: str) -> bool:
    kind, *parameters = (part.strip() for part in content_type.split(";"))
    charsets = [
        value.strip().strip('"').lower()
        for name, _, value in (parameter.partition("=") for parameter in parameters)
        if name.strip().lower() == "charset"
    ]
    packed = encoding.lower() != "identity"
    return kind.lower() == JSON and not packed and all(charset in IN_UTF_8 for charset in charsets)


def _json(text: bytes, name: str) -> Any:
    try:
        found = orjson.loads(text)
    except orjson.JSONDecodeError:
        raise _bad(f"{name} is not JSON") from None
    # The way that JSON writes the character; the text may also speak of it: "\\\\u0000".
    if b"\\u0000" in text and any("\0" in value for value in _texts(found)):
        raise _bad(f"{name} holds the NUL character, which no text here can hold")
    # Counting the brackets costs next to nothing, and tells that most requests are small.
    if text.count(b"[") + text.count(b"{") > DEEPEST:
        _check_size(found, name)
    return found


def _check_size(value: Any, name: str) -> None:
    level, parts, depth = [value], 1, 1
    while level := [child for parent in level for child in _children(parent)]:
        depth, parts = depth + 1, parts + len(level)
        if depth > DEEPEST or parts > MOST_PARTS:
            raise _bad(f"{name} is deeper than {DEEPEST} levels, or has more than {MOST_PARTS:,} objects and lists")


def _children(value: Any) -> list[Any]:
    inside = value.values() if isinstance(value, dict) else value
    return [child for child in inside if isinstance(child, dict | list)]


def _texts(value: Any) -> list[str]:
    """Every text of a JSON value, and every name in it."""
    found: list[str] = []
    pending = [value]
    while pending:
        one = pending.pop()
        if isinstance(one, str):
            found.append(one)
        elif isinstance(one, dict):
            found.extend(one)
            pending.extend(one.values())
        elif isinstance(one, list):
            pending.extend(one)
    return found


def _bad(message: str) -> Refusal:
    return Refusal(400, "BAD_REQUEST", message)
