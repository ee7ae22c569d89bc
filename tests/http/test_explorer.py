"""The explorer in a real browser: it calls no other host, and all examples work with one key."""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import pytest
from playwright.async_api import Browser, ConsoleMessage, Page, async_playwright, expect

from app.http.explorer import page as explorer

EXAMPLES = sorted((Path(explorer.__file__).parent / "operations").glob("*.graphql"))

OPERATION_NAME = re.compile(r"^(?:query|mutation|subscription) (\w+)", re.MULTILINE)

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]

# Asks the page's editors for their whole text: they draw only the lines in view.
EDITOR_TEXT = "selector => document.querySelector(selector + ' .CodeMirror').CodeMirror.getValue()"

EDITOR_HOLDS = "name => document.querySelector('.graphiql-query-editor .CodeMirror').CodeMirror.operationName === name"


class Live(Protocol):
    url: str
    key: str


@dataclass
class Visit:
    """A browser tab with the explorer, its requests and its error messages."""

    page: Page
    requests: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def hear(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(message.text)

    async def enter_key(self, key: str) -> None:
        await self.page.get_by_label("API key").fill(key)
        await self.page.get_by_role("button", name="Use this key").click()

    async def open_tab(self, number: int, operation: str) -> None:
        """Open a tab, and wait until GraphiQL has loaded its operation."""
        await self.page.locator(".graphiql-tab-button").nth(number).click()
        await eventually(lambda: self.page.evaluate(EDITOR_HOLDS, operation))

    async def run(self) -> str:
        """Press Play and return the response."""
        await self.page.evaluate(
            "document.querySelector('.graphiql-response .CodeMirror').CodeMirror.setValue('')",
        )
        await self.page.locator(".graphiql-execute-button").click()
        return await eventually(lambda: self.page.evaluate(EDITOR_TEXT, ".graphiql-response"))


async def eventually(ask: Callable[[], Awaitable[str]]) -> str:
    """Return the first answer that is not empty, within ten seconds."""
    for _ in range(100):
        if answer := await ask():
            return answer
        await asyncio.sleep(0.1)
    raise AssertionError("nothing came within ten seconds")


@pytest.fixture(scope="module")
async def browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path="/usr/bin/chromium", args=ARGUMENTS)
        yield browser
        await browser.close()


@pytest.fixture
async def visit(browser: Browser, live: Live) -> AsyncIterator[Visit]:
    """A first visit, in a browser context without stored data."""
    context = await browser.new_context(viewport={"width": 1280, "height": 800})
    page = await context.new_page()
    visit = Visit(page)
    page.on("request", lambda request: visit.requests.append(request.url))
    page.on("websocket", lambda socket: visit.requests.append(socket.url.replace("ws", "http", 1)))
    page.on("console", visit.hear)
    page.on("pageerror", lambda error: visit.complaints.append(str(error)))
    await page.goto(f"{live.url}/graphql")
    await expect(page.locator(".graphiql-execute-button")).to_be_visible()
    yield visit
    await context.close()
    # data: addresses are the stylesheet's own fonts.
    elsewhere = [url for url in visit.requests if not url.startswith((f"{live.url}/", "data:"))]
    assert not elsewhere
    assert not visit.complaints


async def test_the_page_opens_with_the_examples(visit: Visit) -> None:
    await expect(visit.page).to_have_title("Credgraph")
    await expect(visit.page.locator(".graphiql-tab")).to_have_count(len(EXAMPLES))
    query = await visit.page.evaluate(EDITOR_TEXT, ".graphiql-query-editor")
    assert query == EXAMPLES[0].read_text("utf-8")


async def test_every_example_works_with_one_key(visit: Visit, live: Live) -> None:
    await visit.enter_key(live.key)
    await expect(visit.page.get_by_role("status")).to_have_class("good")
    # Twice: nobody has to edit an example to run it again.
    for number, example in [*enumerate(EXAMPLES)] * 2:
        (operation,) = OPERATION_NAME.findall(example.read_text("utf-8"))
        await visit.open_tab(number, operation)
        answer = await visit.run()
        body = json.loads(answer)
        assert body["data"], f"{example.name}: {answer}"
        assert "errors" not in body, f"{example.name}: {answer}"
        refused = any(isinstance(value, dict) and value.get("errors") for value in body["data"].values())
        assert refused == ("refusals" in example.name), f"{example.name}: {answer}"


async def test_the_key_outlives_a_reload_but_stays_in_this_tab(visit: Visit, live: Live) -> None:
    await visit.enter_key(live.key)
    status = visit.page.get_by_role("status")
    await expect(status).to_have_class("good")
    name = await status.inner_text()
    await visit.run()
    await visit.page.reload()
    await expect(status).to_have_text(name)
    await expect(visit.page.get_by_label("API key")).to_have_value(live.key)
    kept = await visit.page.evaluate("JSON.stringify(localStorage) + document.cookie")
    assert live.key not in kept
    assert not [url for url in visit.requests if live.key in url]

    await visit.page.get_by_role("button", name="Forget").click()
    await expect(status).to_have_text("Key forgotten.")
    assert live.key not in await visit.page.evaluate("JSON.stringify(sessionStorage)")


async def test_a_wrong_key_is_refused_in_words(visit: Visit) -> None:
    await visit.enter_key("not-a-key")
    await expect(visit.page.get_by_role("status")).to_have_text("The service does not accept this key.")
    await expect(visit.page.get_by_label("API key")).to_be_focused()
    assert "not-a-key" not in await visit.page.evaluate("JSON.stringify(sessionStorage)")
    # The browser itself reports every 401 on its console.
    assert all("401" in complaint for complaint in visit.complaints)
    visit.complaints.clear()


async def test_a_service_that_is_gone_is_said_in_words(visit: Visit, live: Live) -> None:
    await visit.enter_key(live.key)
    await expect(visit.page.get_by_role("status")).to_have_class("good")
    await visit.page.context.set_offline(True)
    assert "The service could not be reached." in await visit.run()
    assert all("ERR_INTERNET_DISCONNECTED" in complaint for complaint in visit.complaints)
    visit.complaints.clear()


async def test_the_explorer_writes_operations(visit: Visit, live: Live) -> None:
    await visit.enter_key(live.key)
    await expect(visit.page.get_by_role("status")).to_have_class("good")
    await visit.page.get_by_role("button", name="Show GraphiQL Explorer").click()
    tree = visit.page.locator(".docExplorerWrap")
    await expect(tree).to_be_visible()
    # The tree offers the fields of the schema, and a click takes one out of the open operation.
    await tree.get_by_text("viewer", exact=True).first.click()
    query = await visit.page.evaluate(EDITOR_TEXT, ".graphiql-query-editor")
    assert "viewer" in EXAMPLES[0].read_text("utf-8")
    assert "viewer" not in query


async def test_examples_are_restored(visit: Visit) -> None:
    tabs = visit.page.locator(".graphiql-tab")
    await visit.page.locator(".graphiql-tab-close").first.click()
    await expect(tabs).to_have_count(len(EXAMPLES) - 1)
    await visit.page.get_by_role("button", name="Restore examples").click()
    await expect(tabs).to_have_count(len(EXAMPLES))
    query = await visit.page.evaluate(EDITOR_TEXT, ".graphiql-query-editor")
    assert query == EXAMPLES[0].read_text("utf-8")


async def test_the_bar_works_by_keyboard_and_on_a_narrow_window(visit: Visit, live: Live) -> None:
    await visit.page.set_viewport_size({"width": 390, "height": 800})
    key = visit.page.get_by_label("API key")
    await key.focus()
    await visit.page.keyboard.type(live.key)
    await visit.page.keyboard.press("Enter")
    await expect(visit.page.get_by_role("status")).to_have_class("good")
    await visit.page.keyboard.press("Tab")
    await visit.page.keyboard.press("Enter")
    await expect(key).to_have_attribute("type", "text")
    assert await visit.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
