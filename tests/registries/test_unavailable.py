"""The HTTP adapter and registries that are slow, wrong, down or malicious."""

import asyncio
import gzip
import json
import socket

import pytest

from app.registries import http
from app.registries.protocol import RegistryUnavailable
from tests.registries.conftest import Ask
from tests.registry import FakeRegistry, ReceivedRequest, Reply, json_reply

MANY = 50_000_000


@pytest.mark.parametrize(
    ("reply", "problem"),
    [
        (Reply(b"{}", 500), "the registry answered 500"),
        (Reply(b"", 503, {"Retry-After": "1"}), "the registry answered 503"),
        (Reply(b"{}", 401), "the registry answered 401"),
        (Reply(b"<h1>Not Found</h1>", 404, {"Content-Type": "text/html"}), "the registry answered 404"),
        (Reply(b"", 302, {"Location": "/licences/elsewhere"}), "the registry answered 302"),
        (Reply(b'{"status": "CURRENT"}', 202), "the registry answered 202"),
        (Reply(b"", 204), "the registry answered 204"),
        (Reply(b"<html>Welcome</html>", headers={"Content-Type": "text/html"}), "could not be understood"),
        (Reply(b"CURRENT"), "could not be understood"),
        (Reply(b""), "could not be understood"),
        (Reply(b"\xff\xfe\xff"), "could not be understood"),
        (Reply(b'{"status": "CURRENT"'), "could not be understood"),
        (Reply(b'{"state": "CURRENT"}'), "could not be understood"),
        (Reply(b'[{"status": "CURRENT"}]'), "could not be understood"),
        (Reply(b'"CURRENT"'), "could not be understood"),
        (Reply(b"null"), "could not be understood"),
        (Reply(b"[" * 100_000), "could not be understood"),
        (Reply(b'{"status": ' + b"1" * 5_000 + b"}"), "could not be understood"),
        (json_reply(None), "could not be understood"),
        (json_reply(1.5), "could not be understood"),
        (json_reply(["CURRENT"]), "could not be understood"),
        (json_reply({"code": "CURRENT"}), "could not be understood"),
    ],
)
async def test_an_unusable_answer_is_no_finding(fake: FakeRegistry, ask: Ask, reply: Reply, problem: str) -> None:
    fake.reply_with(reply)
    with pytest.raises(RegistryUnavailable, match=problem):
        await ask()
    assert len(fake.received) == 1


@pytest.mark.parametrize("day", ["soon", "2029-02-30", "0000-00-00", "29/05/2029", "2029-05-01x", 1714521600, True, {}])
async def test_an_invalid_date_makes_the_answer_unusable(fake: FakeRegistry, ask: Ask, day: object) -> None:
    fake.reply_with(json_reply("CURRENT", expires=day))
    with pytest.raises(RegistryUnavailable, match="could not be understood"):
        await ask()


async def test_a_registry_that_does_not_answer_in_time_is_unavailable(fake: FakeRegistry, ask: Ask) -> None:
    never = asyncio.Event()

    async def wait(_request: ReceivedRequest) -> Reply:
        await never.wait()
        return json_reply()

    fake.handle_with(wait)
    with pytest.raises(RegistryUnavailable, match=r"did not answer: (ReadTimeout|TimeoutError)"):
        await ask(timeout_seconds=0.2)
    never.set()


async def test_an_endless_answer_is_cut_off(ask: Ask) -> None:
    async def drip(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not writer.is_closing():
            writer.write(b" ")
            await asyncio.sleep(0.02)

    async with await asyncio.start_server(drip, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(RegistryUnavailable, match="did not answer: TimeoutError"):
            await ask(timeout_seconds=0.3, url=f"http://127.0.0.1:{port}/{{referenceNumber}}")


async def test_a_registry_that_is_down_is_unavailable(ask: Ask) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # the port is taken, and nothing listens
        url = f"http://127.0.0.1:{taken.getsockname()[1]}/{{referenceNumber}}"
        with pytest.raises(RegistryUnavailable, match="did not answer: ConnectError"):
            await ask(url=url)


async def test_a_truncated_answer_is_no_finding(fake: FakeRegistry, ask: Ask) -> None:
    fake.reply_with(Reply(b'{"status": "CURRENT"}', headers={"Content-Length": "1000"}))
    with pytest.raises(RegistryUnavailable, match="did not answer: RemoteProtocolError"):
        await ask()


async def test_an_answer_that_is_not_http_is_no_finding(ask: Ask) -> None:
    async def babble(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(babble, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(RegistryUnavailable, match="did not answer: RemoteProtocolError"):
            await ask(url=f"http://127.0.0.1:{port}/{{referenceNumber}}")


async def test_an_answer_is_read_no_further_than_its_limit(ask: Ask) -> None:
    sent, ended = 0, asyncio.Event()

    async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % MANY)
        try:
            while sent < MANY:
                writer.write(b" " * 65_536)
                await writer.drain()
                sent += 65_536
        except ConnectionError:
            pass
        writer.close()
        ended.set()

    async with await asyncio.start_server(pour, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(RegistryUnavailable, match="too large"):
            await ask(url=f"http://127.0.0.1:{port}/{{referenceNumber}}")
        await ended.wait()
    assert sent < MANY


async def test_the_largest_answer_is_still_read(fake: FakeRegistry, ask: Ask) -> None:
    body = json.dumps({"status": "CURRENT"}).encode()
    fake.reply_with(Reply(body.ljust(http.MAX_ANSWER_BYTES)))
    assert (await ask()).raw_status == "CURRENT"
    fake.reply_with(Reply(body.ljust(http.MAX_ANSWER_BYTES + 1)))
    with pytest.raises(RegistryUnavailable, match="too large"):
        await ask()


async def test_a_compressed_answer_cannot_grow_without_bounds(fake: FakeRegistry, ask: Ask) -> None:
    fake.reply_with(Reply(gzip.compress(b" " * MANY), headers={"Content-Encoding": "gzip"}))
    with pytest.raises(RegistryUnavailable, match="compressed"):
        await ask()
