// The explorer's own code: keeps the API key, sends the operations, and puts GraphiQL on the page.
"use strict";

(() => {
  const ENDPOINT = window.location.pathname;
  // The key lives as long as the browser's tab: never in localStorage, nor in anything GraphiQL stores.
  const STORED_KEY = "credgraph:key";
  const RESTORE = "credgraph:restore-examples";
  const WHO_IS_THIS = "query WhoIsThis { viewer { name organization { name } } }";

  const byId = (id) => document.getElementById(id);

  // --- the service

  function problem(message) {
    return { errors: [{ message }] };
  }

  async function send(operation, key) {
    const headers = {
      Accept: "application/graphql-response+json, application/json",
      "Content-Type": "application/json",
    };
    if (key) headers.Authorization = `Bearer ${key}`;
    let response;
    let text;
    try {
      response = await fetch(ENDPOINT, { method: "POST", headers, body: JSON.stringify(operation), credentials: "omit" });
      text = await response.text();
    } catch {
      return { status: 0, result: problem("The service could not be reached. Is it running, and are you online?") };
    }
    try {
      return { status: response.status, result: JSON.parse(text) };
    } catch {
      const start = text.trim().slice(0, 200);
      const message = `The service answered ${response.status} ${response.statusText}, not in JSON: ${start || "(nothing)"}`;
      return { status: response.status, result: problem(message) };
    }
  }

  // GraphiQL reads the schema anew when it is given another fetcher, which is what another key calls for.
  function fetcherWith(key) {
    return async (operation) => (await send(operation, key)).result;
  }

  // --- GraphiQL

  const plugins = [GraphiQLPluginExplorer.explorerPlugin()];
  let root;
  let tabs;

  function show(key) {
    const element = React.createElement(
      GraphiQL,
      {
        fetcher: fetcherWith(key),
        plugins,
        defaultTabs: tabs,
        inputValueDeprecation: true,
        schemaDescription: true,
        // The examples' variables are half of what there is to see.
        defaultEditorToolsVisibility: "variables",
        // GraphiQL's history keeps headers in localStorage; the key has its own field instead.
        isHeadersEditorEnabled: false,
        showPersistHeadersSettings: false,
      },
      React.createElement(GraphiQL.Logo, null, ""),
    );
    root.render(element);
  }

  // Forgetting waits for the next load: GraphiQL writes its tabs with a delay, and would write them again.
  function restoreExamples() {
    window.sessionStorage.setItem(RESTORE, "yes");
    window.location.reload();
  }

  function forgetTabs() {
    // Its tabs, and what stood in the open one; its history and its theme stay.
    for (const name of ["tabState", "query", "variables", "headers", "operationName"]) {
      window.localStorage.removeItem(`graphiql:${name}`);
    }
    window.sessionStorage.removeItem(RESTORE);
  }

  // --- the key

  const field = byId("key");
  let key = null;

  function say(text, mood) {
    const status = byId("status");
    status.textContent = text;
    status.className = mood;
    field.setAttribute("aria-invalid", String(mood === "bad"));
  }

  function hold(newKey) {
    key = newKey;
    if (key) window.sessionStorage.setItem(STORED_KEY, key);
    else window.sessionStorage.removeItem(STORED_KEY);
    byId("forget").hidden = !key;
  }

  async function introduce(candidate) {
    say("Checking the key…", "");
    const { status, result } = await send({ query: WHO_IS_THIS, operationName: "WhoIsThis" }, candidate);
    const viewer = result?.data?.viewer;
    if (status === 401) return { refused: true };
    if (status === 0) return { text: "Key kept, but the service could not be reached.", mood: "bad" };
    if (!viewer) return { text: "Key in use.", mood: "good" };
    return { text: [viewer.organization?.name, viewer.name].filter(Boolean).join(" · "), mood: "good" };
  }

  async function useKey(event) {
    event.preventDefault();
    const candidate = field.value.trim().replace(/^Bearer\s+/i, "");
    if (!/^[\x21-\x7e]+$/.test(candidate)) {
      say(candidate ? "A key has no spaces and only plain characters." : "Paste a key first.", "bad");
      field.focus();
      return;
    }
    const who = await introduce(candidate);
    if (who.refused) {
      say(`The service does not accept this key.${key ? " The one before stays in use." : ""}`, "bad");
      field.focus();
      return;
    }
    field.value = candidate;
    hold(candidate);
    say(who.text, who.mood);
    show(candidate);
  }

  async function resumeKey(stored) {
    field.value = stored;
    hold(stored);
    const who = await introduce(stored);
    // Another key may have been entered while the service was thinking.
    if (key !== stored) return;
    if (who.refused) {
      hold(null);
      show(null);
      say("Your key is no longer accepted.", "bad");
    } else {
      say(who.text, who.mood);
    }
  }

  function forgetKey() {
    hold(null);
    field.value = "";
    say("Key forgotten.", "");
    show(null);
    field.focus();
  }

  function toggleKey() {
    const visible = field.type === "password";
    field.type = visible ? "text" : "password";
    byId("show").setAttribute("aria-pressed", String(visible));
    byId("show").textContent = visible ? "Hide" : "Show";
  }

  // --- start

  async function exampleTabs() {
    try {
      return await (await fetch("explorer/operations.json")).json();
    } catch {
      return undefined; // GraphiQL then opens one tab of its own.
    }
  }

  async function start() {
    byId("key-form").addEventListener("submit", useKey);
    byId("show").addEventListener("click", toggleKey);
    byId("forget").addEventListener("click", forgetKey);
    byId("examples").addEventListener("click", restoreExamples);
    if (window.sessionStorage.getItem(RESTORE)) forgetTabs();
    tabs = await exampleTabs();
    root = ReactDOM.createRoot(byId("explorer"));
    const stored = window.sessionStorage.getItem(STORED_KEY);
    show(stored);
    if (stored) await resumeKey(stored);
    else say("Enter a key to run operations.", "");
  }

  start();
})();
