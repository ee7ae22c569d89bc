// The explorer's own code: stores the API key, sends operations and renders GraphiQL.
"use strict";

(() => {
  const ENDPOINT = window.location.pathname;
  // The key is kept in sessionStorage, until the browser's tab is closed. It must not reach localStorage, where GraphiQL
  // stores its own state.
  const STORED_KEY = "credgraph:key";
  const RESTORE = "credgraph:restore-examples";
  const VIEWER_QUERY = "query WhoIsThis { viewer { name organization { name } } }";

  const byId = (id) => document.getElementById(id);

  // --- the service

  function errorResult(message) {
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
      return { status: 0, result: errorResult("The service could not be reached. Is it running, and are you online?") };
    }
    try {
      return { status: response.status, result: JSON.parse(text) };
    } catch {
      const start = text.trim().slice(0, 200);
      const message = `The service answered ${response.status} ${response.statusText}, not in JSON: ${start || "(nothing)"}`;
      return { status: response.status, result: errorResult(message) };
    }
  }

  // GraphiQL loads the schema again when it receives a new fetcher, so each key gets its own.
  function fetcherWith(key) {
    return async (operation) => (await send(operation, key)).result;
  }

  // --- GraphiQL

  const plugins = [GraphiQLPluginExplorer.explorerPlugin()];
  let root;
  let tabs;

  function render(key) {
    const element = React.createElement(
      GraphiQL,
      {
        fetcher: fetcherWith(key),
        plugins,
        defaultTabs: tabs,
        inputValueDeprecation: true,
        schemaDescription: true,
        // The examples use variables, so the variables editor is open from the start.
        defaultEditorToolsVisibility: "variables",
        // GraphiQL's history keeps headers in localStorage; the key has its own field instead.
        isHeadersEditorEnabled: false,
        showPersistHeadersSettings: false,
      },
      React.createElement(GraphiQL.Logo, null, ""),
    );
    root.render(element);
  }

  // The tabs are removed at the next load, because GraphiQL saves its tabs with a delay and would restore them.
  function restoreExamples() {
    window.sessionStorage.setItem(RESTORE, "yes");
    window.location.reload();
  }

  function forgetTabs() {
    // Removes the tabs and the content of the open one; history and theme stay.
    for (const name of ["tabState", "query", "variables", "headers", "operationName"]) {
      window.localStorage.removeItem(`graphiql:${name}`);
    }
    window.sessionStorage.removeItem(RESTORE);
  }

  // --- the key

  const field = byId("key");
  let key = null;

  function showStatus(text, mood) {
    const status = byId("status");
    status.textContent = text;
    status.className = mood;
    field.setAttribute("aria-invalid", String(mood === "bad"));
  }

  function storeKey(newKey) {
    key = newKey;
    if (key) window.sessionStorage.setItem(STORED_KEY, key);
    else window.sessionStorage.removeItem(STORED_KEY);
    byId("forget").hidden = !key;
  }

  async function checkKey(candidate) {
    showStatus("Checking the key…", "");
    const { status, result } = await send({ query: VIEWER_QUERY, operationName: "WhoIsThis" }, candidate);
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
      showStatus(candidate ? "A key has no spaces and only plain characters." : "Paste a key first.", "bad");
      field.focus();
      return;
    }
    const check = await checkKey(candidate);
    if (check.refused) {
      showStatus(`The service does not accept this key.${key ? " The previous key stays in use." : ""}`, "bad");
      field.focus();
      return;
    }
    field.value = candidate;
    storeKey(candidate);
    showStatus(check.text, check.mood);
    render(candidate);
  }

  async function resumeKey(stored) {
    field.value = stored;
    storeKey(stored);
    const check = await checkKey(stored);
    // The user may have entered another key during the check.
    if (key !== stored) return;
    if (check.refused) {
      storeKey(null);
      render(null);
      showStatus("Your key is no longer accepted.", "bad");
    } else {
      showStatus(check.text, check.mood);
    }
  }

  function forgetKey() {
    storeKey(null);
    field.value = "";
    showStatus("Key forgotten.", "");
    render(null);
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
      return undefined; // GraphiQL then opens an empty tab.
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
    render(stored);
    if (stored) await resumeKey(stored);
    else showStatus("Enter a key to run operations.", "");
  }

  start();
})();
