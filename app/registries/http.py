"""The adapter for any registry that answers JSON over HTTP, described by configuration."""

import asyncio
import json
import os
import re
from datetime import date, datetime
from typing import Any, Literal
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ConfigDict, Field, field_validator

from app.registries.protocol import Eligibility, Finding, Inquiry, Misconfigured, StatusDetail, Unavailable

LARGEST_ANSWER = 1_000_000
LONGEST_WAIT_SECONDS = 15
"""For one try; all tries of a check together end before its lease does."""
LONGEST_WORD, LONGEST_REMARK, MOST_REMARKS = 200, 500, 20
_PLACE = re.compile(r"\{(\w+)\}")
_SECRET = re.compile(r"\{env:(\w+)\}")


class Meaning(BaseModel):
    """What a registry's word means here."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    eligibility: Eligibility
    detail: StatusDetail | None = None

    @field_validator("eligibility")
    @classmethod
    def _is_an_answer(cls, value: Eligibility) -> Eligibility:
        if value is Eligibility.ERROR:
            raise ValueError("ERROR stands for no answer; leave the word out, and a person decides")
        return value


class Description(BaseModel):
    """How a registry is asked and understood.

    Texts may hold `{referenceNumber}`, `{typeCode}`, `{jurisdiction}`, `{firstName}`, `{lastName}`, `{displayName}`
    and `{birthDate}`; header values may hold `{env:NAME}`, a secret from the environment.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    adapter: Literal["http"] = "http"
    method: Literal["GET", "POST"] = "GET"
    url: str
    headers: dict[str, str] = Field(default_factory=dict)
    body: Any = None
    status_at: str
    """Where the status lies in the answer, as names and indexes: `data.0.status`."""
    expiry_at: str | None = None
    """Where the expiry date lies, if the answer has one."""
    problems_at: str | None = None
    """Where a list of remarks lies, if the answer has one."""
    meanings: dict[str, Meaning]
    """What each status means; one that is not here needs a review. Numbers and `true` are written as in JSON."""
    timeout_seconds: float = Field(default=10, gt=0, le=LONGEST_WAIT_SECONDS)
    """For one try, from asking to the end of the answer."""
    push_secret: str | None = None
    """The name of the variable with the secret that signs what the registry pushes."""

    @field_validator("url")
    @classmethod
    def _can_be_asked(cls, value: str) -> str:
        unknown = sorted(set(_PLACE.findall(value)) - set(_values(Inquiry("", None))))
        if unknown:
            raise ValueError(f"nothing is known as {{{unknown[0]}}}")
        try:
            url = httpx.URL(_PLACE.sub("x", value))
        except httpx.InvalidURL as error:
            raise ValueError(str(error)) from None
        if url.scheme not in ("http", "https") or not url.host:
            raise ValueError("not an address that begins with https:// or http://")
        return value


class Http:
    """A registry behind HTTP."""

    adapter = "http"

    def __init__(self, description: Description, client: "httpx.AsyncClient") -> None:
        """Raises Misconfigured if a secret is missing."""
        self._told = description
        self._client = client
        self._headers = {name: _with_secrets(name, value) for name, value in description.headers.items()}

    async def check(self, inquiry: Inquiry) -> Finding:
        """Ask, and read the answer."""
        values = _values(inquiry)
        problem = _cannot_ask(self._told, values)
        if problem is not None:
            return Finding(Eligibility.REVIEW_REQUIRED, None, problems=[problem])
        try:
            async with asyncio.timeout(self._told.timeout_seconds):
                response, body = await self._ask(values)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise Unavailable(f"the registry did not answer: {type(error).__name__}") from error
        # A page in HTML is not the registry's word but that of something before it.
        if response.status_code == httpx.codes.NOT_FOUND and "html" not in response.headers.get("content-type", ""):
            return Finding(Eligibility.MAY_NOT_ENGAGE, StatusDetail.NOT_FOUND, "404")
        if response.status_code != httpx.codes.OK:
            raise Unavailable(f"the registry answered {response.status_code}")
        return self._read(body)

    def read_push(self, status: str, expiry_date: date | None) -> Finding:
        """The finding that a pushed status stands for."""
        meaning, word = self._told.meanings.get(status), _storable(status, LONGEST_WORD)
        if meaning is None:
            problem = "The registry said something that is not known here."
            return Finding(Eligibility.REVIEW_REQUIRED, None, word, expiry_date, [problem])
        return Finding(meaning.eligibility, meaning.detail, word, expiry_date)

    async def _ask(self, values: dict[str, str]) -> "tuple[httpx.Response, bytes]":
        told = self._told
        asking = self._client.stream(
            told.method,
            _fill(told.url, {name: quote(value, safe="") for name, value in values.items()}),
            headers={"Accept": "application/json", **self._headers, "Accept-Encoding": "identity"},
            json=_filled(told.body, values) if told.body is not None else None,
            timeout=told.timeout_seconds,
        )
        body = bytearray()
        async with asking as response:
            # Compressed unasked, a small answer could grow without bounds.
            if response.headers.get("content-encoding", "identity") != "identity":
                raise Unavailable("the registry's answer is compressed, which was not asked for")
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > LARGEST_ANSWER:
                    raise Unavailable("the registry's answer is too large")
        return response, bytes(body)

    def _read(self, body: bytes) -> Finding:
        try:
            answer = json.loads(body)
            status = _word(_at(answer, self._told.status_at))
            expires = _day(_at_if_there(answer, self._told.expiry_at))
            remarks = _remarks(_at_if_there(answer, self._told.problems_at))
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            raise Unavailable("the registry's answer could not be understood") from error
        found = self.read_push(status, expires)
        return Finding(found.eligibility, found.status_detail, found.raw_status, expires, [*found.problems, *remarks])


def _values(inquiry: Inquiry) -> dict[str, str]:
    named = {
        "referenceNumber": inquiry.reference_number,
        "typeCode": inquiry.type_code,
        "jurisdiction": inquiry.jurisdiction,
        "firstName": inquiry.first_name,
        "lastName": inquiry.last_name,
        "displayName": inquiry.display_name,
        "birthDate": inquiry.birth_date.isoformat() if inquiry.birth_date else None,
    }
    return {name: value or "" for name, value in named.items()}


def _fill(text: str, values: dict[str, str]) -> str:
    return _PLACE.sub(lambda match: values.get(match[1], match[0]), text)


def _filled(body: Any, values: dict[str, str]) -> Any:
    if isinstance(body, str):
        return _fill(body, values)
    if isinstance(body, dict):
        return {name: _filled(item, values) for name, item in body.items()}
    return [_filled(item, values) for item in body] if isinstance(body, list) else body


def _with_secrets(name: str, text: str) -> str:
    missing = [variable for variable in _SECRET.findall(text) if not os.environ.get(variable)]
    if missing:
        raise Misconfigured(f"headers.{name}: the variable {missing[0]} is not set")
    filled = _SECRET.sub(lambda match: os.environ[match[1]], text)
    if not filled.isascii() or not filled.isprintable():
        raise Misconfigured(f"headers.{name}: the value holds what no header can hold")
    return filled


def _cannot_ask(told: Description, values: dict[str, str]) -> str | None:
    """Why this credential cannot be asked about. In a path, an empty place or dots would lead to another address."""
    path, _, query = told.url.partition("?")
    for name in _PLACE.findall(path):
        if values[name].strip(".") == "":
            return f"The registry cannot be asked: {name} is {values[name] or 'missing'}."
    if "{referenceNumber}" in f"{query}{told.body}" and not values["referenceNumber"]:
        return "The registry cannot be asked: referenceNumber is missing."
    return None


def _at(answer: Any, path: str) -> Any:
    for name in path.split("."):
        answer = answer[int(name)] if isinstance(answer, list) else answer[name]
    return answer


def _at_if_there(answer: Any, path: str | None) -> Any:
    try:
        return _at(answer, path) if path else None
    except (LookupError, ValueError, TypeError):
        return None


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return json.dumps(value)
    if not isinstance(value, str | int):
        raise TypeError("a status is a text or a whole number")
    return str(value)


def _day(value: Any) -> date | None:
    if value is None or value == "":
        return None
    if not isinstance(value, str):
        raise TypeError("a date is a text")
    return datetime.fromisoformat(value).date()


def _remarks(found: Any) -> list[str]:
    if not isinstance(found, list):
        return []
    return [_storable(str(item), LONGEST_REMARK) for item in found[:MOST_REMARKS]]


def _storable(text: str, longest: int) -> str:
    """A text as a database can hold it: without NUL and halves of characters, and not too long."""
    return text.replace("\0", "\ufffd").encode(errors="replace").decode()[:longest]
