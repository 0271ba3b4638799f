"use strict";
// How windows slide over a text, and what they predict.

const windows = { answer: null, number: 0, scores: new Map(), abort: null };

async function slide() {
  windows.abort?.abort();
  windows.abort = new AbortController();
  try {
    windows.answer = await json("/playground/windows", {
      model: $("model").value, text: $("window-text").value,
      length: Number($("window-length").value), stride: Number($("window-stride").value),
    }, windows.abort.signal);
    $("problem").replaceChildren();
    windows.scores = new Map();
    const all = windows.answer.windows.length;
    windows.number = Math.max(0, Math.min(windows.number, all - 1));
    $("window-number").max = Math.max(0, all - 1);
    $("window-tokens").replaceChildren(...windows.answer.tokens.map((token) =>
      make("span", { className: "token still" },
        inert(token.text ?? `⟨${hexadecimal(token.bytes)}⟩`).replaceAll("\n", "⏎\n"))));
    drawWindow();
  } catch (error) { tell(error); }
}

function windowToken(place) {
  const token = windows.answer.tokens[place];
  return make("code", {}, token.text === null ? hexadecimal(token.bytes)
    : oneLine(token.text).replaceAll(" ", "␣"));
}

function drawWindow() {
  const { tokens, windows: all } = windows.answer;
  const [previous, next] = [$("window-previous"), $("window-next")];
  previous.disabled = windows.number <= 0;
  next.disabled = windows.number >= all.length - 1;
  $("window-number").value = windows.number;
  $("window-number").setAttribute("aria-valuetext", `${windows.number + 1} of ${all.length}`);
  const nodes = [...$("window-tokens").children];
  for (const node of nodes) node.className = "token still";
  if (!all.length) {
    $("window-title").textContent = "No window";
    $("window-places").replaceChildren();
    $("window-status").textContent = `The text has ${count(tokens.length)} tokens; a window of `
      + `${$("window-length").value} needs one more than its length.`;
    return;
  }
  const { first, targets } = all[windows.number];
  const before = all[windows.number - 1];
  const known = before ? before.first + before.targets.length - first : 0;
  for (let place = 0; place < targets.length; place++) {
    nodes[first + place].classList.add(place < known ? "again" : "in");
  }
  nodes[first + targets.length].classList.add("target");
  nodes[first].scrollIntoView({ block: "nearest" });
  const rest = tokens.length - all.at(-1).first - all.at(-1).targets.length - 1;
  $("window-title").textContent = `Window ${count(windows.number + 1)} of ${count(all.length)}`;
  $("window-status").textContent = `Reads tokens ${first + 1} to ${first + targets.length}, predicts `
    + `${first + 2} to ${first + targets.length + 1}`
    + (known > 0 ? `; ${known} of them were read before` : "")
    + (rest > 0 ? `. The last ${rest} tokens of the text are in no full window.` : ".");
  const asks = $("window-ask").checked;
  const head = ["Place", "Input", "Id", "Target", "Id",
    ...(asks ? ["Chance", "Likeliest"] : [])];
  const scores = windows.scores.get(windows.number);
  $("window-places").replaceChildren(
    make("thead", {}, make("tr", {}, ...head.map((title, column) => make("th", {
      scope: "col", className: [0, 2, 4, 5].includes(column) ? "number" : "",
    }, title)))),
    make("tbody", {}, ...targets.map((target, place) => make("tr", {
      tabIndex: place ? -1 : 0, "data-place": place,
    }, make("td", { className: "number" }, String(place + 1)),
    make("td", {}, windowToken(first + place)),
    make("td", { className: "number" }, String(tokens[first + place].id)),
    make("td", {}, windowToken(first + place + 1)),
    make("td", { className: "number" }, String(target)), ...(asks ? scoreCells(scores, place) : [])))));
  if (asks && !scores) askAboutWindow(windows.number);
}

function scoreCells(scores, place) {
  const [own, best] = [scores?.token_logprobs[place + 1], scores?.top_logprobs?.[place + 1]];
  if (own === undefined || own === null) return [make("td", { className: "number" }, "…"), make("td")];
  const [top] = Object.entries(best ?? {}).sort((a, b) => b[1] - a[1]);
  const p = Math.exp(own);
  return [
    make("td", { className: "number" },
      make("span", { className: `token still ${probabilityClass(p)}` }, percent(p))),
    make("td", {}, ...(top ? [make("code", {}, oneLine(top[0]).replaceAll(" ", "␣")),
      ` ${percent(Math.exp(top[1]))}`] : [])),
  ];
}

/** Asks for the probability of each target, given what the window has before it. */
async function askAboutWindow(number) {
  const { answer } = windows;
  const { first, targets } = answer.windows[number];
  try {
    const found = await json("/v1/completions", {
      model: answer.model, prompt: [answer.tokens[first].id, ...targets], echo: true, max_tokens: 0,
      logprobs: 1, temperature: 0,
    }, windows.abort.signal);
    windows.scores.set(number, found.choices[0].logprobs);
    if (windows.answer === answer && windows.number === number) drawWindow();
  } catch (error) {
    $("window-ask").checked = false;
    drawWindow();
    tell(error);
  }
}

function step(number) {
  if (!windows.answer) return;
  const last = windows.answer.windows.length - 1;
  const wanted = Math.max(0, Math.min(number, last));
  if (wanted === windows.number) return;
  windows.number = wanted;
  drawWindow();
}

$("window-form").addEventListener("submit", (event) => event.preventDefault());
for (const id of ["window-text", "window-length", "window-stride"]) {
  $(id).addEventListener("input", debounced(250, slide));
}
$("window-ask").addEventListener("change", () => windows.answer && drawWindow());
$("window-previous").addEventListener("click", () => step(windows.number - 1));
$("window-next").addEventListener("click", () => step(windows.number + 1));
$("window-number").addEventListener("input", () => step(Number($("window-number").value)));
$("window-tokens").addEventListener("keydown", (event) => {
  const to = {
    ArrowRight: windows.number + 1, ArrowLeft: windows.number - 1, Home: 0, End: Infinity,
  }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  step(to);
});
roving($("window-places"), "tr[tabindex]");
looking($("window-places"), "tr[tabindex]", (row) => {
  const { first } = windows.answer.windows[windows.number];
  const place = first + Number(row.dataset.place);
  [...$("window-tokens").children].forEach((node, number) =>
    node.classList.toggle("place", number === place));
});
