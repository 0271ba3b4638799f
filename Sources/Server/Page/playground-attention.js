"use strict";
// What tokens look at, head by head.

const heads = { maps: null, layer: 0, head: 0, token: null, abort: null };

async function lookAtPrompt() {
  heads.abort?.abort();
  heads.abort = new AbortController();
  $("attention-status").textContent = "Computing …";
  try {
    const answer = await json("/playground/attention",
      { model: $("model").value, prompt: $("attention-text").value }, heads.abort.signal);
    $("problem").replaceChildren();
    const text = atob(answer.weights);
    const weights = Uint8Array.from(text, (character) => character.charCodeAt(0));
    heads.maps = { ...answer, weights };
    heads.layer = Math.min(heads.layer, answer.layers - 1);
    heads.head = Math.min(heads.head, answer.heads - 1);
    heads.token = answer.queries[0] + answer.queries[1] - 1;
    drawHeads();
  } catch (error) {
    if (error.name !== "AbortError") $("attention-status").textContent = "";
    tell(error);
  }
}

/** Weight of a head for a query and a key, both counted from the first of theirs. */
function weight({ heads: all, queries, keys, weights }, layer, head, query, key) {
  return weights[((layer * all + head) * queries[1] + query) * keys[1] + key] / 255;
}

function drawMap(canvas, layer, head) {
  const maps = heads.maps;
  const [rows, columns] = [maps.queries[1], maps.keys[1]];
  Object.assign(canvas, { width: columns, height: rows });
  const context = canvas.getContext("2d");
  const image = context.createImageData(columns, rows);
  const style = getComputedStyle(document.documentElement);
  const [red, green, blue] = style.getPropertyValue("--weight").split(",").map(Number);
  for (let query = 0; query < rows; query++) {
    for (let key = 0; key < columns; key++) {
      const value = Math.sqrt(weight(maps, layer, head, query, key));
      image.data.set([red, green, blue, 255 * value], 4 * (query * columns + key));
    }
  }
  context.putImageData(image, 0, 0);
}

function drawHeads() {
  const { layers, heads: all } = heads.maps;
  const grid = $("heads");
  grid.style.gridTemplateColumns = `auto repeat(${all}, max-content)`;
  const nodes = [];
  for (let layer = 0; layer < layers; layer++) {
    nodes.push(make("span", { ariaHidden: "true" }, `Layer ${layer + 1}`));
    for (let head = 0; head < all; head++) {
      const canvas = make("canvas", { ariaHidden: "true" });
      drawMap(canvas, layer, head);
      const button = make("button", { type: "button", role: "radio", tabIndex: -1 }, canvas);
      button.ariaLabel = `Layer ${layer + 1}, head ${head + 1}`;
      button.title = button.ariaLabel;
      Object.assign(button.dataset, { layer, head });
      nodes.push(button);
    }
  }
  grid.replaceChildren(...nodes);
  const sheet = $("attention-tokens");
  sheet.replaceChildren(...heads.maps.tokens.map((token, number) => {
    const label = token.text === null ? hexadecimal(token.bytes) : quoted(token.text);
    const node = tokenNode(token.text ?? `⟨${hexadecimal(token.bytes)}⟩`, "", label);
    if (token.text === null || token.special) node.classList.add("odd");
    node.dataset.number = number;
    return node;
  }));
  chooseHead(heads.layer, heads.head);
}

function chooseHead(layer, head) {
  Object.assign(heads, { layer, head });
  for (const button of $("heads").querySelectorAll("button")) {
    const isChosen = Number(button.dataset.layer) === layer && Number(button.dataset.head) === head;
    button.ariaChecked = String(isChosen);
    button.tabIndex = isChosen ? 0 : -1;
  }
  $("head-title").textContent = `Layer ${layer + 1}, head ${head + 1}`;
  drawMap($("head-map"), layer, head);
  lookFrom(heads.token);
}

/** Shades what a token looks at. */
function lookFrom(number) {
  const maps = heads.maps;
  const query = number - maps.queries[0];
  if (query < 0 || query >= maps.queries[1]) return;
  heads.token = number;
  const nodes = [...$("attention-tokens").children];
  const seen = [];
  nodes.forEach((node, place) => {
    const key = place - maps.keys[0];
    const isKey = key >= 0 && key < maps.keys[1];
    const value = isKey ? weight(maps, heads.layer, heads.head, query, key) : 0;
    const level = [0.005, 0.03, 0.1, 0.25, 0.6].filter((bound) => value >= bound).length;
    node.className = node.className.replace(/ ?\b(w\d|looking)\b/g, "");
    if (level) node.classList.add(`w${level}`);
    if (place === number) node.classList.add("looking");
    node.title = isKey ? `${quoted(maps.tokens[place].text ?? "…")}: ${percent(value)}` : "";
    if (value >= 0.005) seen.push([place, value]);
  });
  $("attention-tokens").rove(nodes[number]);
  seen.sort((a, b) => b[1] - a[1]);
  const name = (place) => maps.tokens[place].text === null
    ? hexadecimal(maps.tokens[place].bytes) : quoted(maps.tokens[place].text);
  const parts = seen.slice(0, 5).flatMap(([place, value], rank) =>
    [rank ? ", " : "", isolated(name(place)), ` (${place + 1}) ${percent(value)}`]);
  $("attention-status").replaceChildren(
    isolated(name(number)), ` (${number + 1}) looks at `, ...parts, ".");
}

$("attention-form").addEventListener("submit", (event) => {
  event.preventDefault();
  lookAtPrompt();
});
roving($("heads"), "button", () => heads.maps?.heads ?? 1);
looking($("heads"), "button:focus", (button) =>
  chooseHead(Number(button.dataset.layer), Number(button.dataset.head)));
pressing($("heads"), "button", (button) =>
  chooseHead(Number(button.dataset.layer), Number(button.dataset.head)));
roving($("attention-tokens"), ".token");
looking($("attention-tokens"), ".token", (node) => lookFrom(Number(node.dataset.number)));
$("head-map").addEventListener("pointermove", (event) => {
  if (!heads.maps) return;
  const box = $("head-map").getBoundingClientRect();
  const row = Math.floor((event.clientY - box.top) / box.height * heads.maps.queries[1]);
  lookFrom(heads.maps.queries[0] + Math.max(0, Math.min(row, heads.maps.queries[1] - 1)));
});
