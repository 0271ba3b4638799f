"use strict";
// Curves of runs, followed while they are seen.

const recorded = { runs: [], chosen: new Map(), timer: null, abort: null };
const CURVES = [
  ["loss", "Loss (nats a token)"], ["validation_loss", "Validation loss"],
  ["learning_rate", "Learning rate"], ["tokens_per_second", "Tokens per second"],
];
/** Styles of curves that can be told apart. */
const STYLES = 6;

const runsAreSeen = () => current === "runs" && document.visibilityState === "visible";

async function poll() {
  clearTimeout(recorded.timer);
  recorded.abort?.abort();
  if (!runsAreSeen()) return;
  const { signal } = recorded.abort = new AbortController();
  try {
    recorded.runs = await json("/playground/runs", undefined, signal);
    if (!recorded.hasLooked) {
      recorded.hasLooked = true;
      if (recorded.runs[0]) choice(recorded.runs[0].name);
    }
    drawRunList();
    let isNew = recorded.isStale;
    for (const [name, run] of recorded.chosen) {
      const listed = recorded.runs.find((other) => other.name === name);
      if (!listed) { recorded.chosen.delete(name); isNew = true; continue; }
      const mark = `${listed.steps} ${listed.updated}`;
      if (run.mark === mark) continue;
      await update(run, name, signal);
      run.mark = mark;
      isNew = true;
    }
    recorded.isStale = false;
    if (isNew || !$("charts").childElementCount) drawCharts();
    $("runs-status").textContent = recorded.runs.length ? "" : "There is no run yet.";
  } catch (error) {
    tell(error);
    if (error.name === "AbortError") return;
  }
  if (runsAreSeen()) recorded.timer = setTimeout(poll, 2000);
}

/** Brings the curves of a run up to date. One that was begun anew is read anew. */
async function update(run, name, signal) {
  const path = `/playground/runs/${encodeURIComponent(name)}`;
  const isLong = run.curves && Object.values(run.curves).some((points) => points.length > 4000);
  const after = isLong ? undefined : run.steps;
  const found = await json(after ? `${path}?after=${after}` : path, undefined, signal);
  if (after && found.steps >= after) {
    for (const [key, points] of Object.entries(found.curves)) {
      (run.curves[key] ??= []).push(...points);
    }
    run.steps = found.steps;
  } else if (after) {
    run.steps = undefined;
    await update(run, name, signal);
  } else {
    Object.assign(run, found);
  }
}

function choice(name) {
  const taken = [...recorded.chosen.values()].map((run) => run.style);
  const style = [...Array(STYLES).keys()].find((number) => !taken.includes(number));
  if (style === undefined) {
    tell(new ServerError(`At most ${STYLES} runs are overlaid.`));
    return false;
  }
  recorded.chosen.set(name, { style });
  return true;
}

const keyOf = (run) => make("svg", { class: "key", "aria-hidden": "true" },
  make("line", { class: `s${run.style}`, x1: 0, x2: 28, y1: 5, y2: 5 }));

function drawRunList() {
  const focused = document.activeElement?.closest?.("#run-list input")?.value;
  $("run-list").replaceChildren(...recorded.runs.map((run) => {
    const box = make("input", { type: "checkbox", value: run.name });
    const chosen = recorded.chosen.get(run.name);
    box.checked = chosen !== undefined;
    return make("label", { className: "check" }, box, chosen ? keyOf(chosen) : null,
      isolated(run.name), run.is_running ? make("span", { className: "live" }, "running") : null,
      make("span", { className: "hint" }, `${count(run.steps)} steps`));
  }));
  if (focused !== undefined) {
    [...$("run-list").querySelectorAll("input")].find((box) => box.value === focused)?.focus();
  }
}

$("run-list").addEventListener("change", (event) => {
  const box = event.target;
  if (!box.checked) recorded.chosen.delete(box.value);
  else if (!choice(box.value)) { box.checked = false; return; }
  recorded.isStale = true;
  poll();
});
for (const id of ["log-steps", "log-values", "smoothing"]) {
  $(id).addEventListener("change", drawCharts);
}

/** An exponential mean of the values, without the bias of its beginning. */
function smoothed(points, share) {
  let [mean, weightSum] = [0, 0];
  return points.map(([step, value]) => {
    mean = share * mean + (1 - share) * value;
    weightSum = share * weightSum + (1 - share);
    return [step, mean / weightSum];
  });
}

/** Round numbers across a range. */
function ticks(low, high, wanted) {
  const raw = (high - low) / wanted || 1;
  const unit = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 5, 10].find((factor) => factor * unit >= raw) * unit;
  const found = [];
  for (let tick = Math.ceil(low / step); tick * step <= high + step * 1e-9; tick++) {
    found.push(tick * step);
  }
  return found;
}
function logTicks(low, high) {
  const found = [];
  for (let power = Math.floor(Math.log10(low)); 10 ** power <= high; power++) {
    for (const factor of [1, 2, 5]) {
      const tick = factor * 10 ** power;
      if (tick >= low && tick <= high) found.push(tick);
    }
  }
  return found.length > 1 ? found : ticks(low, high, 4);
}
const tickText = (value) => value >= 1000
  ? value.toLocaleString("en", { notation: "compact", maximumFractionDigits: 1 })
  : value !== 0 && Math.abs(value) < 0.001 ? value.toExponential(0) : String(+value.toPrecision(3));

function drawCharts() {
  if (!$("charts").clientWidth) return;
  const chosen = [...recorded.chosen].filter(([, run]) => run.curves);
  const focused = document.activeElement?.closest?.("#charts svg")?.dataset.key;
  // A drawing is as wide as its place, so that its text has the size of other text.
  const width = Math.max(240, Number.parseFloat(
    getComputedStyle($("charts")).gridTemplateColumns) - 30);
  $("charts").replaceChildren(...CURVES.map(([key, title]) => {
    const series = chosen.filter(([, run]) => run.curves[key]?.length)
      .map(([name, run]) => ({ name, run, points: run.curves[key] }));
    return series.length ? chart(key, title, series, width) : null;
  }).filter(Boolean));
  if (focused) $("charts").querySelector(`svg[data-key=${focused}]`)?.focus();
  drawRunTables(chosen);
}

function chart(key, title, series, width) {
  const isLoss = key.endsWith("loss");
  const share = isLoss || key === "tokens_per_second" ? Number($("smoothing").value) : 0;
  const [logX, logY] = [$("log-steps").checked, $("log-values").checked && isLoss];
  const [height, left, right, top, bottom] = [240, 52, 12, 10, 26];
  const lines = series.map((one) => ({ ...one, shown: share ? smoothed(one.points, share) : null }));
  const xs = lines.flatMap(({ points }) => points.map(([step]) => Math.max(step, logX ? 1 : 0)));
  const ys = lines.flatMap(({ points, shown }) => (shown ?? points).map(([, value]) => value))
    .filter((value) => !logY || value > 0).sort((a, b) => a - b);
  const bounds = (list) => [Math.min(...list), Math.max(...list)];
  let [x0, x1] = bounds(xs);
  let [y0, y1] = [ys[0], ys.at(-1)];
  if (x0 === x1) x1 = x0 + 1;
  if (y0 === y1) [y0, y1] = y0 === 0 ? [0, 1] : [y0 * 0.9, y1 * 1.1];
  if (!logY && key !== "loss" && key !== "validation_loss") y0 = Math.min(0, y0);
  const scale = (isLog, low, high, from, to) => (value) => {
    const place = isLog ? Math.log(Math.max(value, low) / low) / Math.log(high / low)
      : (value - low) / (high - low);
    return from + (to - from) * place;
  };
  const x = scale(logX, x0, x1, left, width - right);
  const y = scale(logY, y0, y1, height - bottom, top);
  const path = (points) => points.map(([step, value], number) =>
    `${number ? "L" : "M"}${x(step).toFixed(1)} ${y(value).toFixed(1)}`).join("");
  const grid = (logY ? logTicks(y0, y1) : ticks(y0, y1, 5)).flatMap((tick) => [
    make("line", { class: "grid", x1: left, x2: width - right, y1: y(tick), y2: y(tick) }),
    make("text", { class: "axis", x: left - 6, y: y(tick) + 4, "text-anchor": "end" }, tickText(tick)),
  ]);
  const steps = (logX ? logTicks(x0, x1) : ticks(x0, x1, Math.max(2, width / 90))).map((tick) =>
    make("text", { class: "axis", x: x(tick), y: height - 8, "text-anchor": "middle" },
      tickText(tick)));
  const cursor = make("line", { class: "cursor", y1: top, y2: height - bottom, visibility: "hidden" });
  const svg = make("svg", {
    viewBox: `0 0 ${width} ${height}`, tabindex: 0, role: "img", "data-key": key,
    "aria-label": `${title}: arrow keys read the values`,
  }, ...grid, ...steps, ...lines.flatMap(({ run, points, shown }) => [
    make("path", { class: `curve s${run.style}${shown ? " faint" : ""}`, d: path(points) }),
    shown ? make("path", { class: `curve s${run.style}`, d: path(shown) }) : null,
    points.length === 1 ? make("circle", {
      class: `s${run.style}`, cx: x(points[0][0]), cy: y(points[0][1]), r: 3,
    }) : null,
  ]), cursor);
  const readout = make("div", { className: "readout", ariaLive: "polite" });
  const all = [...new Set(xs)].sort((a, b) => a - b);
  let place = all.length - 1;
  const read = (number) => {
    place = Math.max(0, Math.min(number, all.length - 1));
    for (const end of ["x1", "x2"]) cursor.setAttribute(end, x(all[place]));
    cursor.setAttribute("visibility", "visible");
    readout.replaceChildren(`Step ${count(all[place])}: `, ...lines.flatMap((line, index) => {
      const points = line.shown ?? line.points;
      const near = points.findLast(([step]) => step <= all[place]) ?? points[0];
      return [index ? ", " : "", isolated(line.name), ` ${figure(near[1])}`];
    }));
  };
  svg.addEventListener("pointermove", (event) => {
    const box = svg.getBoundingClientRect();
    const at = (event.clientX - box.left) / box.width * width;
    let best = 0;
    all.forEach((step, number) => {
      if (Math.abs(x(step) - at) < Math.abs(x(all[best]) - at)) best = number;
    });
    read(best);
  });
  svg.addEventListener("focus", () => read(place));
  svg.addEventListener("keydown", (event) => {
    const leap = Math.max(1, Math.round(all.length / 40));
    const to = {
      ArrowRight: place + leap, ArrowLeft: place - leap, Home: 0, End: all.length - 1,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    read(to);
  });
  return make("figure", {}, make("figcaption", {}, title), svg, readout);
}

/** The last values, and the settings in which the runs differ. */
function drawRunTables(chosen) {
  if (!chosen.length) return $("runs-tables").replaceChildren();
  const cell = (content, className) => make("td", { className: className ?? "" }, content);
  const head = (titles) => make("thead", {}, make("tr", {}, ...titles.map((title, column) =>
    make("th", { scope: "col", className: column ? "number" : "" }, title))));
  const last = make("table", {}, head(["Run", "Steps", ...CURVES.map(([, title]) => title)]),
    make("tbody", {}, ...chosen.map(([name, run]) => make("tr", {}, make("th", { scope: "row" },
      keyOf(run), " ", isolated(name)),
    cell(count(run.steps) + (run.planned_steps ? ` of ${count(run.planned_steps)}` : ""), "number"),
    ...CURVES.map(([key]) => {
      const point = run.curves[key]?.at(-1);
      return cell(point ? figure(point[1]) : "–", "number");
    })))));
  const keys = [...new Set(chosen.flatMap(([, run]) => Object.keys(run.settings ?? {})))].sort();
  const text = (run, key) => JSON.stringify(run.settings?.[key]) ?? "–";
  const different = keys.filter((key) =>
    new Set(chosen.map(([, run]) => text(run, key))).size > 1);
  const rows = (list) => list.map((key) => make("tr", {}, make("th", { scope: "row" }, isolated(key)),
    ...chosen.map(([, run]) => cell(make("code", {}, oneLine(text(run, key)))))));
  const settingsTable = (list) => make("table", {},
    head(["Setting", ...chosen.map(([name]) => isolated(name))]), make("tbody", {}, ...rows(list)));
  const wasOpen = $("runs-tables").querySelector("details")?.open ?? false;
  const listed = chosen.length > 1 ? different : keys;
  const title = chosen.length > 1 ? `Settings that differ (${different.length})` : "Settings";
  $("runs-tables").replaceChildren(last, listed.length
    ? make("details", { open: wasOpen }, make("summary", {}, title), settingsTable(listed)) : "");
}

document.addEventListener("visibilitychange", poll);
let chartWidth = 0;
new ResizeObserver(() => {
  if (Math.abs($("charts").clientWidth - chartWidth) < 8 || !recorded.chosen.size) return;
  chartWidth = $("charts").clientWidth;
  drawCharts();
}).observe($("charts"));
