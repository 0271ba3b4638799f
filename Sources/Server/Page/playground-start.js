"use strict";
// Tabs and models, and the beginning.

const tabs = [...document.querySelectorAll("[role=tab]")];
const panels = {};
let current = null;

function show(name, focuses = false) {
  if (!panels[name]) name = "complete";
  for (const tab of tabs) {
    const isChosen = tab.id === `tab-${name}`;
    tab.ariaSelected = String(isChosen);
    tab.tabIndex = isChosen ? 0 : -1;
    $(tab.getAttribute("aria-controls")).hidden = !isChosen;
    if (isChosen && focuses) tab.focus();
  }
  if (current !== name) {
    history.replaceState(null, "", `#${name}`);
    $("problem").replaceChildren();
    current = name;
    panels[name].shown?.();
  }
}

const served = { models: [] };

async function loadModels() {
  try {
    const { data } = await json("/v1/models");
    served.models = data;
    const before = $("model").value;
    $("model").replaceChildren(...data.map(({ id }) => make("option", { value: id }, oneLine(id))));
    if (data.some(({ id }) => id === before)) $("model").value = before;
    drawVocabularies();
    $("problem").replaceChildren();
    modelChanged();
  } catch (error) { tell(error); }
}

/** Says it where a model was never taught to answer. */
function modelChanged() {
  const model = served.models.find(({ id }) => id === $("model").value);
  const isTuned = model?.chat;
  $("chat-note").hidden = isTuned !== false;
  $("chat-note").replaceChildren("The model ", isolated(model?.id ?? ""), " was not tuned on "
    + "conversations, so it cannot chat: it continues texts, in Complete. Instruction tuning makes a "
    + "model that answers.");
  // A request for more than the context has room for is refused.
  for (const panel of ["complete", "chat"]) {
    const field = $(`${panel}-max_tokens`);
    const room = Math.floor((model?.meta?.n_ctx_train ?? Infinity) / 2);
    field.defaultValue = Math.max(1, Math.min(MOST_TOKENS, room));
  }
  heads.maps = windows.answer = null;
  if (current) panels[current].shown?.();
}

$("model").addEventListener("change", modelChanged);
$("key").addEventListener("change", loadModels);
$("connection").addEventListener("submit", (event) => event.preventDefault());

const ifServed = (work) => () => { if (served.models.length) work(); };
Object.assign(panels, {
  complete: {}, chat: { shown: drawChat }, tokens: { shown: ifServed(compareVocabularies) },
  attention: { shown: ifServed(() => { if (!heads.maps) lookAtPrompt(); }) },
  window: { shown: ifServed(() => { if (!windows.answer) slide(); }) }, runs: { shown: poll },
});
for (const tab of tabs) tab.addEventListener("click", () => show(tab.id.slice(4)));
$("tabs").addEventListener("keydown", (event) => {
  const place = tabs.indexOf(event.target);
  const to = {
    ArrowRight: (place + 1) % tabs.length, ArrowLeft: (place + tabs.length - 1) % tabs.length,
    Home: 0, End: tabs.length - 1,
  }[event.key];
  if (to === undefined || place < 0) return;
  event.preventDefault();
  show(tabs[to].id.slice(4), true);
});
addEventListener("hashchange", () => {
  const name = location.hash.slice(1);
  if (panels[name]) show(name);
});
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
  if (heads.maps) drawHeads();
});
drawCompletion();
show(location.hash.slice(1) || "complete");
loadModels();
