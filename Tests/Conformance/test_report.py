"""The page of a run: HTML for html5lib, SVG for a parser of XML, and Chromium, which loads nothing,
complains of nothing and runs nothing that a run holds. Event files are TensorBoard's own."""

import hashlib
import json
import re
import shutil
import xml.etree.ElementTree

import html5lib
import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2, tensor_shape_pb2
from tensorboard.compat.proto.types_pb2 import DT_FLOAT
from tensorboard.summary.writer.event_file_writer import EventFileWriter

HOSTILE = "<script>document.title='owned'</script><img src=x onerror=\"document.title='owned'\">"
SIZE_LIMIT = 300_000


def pipeline(name, **training):
    return {
        "name": name,
        "corpus": {"inputs": ["<b>text.txt"], "text_separator": "\n\n", "validation_fraction": 0.2},
        "vocabulary": {"vocab_size": 400},
        "model": {"architecture": "gpt2", "n_layer": 2, "n_head": 2, "n_embd": 16,
                  "n_positions": 32},
        "training": {"steps": 20, "batch_size": 2, "warmup_steps": 2, "evaluate_every": 5,
                     "checkpoint_every": 10, "sample_every": 10, "optimizer": "adamw",
                     "tasks": ["quiz.jsonl"], **training},
        "generation": {"max_new_tokens": 8}, "samples": [HOSTILE, "The mill"],
    }  # fmt: skip


@pytest.fixture(scope="module")
def runs(quern, tmp_path_factory):
    """Three runs whose names, texts and files are hostile."""
    folder = tmp_path_factory.mktemp("report")
    (folder / "<b>text.txt").write_text("\n\n".join(
        f"The mill {HOSTILE} turned {n * n % 97} times on day {n}.\u202e\x07" for n in range(200)))
    (folder / "quiz.jsonl").write_text("".join(
        json.dumps({
            "task": HOSTILE, "context": "The", "choices": ["mill", "corn"], "answer": n % 2}) + "\n"
        for n in range(5)))
    for name, training in {"one": {}, "two": {"learning_rate": 1e-3}, "three": {"seed": 7}}.items():
        (folder / f"{name}.json").write_text(json.dumps(pipeline(name, **training)))
        quern("run", f"{name}.json", "--quiet", cwd=folder)
    return folder


@pytest.fixture(scope="module")
def chromium():
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium")
    for word in ("--headless=new", "--no-sandbox", "--disable-gpu", "--window-size=1280,900"):
        options.add_argument(word)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, Service(shutil.which("chromedriver")))
    yield driver
    driver.quit()


def visit(chromium, page):
    """Opens a page; returns the messages of the console and the addresses that were asked for."""
    for kind in ("browser", "performance"):
        chromium.get_log(kind)
    chromium.get(page.as_uri())
    messages = [entry["message"] for entry in chromium.get_log("browser")]
    events = [json.loads(entry["message"])["message"] for entry in chromium.get_log("performance")]
    asked = [event["params"]["request"]["url"] for event in events
             if event["method"] == "Network.requestWillBeSent"]
    return messages, [address for address in asked if address != page.as_uri()]


def check_markup(page):
    text = page.read_text()
    html5lib.HTMLParser(strict=True).parse(text)
    drawings = re.findall(r"<svg.*?</svg>", text, re.S)
    assert drawings
    for drawing in drawings:
        xml.etree.ElementTree.fromstring(drawing)
    # Nothing that loads, and no script but the page's own.
    assert not re.search(r"(?:src|href|action)=[\"'](?!#)", text)
    assert len(re.findall(r"<script", text)) == 2 and "<img" not in text


def test_a_page_is_sound_and_silent(runs, chromium):
    page = runs / "runs/one/report.html"
    assert page.stat().st_size < SIZE_LIMIT
    check_markup(page)
    messages, asked = visit(chromium, page)
    assert messages == [] and asked == []
    assert chromium.title.startswith("one") and "owned" not in chromium.title
    body = chromium.find_element(By.TAG_NAME, "body").text
    assert "document.title='owned'" in body
    # The axis can be exchanged, and the curves move with it.
    line = chromium.find_element(By.CSS_SELECTOR, "#training polyline")
    ticks = chromium.find_element(By.CSS_SELECTOR, "#training .xt")
    before = ticks.text
    for choice in ("minutes", "operations", "tokens"):
        button = chromium.find_element(By.CSS_SELECTOR, f"input[value={choice}]")
        # The page scrolls smoothly, and a click does not wait for that.
        chromium.execute_script(
            "arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})", button)
        button.click()
        assert "NaN" not in line.get_attribute("points")
        assert "NaN" not in ticks.text
    assert ticks.text != before
    # The largest tick is not below the last step's tokens.
    assert chromium.find_element(By.CSS_SELECTOR, "#training .xl").text == "tokens"
    webdriver.ActionChains(chromium).move_to_element(line).perform()
    tip = chromium.find_element(By.CSS_SELECTOR, "#training .tip")
    assert "tokens" in tip.text
    assert [entry["message"] for entry in chromium.get_log("browser")] == []


def test_a_page_can_be_read_without_script(runs, chromium):
    page = runs / "runs/one/report.html"
    chromium.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        messages, asked = visit(chromium, page)
        assert messages == [] and asked == []
        body = chromium.find_element(By.TAG_NAME, "body").text
    finally:
        chromium.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    for word in ("Corpus", "Vocabulary", "Training", "Samples", "Tasks", "Attention", "Calibration",
                 "validation loss", "quern run one.json", "Settings that are not the default"):
        assert word in body, word


def test_a_narrow_page_does_not_scroll_sideways(runs, chromium):
    chromium.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
        "width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": True})
    visit(chromium, runs / "runs/one/report.html")
    width = chromium.execute_script("return document.documentElement.scrollWidth")
    chromium.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert width <= 390


def test_runs_beside_each_other_name_every_setting_that_differs(quern, runs, chromium):
    quern("report", "one", "two", "three", "--output", "all.html", cwd=runs)
    check_markup(runs / "all.html")
    messages, asked = visit(chromium, runs / "all.html")
    assert messages == [] and asked == []
    table = chromium.find_element(
        By.XPATH, "//h3[.='Settings that differ']/following-sibling::div[1]")
    rows = [row.text.split() for row in table.find_elements(By.CSS_SELECTOR, "tbody tr")]
    found = {row[0]: row[1:] for row in rows}
    assert found.pop("training.seed") == ["1337", "1337", "7"]
    rates = found.pop("training.learning_rate")
    assert rates[1] == "0.001" and rates[0] == rates[2]
    # Nothing else was changed.
    assert found == {}


def test_a_task_has_its_error_and_a_line_at_chance(runs, chromium):
    visit(chromium, runs / "runs/one/report.html")
    section = chromium.find_element(By.ID, "tasks")
    rows = [row.text for row in section.find_elements(By.CSS_SELECTOR, "tbody tr")]
    assert len(rows) == 2 and not [row for row in rows if "stderr" in row]
    assert all("50.0" in row and "±" in row for row in rows)
    assert len(section.find_elements(By.CSS_SELECTOR, "polyline[data-name=chance]")) == len(rows)


def test_the_same_run_gives_the_same_bytes(quern, runs, tmp_path):
    def digest():
        return [hashlib.sha256((runs / "runs/one" / name).read_bytes()).hexdigest()
                for name in ("report.html", "report.md", "measurements.json")]

    before = digest()
    (runs / "runs/one/measurements.json").unlink()
    quern("report", "one", "--threads", 1, cwd=runs)
    assert digest() == before
    # From elsewhere the shards are found beside the runs.
    quern("report", runs / "runs/one", "--output", tmp_path / "one.html", cwd=tmp_path)
    assert "section id=\"corpus\"" in (tmp_path / "one.html").read_text()


def test_event_files_of_tensorboard_are_read(quern, tmp_path, chromium):
    writer = EventFileWriter(str(tmp_path / "logs"))
    for step in range(500):
        loss = summary_pb2.Summary.Value(tag="train/loss", simple_value=5 / (step + 1))
        tensor = tensor_pb2.TensorProto(
            dtype=DT_FLOAT, tensor_shape=tensor_shape_pb2.TensorShapeProto(),
            float_val=[0.5 * step])
        rate = summary_pb2.Summary.Value(tag="<script>rate", tensor=tensor)
        writer.add_event(event_pb2.Event(
            wall_time=1000.0 + step, step=step,
            summary=summary_pb2.Summary(value=[loss, rate])))
    writer.close()
    quern("report", "logs", "--output", "logs.html", cwd=tmp_path)
    page = tmp_path / "logs.html"
    check_markup(page)
    messages, asked = visit(chromium, page)
    assert messages == [] and asked == []
    text = page.read_text()
    assert "train/loss" in text and "&lt;script&gt;rate" in text
    values = re.search(r"<dt>events</dt><dd>([^<]*)", text)[1]
    assert int(re.sub(r"\D", "", values)) in (500, 501)
