"use strict";
// A text in several vocabularies, and how words were merged.

/** Tokens of a vocabulary that are drawn; of more the rest is counted. */
const DRAWN = 3000;
/** Vocabularies that the server cuts a text with at once. */
const COMPARED = 8;
/** Names of the vocabularies that lie in the server's folder. */
let inFolder = [];
let tokensAbort = null;

/** Draws the choice: the vocabularies of the models, which are compared at first, then others. */
function drawVocabularies() {
  const key = (box) => `${box.dataset.kind} ${box.value}`;
  const boxes = () => [...$("vocabularies").querySelectorAll("input")];
  const before = new Map(boxes().map((box) => [key(box), box.checked]));
  const focused = boxes().find((box) => box === document.activeElement);
  const label = (kind, value, isCompared, note) => {
    const box = make("input", { type: "checkbox", value, "data-kind": kind });
    box.checked = before.get(key(box)) ?? isCompared;
    return make("label", { className: "check" }, box, isolated(value), note);
  };
  $("vocabularies").replaceChildren(
    $("vocabularies").firstElementChild,
    ...served.models.map(({ id }, number) => label("models", id, number < COMPARED)),
    ...inFolder.map((name) => label("vocabularies", name, false, folderNote())));
  if (focused) boxes().find((box) => key(box) === key(focused))?.focus();
}
const folderNote = () => make("span", { className: "hint" }, "folder");

/** Shows what lies in the folder now, and the text. */
async function compareVocabularies() {
  try {
    inFolder = (await json("/playground/vocabularies")).map(({ name }) => name);
  } catch (error) { return tell(error); }
  drawVocabularies();
  tokenize();
}

async function tokenize() {
  tokensAbort?.abort();
  tokensAbort = new AbortController();
  const [models, vocabularies] = ["models", "vocabularies"].map((kind) =>
    [...$("vocabularies").querySelectorAll(`[data-kind=${kind}]:checked`)].map((box) => box.value));
  if (!models.length && !vocabularies.length) return $("tokens-result").replaceChildren();
  try {
    const answer = await json("/playground/tokens", {
      text: $("tokens-text").value, models, vocabularies,
    }, tokensAbort.signal);
    $("problem").replaceChildren();
    $("tokens-result").replaceChildren(...[...answer.models, ...answer.vocabularies]
      .map((found) => vocabularyNode(found, answer.bytes)));
  } catch (error) { tell(error); }
}

function facts(pairs) {
  return make("dl", {}, ...pairs.map(([name, value]) =>
    make("div", {}, make("dt", {}, name), make("dd", {}, value))));
}

function tokenLabel(token) {
  const text = token.text === null ? "part of a character" : quoted(token.text);
  const bytes = token.bytes.length === 1 ? "1 byte" : `${token.bytes.length} bytes`;
  return `${text}, id ${token.id}, ${bytes}: ${hexadecimal(token.bytes)}`;
}

function vocabularyNode(found, byteCount) {
  const { tokens, words } = found;
  const name = found.model ?? found.vocabulary;
  const sheet = make("div", { className: "sheet", role: "group" });
  sheet.ariaLabel = `Tokens of ${oneLine(name)}: arrow keys move among them`;
  for (const [number, token] of tokens.slice(0, DRAWN).entries()) {
    const node = tokenNode(
      token.text ?? `⟨${hexadecimal(token.bytes)}⟩`, `t${number % 6}`, tokenLabel(token));
    if (token.text === null) node.classList.add("odd");
    node.dataset.number = number;
    sheet.append(node);
  }
  if (sheet.firstChild) sheet.firstChild.tabIndex = 0;
  if (tokens.length > DRAWN) sheet.append(` … and ${count(tokens.length - DRAWN)} more`);
  roving(sheet, ".token");
  looking(sheet, ".token", (node) => {
    for (const other of $("tokens-result").querySelectorAll(".token.current")) {
      other.classList.remove("current");
    }
    node.classList.add("current");
    showTree(found, Number(node.dataset.number));
  });
  const ratio = tokens.length ? (byteCount / tokens.length).toFixed(2) : "–";
  const title = make("h2", {}, isolated(name), found.model === undefined ? " " : null,
    found.model === undefined ? folderNote() : null);
  return make("article", {}, title, facts([
    ["Tokens", count(tokens.length)], ["Bytes per token", ratio],
    ["Words", count(words.length)], ["Vocabulary", count(found.vocabulary_size)],
  ]), sheet);
}

/** Draws how the word of a token was merged from its bytes. */
function showTree({ tokens, words }, number) {
  let index = words.findLastIndex((word) => word.first <= number);
  if (index < 0) index = 0;
  const end = words[index + 1]?.first ?? tokens.length;
  const parts = tokens.slice(words[index].first, end);
  $("tokens-detail").textContent = tokenLabel(tokens[number])
    + (end - words[index].first > 1 ? ` · ${end - words[index].first} tokens of a word` : "");
  const trees = words[index].trees;
  if (!trees) {
    const note = "This word is too long for a tree.";
    return $("tokens-tree").replaceChildren(make("p", { className: "hint" }, note));
  }
  const bytes = parts.flatMap((token) => token.bytes);
  const lengths = parts.map((token) => token.bytes.length);
  $("tokens-tree").replaceChildren(treeDrawing(trees, bytes, lengths, number - words[index].first));
}

function treeDrawing(trees, bytes, lengths, chosen) {
  const [width, height, gap] = [46, 54, 14];
  const lines = [];
  const boxes = [];
  let place = 0;
  let [x, deepest] = [0, 0];
  const shown = (from, to) => {
    const part = new Uint8Array(bytes.slice(from, to));
    try {
      return oneLine(new TextDecoder("utf-8", { fatal: true }).decode(part)).replaceAll(" ", "␣");
    } catch { return hexadecimal([...part]); }
  };
  /** Places a tree; leaves stand at the bottom, a merge above the higher of its parts. */
  function lay(tree, taken) {
    const start = place;
    if (!Array.isArray(tree)) {
      // Bytes, and tokens that were taken whole and so stand for several.
      place += taken;
      const node = { id: tree, start, end: place, level: 0 };
      node.text = shown(start, place);
      const wide = Math.max(width, 10 * node.text.length + 14);
      node.x = x + wide / 2;
      node.width = wide - 6;
      x += wide;
      boxes.push(node);
      return node;
    }
    const left = lay(tree[1], 1);
    const right = lay(tree[2], 1);
    const node = {
      id: tree[0], start, end: place, x: (left.x + right.x) / 2,
      level: Math.max(left.level, right.level) + 1,
    };
    node.text = shown(start, place);
    node.width = Math.max(width - 6, 8.2 * node.text.length + 12);
    deepest = Math.max(deepest, node.level);
    lines.push([node, left], [node, right]);
    boxes.push(node);
    return node;
  }
  trees.forEach((tree, number) => {
    lay(tree, lengths[number]).isRoot = number === chosen;
    x += gap;
  });
  const [all, high] = [Math.max(x, 60), (deepest + 1) * height];
  const top = (node) => (deepest - node.level) * height + 4;
  const label = boxes.filter((node) => node.level > 0)
    .map((node) => `${node.text} is token ${node.id}`).join(", then ");
  return make("svg", {
    class: "tree", width: all, height: high, viewBox: `0 0 ${all} ${high}`, role: "img",
    "aria-label": label || boxes.map((node) => `${node.text} is token ${node.id}`).join(", "),
  }, ...lines.map(([from, to]) => make("path", {
    d: `M${from.x} ${top(from) + 38}C${from.x} ${top(from) + 50} ${to.x} ${top(to) - 12} ${to.x} `
      + top(to),
  })), ...boxes.map((node) => make("g", {
    class: `${node.level ? "" : "leaf"} ${node.isRoot ? "current" : ""}`,
  }, make("rect", {
    x: node.x - node.width / 2, y: top(node), width: node.width, height: 38, rx: 5,
  }), make("text", { x: node.x, y: top(node) + 17 }, node.text),
  make("text", { x: node.x, y: top(node) + 31, class: "id" }, String(node.id)))));
}

$("tokens-text").addEventListener("input", debounced(250, tokenize));
$("vocabularies").addEventListener("change", ({ target }) => {
  if ($("vocabularies").querySelectorAll("input:checked").length > COMPARED) {
    target.checked = false;
    return tell(new ServerError(`At most ${COMPARED} vocabularies are compared.`));
  }
  tokenize();
});
