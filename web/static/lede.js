// What the page does beyond links and forms: results and suggestions as one types, and keys. Without it, all else works.
const PAUSE = 120; // ms without a key until it is searched: shorter than people notice, longer than between two keys
const SETTLED = 1500; // ms until a search counts as one to come back to

const form = document.querySelector("form.search");
const box = form.elements.q;
const status = document.getElementById("status");
const list = makeList();

let asked = location.pathname + location.search; // what the results are of
let pending; // the request whose answer is still wanted; any other is out of date
let typing = 0; // timer until it is searched
let settling = 0; // timer until the next key begins a new entry of the history; 0 where it does
let chosen = -1;

function makeList() {
  const made = document.createElement("ul");
  Object.assign(made, { id: "completions", className: "completions", role: "listbox", hidden: true });
  made.setAttribute("aria-label", "Suggestions");
  form.append(made);
  // A search box may not be a combobox too.
  Object.assign(box, { type: "text", role: "combobox", inputMode: "search", enterKeyHint: "search" });
  box.setAttribute("aria-autocomplete", "list");
  box.setAttribute("aria-controls", made.id);
  box.setAttribute("aria-expanded", "false");
  return made;
}

function address() {
  const fields = [...new FormData(form)].filter(([, value]) => value.trim());
  const query = new URLSearchParams(fields).toString();
  return form.getAttribute("action") + (query ? `?${query}` : "");
}

// Results

async function search(url, more = "") {
  asked = url;
  pending?.abort();
  const own = (pending = new AbortController());
  const results = document.getElementById("results");
  results?.setAttribute("aria-busy", "true");
  const [found, completions] = await Promise.all([
    results && read(url + (url.includes("?") ? "&" : "?") + `fragment=1${more}`, own, "text"),
    document.activeElement === box && box.value.trim()
      ? read(`${form.dataset.suggest}?${new URLSearchParams({ q: box.value })}`, own, "json")
      : null,
  ]);
  if (own !== pending) return;
  if (results) show(found);
  offer(completions?.completions ?? []);
}

async function read(url, { signal }, kind) {
  try {
    const answer = await fetch(url, { signal });
    return answer.ok ? await answer[kind]() : null;
  } catch {
    return null;
  }
}

function show(html) {
  const results = document.getElementById("results");
  results.removeAttribute("aria-busy");
  if (html === null) {
    results.textContent = status.textContent = "The search did not answer. Press Enter to try again.";
    return;
  }
  const fresh = new DOMParser().parseFromString(html, "text/html").getElementById("results");
  for (const { dataset } of results.querySelectorAll("details[open]")) {
    fresh.querySelector(`details[data-part="${dataset.part}"]`)?.setAttribute("open", "");
  }
  results.replaceWith(fresh);
  document.body.className = fresh.dataset.kind;
  document.title = fresh.dataset.title;
  status.textContent = fresh.dataset.count;
}

// The first key after a pause makes an entry of the history, the following ones change it.
function remember(url) {
  if (!document.getElementById("results") || url === location.pathname + location.search) return;
  history[settling ? "replaceState" : "pushState"](null, "", url);
  clearTimeout(settling);
  settling = setTimeout(settle, SETTLED);
}

function settle() {
  clearTimeout(settling);
  settling = 0;
}

function typed() {
  clearTimeout(typing);
  const url = address();
  remember(url);
  search(url, "&typing=1");
}

box.addEventListener("input", (event) => {
  clearTimeout(typing);
  if (!event.isComposing) typing = setTimeout(typed, PAUSE);
});
box.addEventListener("compositionend", () => {
  typing = setTimeout(typed, PAUSE);
});
box.addEventListener("blur", close);
form.addEventListener("submit", () => clearTimeout(typing));
addEventListener("popstate", () => {
  const url = location.pathname + location.search;
  // A link within the page, such as the one that skips to its content, changes nothing that is searched.
  if (url === asked || !document.getElementById("results")) return;
  clearTimeout(typing);
  settle();
  box.value = new URLSearchParams(location.search).get("q") ?? "";
  search(url).then(close);
});

// Suggestions: an editable combobox with a list

function offer(completions) {
  close();
  list.replaceChildren(...completions.map(option));
  list.hidden = !completions.length || document.activeElement !== box;
  box.setAttribute("aria-expanded", String(!list.hidden));
}

function option({ text, kind, hits, query }, place) {
  const made = document.createElement("li");
  Object.assign(made, { id: `completion-${place}`, role: "option", ariaSelected: "false" });
  made.dataset.query = query;
  const shown = document.createElement("bdi");
  shown.textContent = text;
  const about = document.createElement("span");
  about.textContent = `${kind === "word" ? "" : `${kind}, `}${hits.toLocaleString("en")}`;
  made.append(shown, " ", about);
  return made;
}

function close() {
  list.hidden = true;
  box.setAttribute("aria-expanded", "false");
  mark(-1);
}

function mark(place) {
  list.children[chosen]?.setAttribute("aria-selected", "false");
  chosen = place;
  const option = list.children[place];
  option?.setAttribute("aria-selected", "true");
  option?.scrollIntoView({ block: "nearest" });
  if (option) box.setAttribute("aria-activedescendant", option.id);
  else box.removeAttribute("aria-activedescendant");
}

function step(by) {
  const count = list.children.length + 1; // one place is the box itself
  mark(((chosen + 1 + by + count) % count) - 1);
}

function take(option) {
  box.value = option.dataset.query;
  close();
  if (!document.getElementById("results")) return form.requestSubmit();
  settle();
  remember(address());
  settle();
  search(address()).then(close);
}

// A press, since a click comes after the box has lost the focus and the list is gone.
list.addEventListener("mousedown", (event) => {
  event.preventDefault();
  const option = event.target.closest("[role=option]");
  if (option && event.button === 0) take(option);
});

// Keys

const titles = () => [...document.querySelectorAll(".hit h3 a")];

const inBox = {
  ArrowDown: () => (list.hidden ? titles()[0]?.focus() : step(1)),
  ArrowUp: () => !list.hidden && step(-1),
  Enter: () => chosen >= 0 && (take(list.children[chosen]), true),
  Escape() {
    if (!list.hidden) return close();
    if (box.value) {
      box.value = "";
      typed();
    }
  },
};

const inResults = {
  ArrowDown: (place) => titles()[place + 1]?.focus(),
  ArrowUp: (place) => (titles()[place - 1] ?? box).focus(),
  Escape: () => box.focus(),
};

addEventListener("keydown", (event) => {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  const { target, key } = event;
  const place = titles().indexOf(target);
  const isField = target.closest("input, select, textarea, [contenteditable]");
  if (target === box && inBox[key]) {
    if (inBox[key]() !== false) event.preventDefault();
  } else if (place >= 0 && inResults[key]) {
    event.preventDefault();
    inResults[key](place);
  } else if (key === "/" && !isField) {
    event.preventDefault();
    box.focus();
    box.select();
  }
});
