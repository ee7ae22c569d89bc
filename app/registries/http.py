"""The adapter for registries with a JSON API over HTTP, described by configuration."""

import asyncio
import json
import os
import re
from datetime import date, datetime
from typing import Any, Literal
from urllib.parse import quote

import httpx
from pydantic import BaseModel, ConfigDict, Field, field_validator

from app.registries.findings import Eligibility, Finding, StatusDetail
from app.registries.protocol import Inquiry, Misconfigured, RegistryUnavailable

MAX_ANSWER_BYTES = 1_000_000  # far above any real answer; bounds the memory that a registry can make us use
MAX_TIMEOUT_SECONDS = 15
"""Limit of one try. All tries of a check together must end before the lease of its attempt does."""
MAX_STATUS_LENGTH, MAX_REMARK_LENGTH, MAX_REMARKS = 200, 500, 20
_PLACEHOLDER = re.compile(r"\{(\w+)\}")
_SECRET = re.compile(r"\{env:(\w+)\}")


class StatusMeaning(BaseModel):
    """The finding that a registry's status stands for."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    eligibility: Eligibility
    detail: StatusDetail | None = None

    @field_validator("eligibility")
    @classmethod
    def _is_an_answer(cls, value: Eligibility) -> Eligibility:
        if value is Eligibility.ERROR:
            raise ValueError("ERROR stands for no answer; leave the status out to require a review")
        return value


class RegistryDescription(BaseModel):
    """The request to a registry and the reading of its answer.

    URL and body may contain `{referenceNumber}`, `{typeCode}`, `{jurisdiction}`, `{firstName}`, `{lastName}`,
    `{displayName}` and `{birthDate}`. Header values may contain `{env:NAME}`, a secret from the environment.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    adapter: Literal["http"] = "http"
    method: Literal["GET", "POST"] = "GET"
    url: str
    headers: dict[str, str] = Field(default_factory=dict)
    body: Any = None
    status_at: str
    """The path of the status in the answer, as names and indexes: `data.0.status`."""
    expiry_at: str | None = None
    """The path of the expiry date, if the answer has one."""
    problems_at: str | None = None
    """The path of a list of remarks, if the answer has one."""
    meanings: dict[str, StatusMeaning]
    """The meaning of each status; any other requires a review. Numbers and `true` are written as in JSON."""
    timeout_seconds: float = Field(default=10, gt=0, le=MAX_TIMEOUT_SECONDS)
    """Time limit of one try, from the request to the end of the answer."""
    push_secret: str | None = None
    """The environment variable with the secret that signs the registry's pushes."""

    @field_validator("url")
    @classmethod
    def _can_be_asked(cls, value: str) -> str:
        unknown = sorted(set(_PLACEHOLDER.findall(value)) - set(_values(Inquiry("", None))))
        if unknown:
            raise ValueError(f"unknown placeholder {{{unknown[0]}}}")
        try:
            url = httpx.URL(_PLACEHOLDER.sub("x", value))
        except httpx.InvalidURL as error:
            raise ValueError(str(error)) from None
        if url.scheme not in ("http", "https") or not url.host:
            raise ValueError("must begin with https:// or http://")
        return value


class HttpAdapter:
    """The connection to a registry over HTTP."""

    name = "http"

    def __init__(self, description: RegistryDescription, client: "httpx.AsyncClient") -> None:
        """Fill the secrets into the headers. Raises Misconfigured if one is missing."""
        self._description = description
        self._client = client
        self._headers = {name: _with_secrets(name, value) for name, value in description.headers.items()}

    async def check(self, inquiry: Inquiry) -> Finding:
        """Ask, and read the answer."""
        values = _values(inquiry)
        problem = _problem_before_asking(self._description, values)
        if problem is not None:
            return Finding(Eligibility.REVIEW_REQUIRED, None, problems=[problem])
        try:
            async with asyncio.timeout(self._description.timeout_seconds):
                response, body = await self._ask(values)
        except (httpx.HTTPError, httpx.InvalidURL, TimeoutError) as error:
            raise RegistryUnavailable(f"the registry did not answer: {type(error).__name__}") from error
        # A 404 in HTML comes from a proxy or a wrong URL, not from the registry.
        if response.status_code == httpx.codes.NOT_FOUND and "html" not in response.headers.get("content-type", ""):
            return Finding(Eligibility.MAY_NOT_ENGAGE, StatusDetail.NOT_FOUND, "404")
        if response.status_code != httpx.codes.OK:
            raise RegistryUnavailable(f"the registry answered {response.status_code}")
        return self._read(body)

    def read_push(self, status: str, expiry_date: date | None) -> Finding:
        """Return the finding that a status stands for; one that requires a review if the status is unknown."""
        meaning, raw_status = self._description.meanings.get(status), _storable(status, MAX_STATUS_LENGTH)
        if meaning is None:
            problem = "The registry said something that is not known here."
            return Finding(Eligibility.REVIEW_REQUIRED, None, raw_status, expiry_date, [problem])
        return Finding(meaning.eligibility, meaning.detail, raw_status, expiry_date)

    async def _ask(self, values: dict[str, str]) -> "tuple[httpx.Response, bytes]":
        description = self._description
        request = self._client.stream(
            description.method,
            _fill(description.url, {name: quote(value, safe="") for name, value in values.items()}),
            headers={"Accept": "application/json", **self._headers, "Accept-Encoding": "identity"},
            json=_fill_body(description.body, values) if description.body is not None else None,
            timeout=description.timeout_seconds,
        )
        body = bytearray()
        async with request as response:
            # A small compressed answer could expand without limit.
            if response.headers.get("content-encoding", "identity") != "identity":
                raise RegistryUnavailable("the registry's answer is compressed, which was not requested")
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > MAX_ANSWER_BYTES:
                    raise RegistryUnavailable("the registry's answer is too large")
        return response, bytes(body)

    def _read(self, body: bytes) -> Finding:
        try:
            answer = json.loads(body)
            status = _status_text(_value_at(answer, self._description.status_at))
            expires = _day(_optional_value_at(answer, self._description.expiry_at))
            remarks = _remarks(_optional_value_at(answer, self._description.problems_at))
        except (ValueError, LookupError, TypeError, RecursionError) as error:
            raise RegistryUnavailable("the registry's answer could not be understood") from error
        finding = self.read_push(status, expires)
        problems = [*finding.problems, *remarks]
        return Finding(finding.eligibility, finding.status_detail, finding.raw_status, expires, problems)


def _values(inquiry: Inquiry) -> dict[str, str]:
    facts = {
        "referenceNumber": inquiry.reference_number,
        "typeCode": inquiry.type_code,
        "jurisdiction": inquiry.jurisdiction,
        "firstName": inquiry.first_name,
        "lastName": inquiry.last_name,
        "displayName": inquiry.display_name,
        "birthDate": inquiry.birth_date.isoformat() if inquiry.birth_date else None,
    }
    return {name: value or "" for name, value in facts.items()}


def _fill(text: str, values: dict[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), text)


def _fill_body(body: Any, values: dict[str, str]) -> Any:
    if isinstance(body, str):
        return _fill(body, values)
    if isinstance(body, dict):
        return {name: _fill_body(item, values) for name, item in body.items()}
    return [_fill_body(item, values) for item in body] if isinstance(body, list) else body


def _with_secrets(name: str, text: str) -> str:
    missing = [variable for variable in _SECRET.findall(text) if not os.environ.get(variable)]
    if missing:
        raise Misconfigured(f"headers.{name}: the variable {missing[0]} is not set")
    filled = _SECRET.sub(lambda match: os.environ[match[1]], text)
    if not filled.isascii() or not filled.isprintable():
        raise Misconfigured(f"headers.{name}: the value contains characters that no header may contain")
    return filled


def _problem_before_asking(description: RegistryDescription, values: dict[str, str]) -> str | None:
    """Return the reason that the registry cannot be asked, if any.

    In the path of a URL, an empty value or dots would lead to another resource.
    """
    path, _, query = description.url.partition("?")
    for name in _PLACEHOLDER.findall(path):
        if values[name].strip(".") == "":
            return f"The registry cannot be asked: {name} is {values[name] or 'missing'}."
    if "{referenceNumber}" in f"{query}{description.body}" and not values["referenceNumber"]:
        return "The registry cannot be asked: referenceNumber is missing."
    return None


def _value_at(answer: Any, path: str) -> Any:
    for name in path.split("."):
        answer = answer[int(name)] if isinstance(answer, list) else answer[name]
    return answer


def _optional_value_at(answer: Any, path: str | None) -> Any:
    try:
        return _value_at(answer, path) if path else None
    except (LookupError, ValueError, TypeError):
        return None


def _status_text(value: Any) -> str:
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


def _remarks(value: Any) -> list[str]:
    if not isinstance(value, list):
        return []
    return [_storable(str(item), MAX_REMARK_LENGTH) for item in value[:MAX_REMARKS]]


def _storable(text: str, max_length: int) -> str:
    """Return a text that the databases can store: without NUL and lone surrogates, cut to the length."""
    return text.replace("\0", "\ufffd").encode(errors="replace").decode()[:max_length]
