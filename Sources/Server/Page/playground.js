"use strict";
// The page keeps nothing: no cookies, no storage. Whatever comes from a model, a file or a server
// is set as text, with what could steer the text around it made visible.

const $ = (id) => document.getElementById(id);
const SVG = "http://www.w3.org/2000/svg";

/** Makes an element with properties, attributes (`aria`, data and SVG ones) and children. */
function make(name, properties = {}, ...children) {
  const isSVG = /^(svg|g|rect|path|text|line|polyline|circle|tspan)$/.test(name);
  const node = isSVG ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (!isSVG && key in node && key !== "list") node[key] = value;
    else if (value !== undefined && value !== false) node.setAttribute(key, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** What must be seen instead of obeyed: control characters, and marks that turn or hide text. */
const STEERING =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/gu;
const named = (mark) => `⟨U+${mark.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}⟩`;
/** Text on several lines, inert. */
const inert = (text) => String(text).replace(STEERING, named);
/** The same on one line, for names and tokens. */
const oneLine = (text) => inert(text).replaceAll("\n", "⏎").replaceAll("\t", "⇥");
const quoted = (text) => `‘${oneLine(text)}’`;
/** A name or a text whose direction stays its own. */
const isolated = (text, className) => make("bdi", { className: className ?? "" }, oneLine(text));

const count = (number) => Number(number).toLocaleString("en");
const percent = (p) => p >= 0.9995 ? "100 %" : p >= 0.1 ? `${(p * 100).toFixed(0)} %`
  : p >= 0.001 ? `${(p * 100).toFixed(1)} %` : "< 0.1 %";
const figure = (value) => value === 0 ? "0"
  : Math.abs(value) >= 1e4 ? count(Math.round(value))
  : Math.abs(value) < 1e-3 ? value.toExponential(2)
  : value.toPrecision(4);
const hexadecimal = (bytes) => bytes.map((b) => b.toString(16).padStart(2, "0")).join(" ");
function announce(text) { $("announcement").textContent = text; }
function debounced(wait, work) {
  let timer;
  return () => { clearTimeout(timer); timer = setTimeout(work, wait); };
}

// ---- The server

class ServerError extends Error {}

/** Says what went wrong, in the server's own words. */
function tell(error) {
  if (error.name === "AbortError") return;
  const close = make("button", { type: "button", ariaLabel: "Close the message" }, "✕");
  close.addEventListener("click", () => $("problem").replaceChildren());
  const text = error instanceof ServerError ? error.message : `The page failed: ${error.message}`;
  $("problem").replaceChildren(make("span", {}, isolatedLines(text)), close);
}
const isolatedLines = (text) => make("bdi", {}, inert(text));

function headers(hasBody) {
  const found = hasBody ? { "Content-Type": "application/json" } : {};
  if ($("key").value) found.Authorization = `Bearer ${$("key").value}`;
  return found;
}

async function ask(path, body, signal) {
  let answer;
  try {
    answer = await fetch(path, {
      method: body === undefined ? "GET" : "POST", headers: headers(body !== undefined), signal,
      body: body === undefined ? undefined : JSON.stringify(body), cache: "no-store",
      credentials: "omit",
    });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new ServerError(`The server at ${location.host} does not answer: is it running?`);
  }
  if (answer.ok) return answer;
  const text = await answer.text();
  throw new ServerError(words(text) || `The server answered with status ${answer.status}.`);
}

/** The message of an error's body. */
function words(text) {
  try {
    const { error } = JSON.parse(text);
    return typeof error === "string" ? error : error.message;
  } catch { return text.slice(0, 2000); }
}

const json = async (path, body, signal) => (await ask(path, body, signal)).json();

/** The objects of a stream of server-sent events. */
async function* events(path, body, signal) {
  const options = { stream: true, stream_options: { include_usage: true } };
  const answer = await ask(path, { ...body, ...options }, signal);
  const reader = answer.body.getReader();
  const decoder = new TextDecoder();
  let waiting = "";
  while (true) {
    const { done, value } = await reader.read();
    waiting += decoder.decode(value, { stream: !done });
    const lines = waiting.split(/\r?\n/);
    waiting = lines.pop();
    for (const line of lines) {
      if (!line.startsWith("data:")) continue;
      const data = line.slice(5).trim();
      if (data === "[DONE]") return;
      const event = JSON.parse(data);
      if (event.error) throw new ServerError(words(data));
      yield event;
    }
    if (done) throw new ServerError("The server ended the answer before it was complete.");
  }
}

/** Meters the tokens of a stream, until the server says its own figures. */
class Meter {
  constructor() { this.start = performance.now(); this.tokens = 0; }
  add(tokens) {
    this.first ??= performance.now();
    this.last = performance.now();
    this.tokens += tokens;
  }
  take({ usage, timings }) {
    if (usage) this.tokens = usage.completion_tokens;
    this.speed = timings?.predicted_per_second;
  }
  text(ending) {
    if (!this.tokens || !this.first) return ending ?? "";
    const seconds = (this.last - this.first) / 1000;
    const measured = seconds > 0.001 && this.tokens > 1 ? (this.tokens - 1) / seconds : null;
    const speed = this.speed ?? measured ? `${figure(this.speed ?? measured)} tokens/s` : null;
    const wait = `first after ${((this.first - this.start) / 1000).toFixed(2)} s`;
    const all = this.tokens === 1 ? "1 token" : `${count(this.tokens)} tokens`;
    return [all, speed, wait, ending].filter(Boolean).join(" · ");
  }
}

const ENDINGS = {
  stop: "ended by the model or a stop string",
  length: "as many tokens as allowed",
};

// ---- Settings of a request, once a panel

const MOST_TOKENS = 120;
const SETTINGS = [
  ["max_tokens", "Most tokens", { min: 1, step: 1, defaultValue: MOST_TOKENS }],
  ["temperature", "Temperature", { min: 0, max: 2, step: 0.05, value: 0.8 }],
  ["top_k", "Top-k", { min: 0, step: 1, placeholder: "all" }],
  ["top_p", "Top-p", { min: 0, max: 1, step: 0.01, placeholder: "1" }],
  ["min_p", "Min-p", { min: 0, max: 1, step: 0.01, placeholder: "0" }],
  ["seed", "Seed", { min: 0, step: 1, placeholder: "random" }],
  ["presence_penalty", "Presence penalty", { min: -2, max: 2, step: 0.1, placeholder: "0" }],
  ["frequency_penalty", "Frequency penalty", { min: -2, max: 2, step: 0.1, placeholder: "0" }],
];

for (const place of document.querySelectorAll("[data-settings]")) {
  const panel = place.dataset.settings;
  for (const [key, label, properties] of SETTINGS) {
    place.append(make("label", {}, label, make("input", {
      type: "number", id: `${panel}-${key}`, inputMode: "decimal", ...properties,
    })));
  }
  place.append(make("label", { className: "all" }, "Stop strings, one a line, \\n for a line break",
    make("textarea", { id: `${panel}-stop-strings`, rows: 2, spellcheck: false })));
}

if (innerWidth <= 820) for (const box of document.querySelectorAll("details")) box.open = false;

function settings(panel) {
  const found = {};
  for (const [key, label] of SETTINGS) {
    const input = $(`${panel}-${key}`);
    if (input.validity.badInput) throw new ServerError(`${label} is no number.`);
    if (input.value !== "") found[key] = Number(input.value);
  }
  const stop = $(`${panel}-stop-strings`).value.split("\n").filter((line) => line !== "")
    .map((line) => line.replace(/\\([nt\\])/g, (_, c) => ({ n: "\n", t: "\t", "\\": "\\" })[c]));
  if (stop.length) found.stop = stop;
  return found;
}

// ---- Copying

async function copy(text, button) {
  try {
    await navigator.clipboard.writeText(text);
    announce("Copied");
    if (button.dataset.label === undefined) button.dataset.label = button.textContent;
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = button.dataset.label; }, 1500);
    return true;
  } catch { return false; }
}

/** The same request for a terminal. The key itself is never part of it. */
function curl(path, body) {
  const data = JSON.stringify(body, null, 2).replaceAll("'", "'\\''");
  return [
    `curl -sN '${location.origin}${path}'`, "-H 'Content-Type: application/json'",
    ...($("key").value ? ['-H "Authorization: Bearer $QUERN_API_KEY"'] : []), `-d '${data}'`,
  ].join(" \\\n  ");
}

async function showCurl(panel, path, body) {
  const text = curl(path, body);
  $(`${panel}-curl-text`).textContent = inert(text);
  $(`${panel}-curl-text`).hidden = false;
  if (!await copy(text, $(`${panel}-curl`))) {
    getSelection().selectAllChildren($(`${panel}-curl-text`));
    announce("The command is selected; copy it");
  }
}

// ---- Tokens side by side

/** A token as a part of a text that can be pointed at. A line break keeps its mark. */
function tokenNode(text, className, label) {
  const shown = inert(text).replaceAll("\n", "⏎\n").replaceAll("\t", "⇥\t");
  return make("span", {
    className: `token ${className}`, role: "button", tabIndex: -1, ariaLabel: label, title: label,
  }, shown || "·");
}

/** One stop of the Tab key for all items of a group; arrow keys move among them. */
function roving(group, selector, columns = () => 1) {
  const items = () => [...group.querySelectorAll(selector)];
  group.addEventListener("keydown", (event) => {
    const here = event.target.closest(selector);
    if (!here || event.ctrlKey || event.altKey || event.metaKey) return;
    const all = items();
    const place = all.indexOf(here);
    const steps = {
      ArrowRight: 1, ArrowLeft: -1, ArrowDown: columns(), ArrowUp: -columns(),
      Home: -place, End: all.length - 1 - place,
    };
    if (!(event.key in steps)) return;
    event.preventDefault();
    const next = all[place + steps[event.key]];
    if (next) { group.rove(next); next.focus(); }
  });
  group.rove = (item) => {
    group.querySelector(`${selector}[tabindex="0"]`)?.setAttribute("tabindex", "-1");
    item?.setAttribute("tabindex", "0");
  };
  group.addEventListener("focusin", (event) => {
    const item = event.target.closest(selector);
    if (item) group.rove(item);
  });
}

/** Enter and Space press what is no button by nature. */
function pressing(group, selector, press) {
  group.addEventListener("click", (event) => {
    const item = event.target.closest(selector);
    if (item) press(item);
  });
  group.addEventListener("keydown", (event) => {
    const item = event.target.closest(selector);
    if (!item || (event.key !== "Enter" && event.key !== " ")) return;
    event.preventDefault();
    press(item);
  });
}

/** Calls `look` with the item that is pointed at or focused. */
function looking(group, selector, look) {
  for (const kind of ["pointerover", "focusin"]) {
    group.addEventListener(kind, (event) => {
      const item = event.target.closest(selector);
      if (item) look(item);
    });
  }
}
