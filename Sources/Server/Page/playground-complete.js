"use strict";
// A text drawn token by token, and its alternatives.

const completion = { prompt: "", tokens: [], earlier: [], abort: null, alternatives: null };

const textOf = (tokens) => tokens.map((token) => token.text).join("");

/** Class of a probability; `bins` are its lower bounds. */
function probabilityClass(p) {
  return `p${[0.01, 0.05, 0.2, 0.5, 0.9].filter((bound) => p >= bound).length}`;
}

function completionBody(prompt) {
  return { model: $("model").value, prompt, ...settings("complete"), logprobs: 10 };
}

function drawToken(token) {
  const p = token.probability;
  const node = p === null ? tokenNode(token.text, "p3", oneLine(token.text))
    : tokenNode(token.text, probabilityClass(p), `${quoted(token.text)}, ${percent(p)}`);
  if (token.isChosen) node.classList.add("chosen");
  if ($("complete-text").childElementCount === 0) node.tabIndex = 0;
  $("complete-text").append(node);
}

function drawCompletion() {
  closeAlternatives(false);
  $("complete-prompt").textContent = inert(completion.prompt);
  $("complete-text").replaceChildren();
  completion.tokens.forEach(drawToken);
  $("complete-empty").hidden = completion.prompt !== "" || completion.tokens.length > 0;
  completionButtons();
}

function completionButtons() {
  const isBusy = completion.abort !== null;
  $("complete-go").disabled = isBusy;
  $("complete-stop").disabled = !isBusy;
  $("complete-more").disabled = isBusy || !completion.prompt;
  $("complete-back").disabled = isBusy || completion.earlier.length === 0;
  $("complete-copy").disabled = !completion.prompt;
  $("complete-text").classList.toggle("writing", isBusy);
}

/**
 * The tokens of a choice of the stream. One that ends in the middle of a character has no text: the
 * one that completes the character has all of it.
 */
function readTokens({ text, logprobs }) {
  if (!logprobs) return text ? [{ text, probability: null, alternatives: [] }] : [];
  return logprobs.tokens.map((text, number) => ({
    text,
    probability: Math.exp(logprobs.token_logprobs[number]),
    alternatives: Object.entries(logprobs.top_logprobs[number] ?? {})
      .map(([text, value]) => ({ text, probability: Math.exp(value) }))
      .sort((a, b) => b.probability - a.probability),
  }));
}

async function complete() {
  completion.abort?.abort();
  const abort = completion.abort = new AbortController();
  $("problem").replaceChildren();
  drawCompletion();
  const meter = new Meter();
  let ending = "stopped";
  $("complete-status").textContent = "Waiting for the first token …";
  try {
    const body = completionBody(completion.prompt + textOf(completion.tokens));
    for await (const event of events("/v1/completions", body, abort.signal)) {
      const choice = event.choices?.[0];
      if (event.usage) meter.take(event);
      if (!choice) continue;
      const tokens = readTokens(choice);
      for (const token of tokens) {
        completion.tokens.push(token);
        drawToken(token);
      }
      if (tokens.length) meter.add(tokens.length);
      $("complete-status").textContent = meter.text();
      if (choice.finish_reason) ending = ENDINGS[choice.finish_reason] ?? choice.finish_reason;
    }
  } catch (error) {
    if (error.name !== "AbortError") ending = "failed";
    tell(error);
  }
  if (completion.abort !== abort) return;
  completion.abort = null;
  completionButtons();
  $("complete-status").textContent = meter.text(ending);
  announce(`${meter.text(ending)}. ${oneLine(textOf(completion.tokens))}`);
}

function showAlternatives(node) {
  const number = [...$("complete-text").children].indexOf(node);
  const token = completion.tokens[number];
  if (!token || completion.abort) return;
  const box = $("alternatives");
  completion.alternatives = { number, node };
  for (const other of $("complete-text").querySelectorAll(".current")) {
    other.classList.remove("current");
  }
  node.classList.add("current");
  $("alternatives-title").replaceChildren("In place of ", isolated(quoted(token.text)));
  $("alternatives-list").replaceChildren(...token.alternatives.map((choice) => {
    const isCurrent = choice.text === token.text;
    const bar = make("svg", {
      class: "share-bar", viewBox: "0 0 100 8", preserveAspectRatio: "none", "aria-hidden": "true",
    }, make("rect", { width: 100, height: 8 }),
      make("rect", { width: Math.max(1, choice.probability * 100), height: 8 }));
    const button = make("button", { type: "button", className: isCurrent ? "current" : "" },
      make("b", {}, isolated(choice.text.replaceAll(" ", "␣"))), bar,
      make("span", { className: "share" }, percent(choice.probability)));
    button.ariaLabel = `${quoted(choice.text)}, ${percent(choice.probability)}`
      + (isCurrent ? ", drawn" : "");
    // A part of a character, and a special token, are no text to go on from.
    button.disabled = /^(bytes:.+|<\|[^|]*\|>|<\/?s>)$/.test(choice.text);
    button.addEventListener("click", () => choose(number, choice));
    return button;
  }));
  box.hidden = false;
  const [around, place] = [box.offsetParent.getBoundingClientRect(), node.getClientRects()[0]];
  const left = Math.min(place.left - around.left, around.width - box.offsetWidth);
  box.style.left = `${Math.max(0, left)}px`;
  box.style.top = `${place.bottom - around.top + 6}px`;
  (box.querySelector(".current") ?? box.querySelector("button:not(:disabled)")).focus();
  $("alternatives-list").rove(document.activeElement);
}

function closeAlternatives(focuses = true) {
  const open = completion.alternatives;
  if (!open) return;
  $("alternatives").hidden = true;
  open.node.classList.remove("current");
  completion.alternatives = null;
  if (focuses) open.node.focus();
}

/** Puts another token in the place of one, drops what is behind, and goes on. */
async function choose(number, choice) {
  closeAlternatives(false);
  completion.earlier.push({ prompt: completion.prompt, tokens: completion.tokens });
  const chosen = {
    text: choice.text, probability: choice.probability, isChosen: true,
    alternatives: completion.tokens[number].alternatives,
  };
  completion.tokens = [...completion.tokens.slice(0, number), chosen];
  $("complete-stop").focus();
  await complete();
  if (document.activeElement === document.body) $("complete-text").children[number]?.focus();
}

function beginCompletion() {
  if (completion.abort) return;
  completion.prompt = $("prompt").value;
  completion.tokens = [];
  completion.earlier = [];
  complete();
}

$("complete-form").addEventListener("submit", (event) => {
  event.preventDefault();
  beginCompletion();
});
$("prompt").addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  beginCompletion();
});
$("complete-stop").addEventListener("click", () => completion.abort?.abort());
$("complete-more").addEventListener("click", () => complete());
$("complete-back").addEventListener("click", () => {
  Object.assign(completion, completion.earlier.pop());
  drawCompletion();
  $("complete-status").textContent = "Back at the text before the choice";
  $("complete-text").firstElementChild?.focus();
});
$("complete-copy").addEventListener("click", () =>
  copy(completion.prompt + textOf(completion.tokens), $("complete-copy")));
$("complete-curl").addEventListener("click", () => {
  try {
    showCurl("complete", "/v1/completions", completionBody($("prompt").value));
  } catch (error) { tell(error); }
});
$("alternatives-close").addEventListener("click", () => closeAlternatives());
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  if (completion.alternatives) return closeAlternatives();
  if (current === "complete") completion.abort?.abort();
  if (current === "chat") chat.abort?.abort();
});
document.addEventListener("pointerdown", (event) => {
  if (!event.target.closest("#alternatives, #complete-text .token")) closeAlternatives(false);
});
roving($("complete-text"), ".token");
roving($("alternatives-list"), "button:not(:disabled)");
pressing($("complete-text"), ".token", showAlternatives);
