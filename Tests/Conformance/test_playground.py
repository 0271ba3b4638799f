"""The playground in a browser: every panel with a real model, by keyboard alone, with hostile names
and texts, in several widths, light and dark."""

import json
import os
import re
import shutil
import subprocess
import time

import pytest
from serving import Server
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select
from tokenizers import Tokenizer

# Names and texts that a careless page would obey.
HOSTILE = "<img src=x onerror=alert(1)>\u202e<script>alert(2)</script>\u2066\u0007\u200b"
HOSTILE_NAME = "<img src=x onerror=alert(1)>\u202eevil"
STEERING = (r"[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u061c\u200b\u200e\u200f"
            r"\u202a-\u202e\u2066-\u2069]")
PANELS = ["complete", "chat", "tokens", "attention", "window", "runs"]
CONTEXT = 96


@pytest.fixture(scope="module")
def world(quern, tmp_path_factory):
    """A folder with a run that has learned hostile texts by heart, its tuned model, a run and a
    vocabulary of a hostile name, and a vocabulary that is broken."""
    folder = tmp_path_factory.mktemp("playground")
    lines = [f"line {number}: the mill said {HOSTILE} and turned" for number in range(200)]
    (folder / "corpus.txt").write_text("\n\n\n".join(lines))
    talks = [{"messages": [{"role": "user", "content": f"Say it {number}."},
                           {"role": "assistant", "content": f"It is {HOSTILE}."}]}
             for number in range(60)]
    (folder / "talks.jsonl").write_text("".join(json.dumps(talk) + "\n" for talk in talks))
    (folder / "pipeline.json").write_text(json.dumps({
        "name": "small",
        "corpus": {"inputs": ["corpus.txt"], "text_separator": "\n\n\n"},
        "vocabulary": {"vocab_size": 320},
        "model": {"architecture": "gpt2", "n_layer": 2, "n_head": 2, "n_embd": 32,
                  "n_positions": CONTEXT},
        "training": {"steps": 150, "batch_size": 8, "evaluate_every": 50, "checkpoint_every": 75,
                     "learning_rate": 1e-2, "warmup_steps": 10},
        "instruction_tuning": {"inputs": ["talks.jsonl"], "steps": 60, "batch_size": 8},
        "generation": {"max_new_tokens": 4}, "samples": ["line"],
    }))
    quern("run", "pipeline.json", "--quiet", cwd=folder)
    evil = folder / "runs" / HOSTILE_NAME
    evil.mkdir()
    shutil.copy(folder / "runs/small/metrics.jsonl", evil / "metrics.jsonl")
    (folder / "runs/link").symlink_to(folder / "runs/small")
    quern("vocab", "train", "corpus.txt", "--output", f"vocab/{HOSTILE_NAME}", "--vocab-size", 280,
          "--quiet", cwd=folder)
    (folder / "vocab/broken").mkdir()
    (folder / "vocab/broken/tokenizer.json").write_text('{"model": 1}')
    (folder / "vocab/link").symlink_to(folder / "vocab" / HOSTILE_NAME)
    return folder


@pytest.fixture(scope="module")
def address(world):
    """Address of a server of both models."""
    if "QUERN_PLAYGROUND" in os.environ:
        yield os.environ["QUERN_PLAYGROUND"]
        return
    with Server(["--model", "runs/small", "--model", "runs/small/chat"], cwd=world) as server:
        yield server.address


@pytest.fixture(scope="module")
def browser(tmp_path_factory):
    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or "chromium"
    for argument in ["--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                     "--disable-background-networking", "--disable-component-update"]:
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = webdriver.ChromeService(shutil.which("chromedriver") or "chromedriver")
    driver = webdriver.Chrome(options=options, service=service)
    driver.execute_cdp_cmd("Page.addScriptToEvaluateOnNewDocument", {"source": """
        window.violations = [];
        window.alert = () => window.violations.push("alert");
        addEventListener("securitypolicyviolation", (event) =>
            window.violations.push(event.violatedDirective));
    """})
    driver.downloads = tmp_path_factory.mktemp("downloads")
    driver.execute_cdp_cmd("Browser.setDownloadBehavior", {
        "behavior": "allow", "downloadPath": str(driver.downloads)})
    yield driver
    driver.quit()


class Page:
    """The page as a person has it."""

    def __init__(self, driver, address):
        self.driver = driver
        self.address = address

    def open(self, panel, width=1280, height=900, scheme="light"):
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": height, "deviceScaleFactor": 1, "mobile": False})
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": scheme}]})
        self.driver.get("about:blank")
        self.driver.get(f"{self.address}/#{panel}")
        self.until(lambda: self.all("#model option"))
        # An answer that is drawn by chance may also be one without text.
        for sampling in ["complete", "chat"]:
            self.set(f"#{sampling}-seed", 3)
        return self

    def script(self, text, *arguments):
        return self.driver.execute_script(text, *arguments)

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        return self.driver.find_element(By.CSS_SELECTOR, selector)

    def text(self, selector):
        return self.script("return document.querySelector(arguments[0]).textContent", selector)

    def until(self, condition, seconds=20):
        end = time.monotonic() + seconds
        while True:
            if value := condition():
                return value
            assert time.monotonic() < end, "it did not come to be: " + self.text("#problem")
            time.sleep(0.02)

    def press(self, *keys):
        ActionChains(self.driver).send_keys(*keys).perform()

    def chord(self, modifier, key):
        ActionChains(self.driver).key_down(modifier).send_keys(key).key_up(modifier).perform()

    def focused(self, selector):
        return self.script("return document.activeElement.matches(arguments[0])", selector)

    def tab_to(self, selector, key=Keys.TAB):
        """Presses Tab until an element has the focus, as a person without a mouse does."""
        for _ in range(60):
            if self.focused(selector):
                return self.driver.switch_to.active_element
            self.press(key)
        raise AssertionError(f"Tab does not reach {selector}")

    def set(self, selector, value):
        self.script("""
            const field = document.querySelector(arguments[0]);
            field.value = arguments[1];
            field.dispatchEvent(new Event("input", { bubbles: true }));
            field.dispatchEvent(new Event("change", { bubbles: true }));
        """, selector, value)

    def choose_model(self, number):
        Select(self.one("#model")).select_by_index(number)

    def is_idle(self, panel):
        return self.script("return !document.getElementById(arguments[0]).disabled", f"{panel}-go")

    def complete(self, **settings):
        for key, value in settings.items():
            self.set(f"#complete-{key}", value)
        self.one("#complete-go").click()
        self.until(lambda: self.is_idle("complete"))
        return self.text("#complete-text")

    def requests(self):
        """Addresses asked for since the last call."""
        found = []
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            if message["method"] == "Network.requestWillBeSent":
                found.append(message["params"]["request"]["url"])
        return found

    def check(self):
        """Nothing was logged, nobody else was asked, and nothing hostile was obeyed."""
        logged = [entry for entry in self.driver.get_log("browser") if entry["level"] != "DEBUG"]
        assert logged == []
        own = (self.address + "/", "data:", "blob:" + self.address, "about:")
        assert [url for url in self.requests() if not url.startswith(own)] == []
        assert self.script("return window.violations") == []
        assert self.script("return document.querySelectorAll('img, iframe, object').length") == 0
        assert self.script("return document.querySelectorAll('script:not([src])').length") == 0
        # No node and no name holds a mark that would steer the text; fields show what they are
        # given, which is the reader's own.
        assert self.script("""
            const steering = new RegExp(arguments[0], "u");
            const found = [];
            const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
            while (walker.nextNode()) {
              if (steering.test(walker.currentNode.data)) found.push(walker.currentNode.data);
            }
            for (const node of document.querySelectorAll("[title], [aria-label]")) {
              for (const name of ["title", "aria-label"]) {
                if (steering.test(node.getAttribute(name) ?? "")) found.push(node.outerHTML);
              }
            }
            return found;
        """, STEERING) == []
        assert self.script("return localStorage.length + sessionStorage.length") == 0
        assert self.script("return document.cookie") == ""


@pytest.fixture
def page(browser, address):
    page = Page(browser, address)
    page.requests()
    browser.get_log("browser")
    yield page
    page.check()


# ---- Each panel


def test_a_text_is_drawn_in_colours_and_goes_on_from_an_alternative(page):
    page.open("complete")
    page.set("#prompt", "line 7: the")
    first = page.complete(max_tokens=24, temperature=1, seed=5)
    tokens = page.all("#complete-text .token")
    assert 0 < len(tokens) <= 24
    for token in tokens:
        assert re.search(r"\bp[0-5]\b", token.get_attribute("class"))
        assert re.search(r"\d %$", token.get_attribute("aria-label"))
    assert "tokens/s" in page.text("#complete-status")
    # The same seed, the same text; hostile parts are there, and are text.
    assert page.complete(max_tokens=24, temperature=1, seed=5) == first

    place = 3
    before = [token.text for token in page.all("#complete-text .token")[:place]]
    page.all("#complete-text .token")[place].click()
    choices = page.all("#alternatives-list button")
    assert len(choices) >= 10
    assert page.focused("#alternatives-list button")
    shares = [float(re.search(r"([\d.]+) %", choice.text)[1]) for choice in choices]
    assert shares == sorted(shares, reverse=True)
    other = next(choice for choice in choices
                 if choice.is_enabled() and "current" not in choice.get_attribute("class"))
    name = other.get_attribute("aria-label")
    other.click()
    page.until(lambda: page.is_idle("complete"))
    tokens = page.all("#complete-text .token")
    assert [token.text for token in tokens[:place]] == before
    assert "chosen" in tokens[place].get_attribute("class")
    assert tokens[place].get_attribute("aria-label").split("’,")[0] == name.split("’,")[0]
    page.one("#complete-back").click()
    assert page.text("#complete-text") == first
    page.one("#complete-more").click()
    page.until(lambda: page.is_idle("complete"))
    assert page.text("#complete-text").startswith(first)


def test_the_command_that_is_copied_gives_the_same_text(page):
    page.open("complete")
    page.set("#prompt", "line 8: it's")
    page.complete(max_tokens=12, temperature=1, seed=9)
    page.one("#complete-curl").click()
    command = page.until(lambda: page.text("#complete-curl-text"))
    assert "Authorization" not in command
    if "QUERN_PLAYGROUND" in os.environ:
        return
    answer = json.loads(subprocess.run(
        ["bash", "-c", command], capture_output=True, check=True, timeout=20).stdout)
    drawn = page.script("return completion.tokens.map((token) => token.text).join('')")
    assert answer["choices"][0]["text"] == drawn


def test_stopping_leaves_what_was_drawn(page):
    page.open("complete")
    page.set("#complete-max_tokens", 60)
    page.set("#prompt", "line 7:")
    page.script("""
        document.getElementById("complete-go").click();
        new MutationObserver((_, observer) => {
          document.getElementById("complete-stop").click();
          observer.disconnect();
        }).observe(document.getElementById("complete-text"), { childList: true });
    """)
    page.until(lambda: page.is_idle("complete"))
    assert page.text("#problem") == ""
    assert 0 < len(page.all("#complete-text .token")) <= 60


def test_the_server_says_in_its_own_words_what_is_wrong(page):
    page.open("complete")
    page.complete(temperature=-1)
    assert "temperature" in page.text("#problem")
    # What the browser notes of an answer that is an error.
    noted = page.driver.get_log("browser")
    assert all("400 (Bad Request)" in entry["message"] for entry in noted)
    page.one("#problem button").click()
    assert page.text("#problem") == ""


def test_a_conversation_is_had_changed_saved_and_loaded(page):
    page.open("chat")
    assert page.one("#chat-note").is_displayed()
    page.choose_model(1)
    assert not page.one("#chat-note").is_displayed()
    page.set("#chat-max_tokens", 30)
    page.set("#system", "Say it.")
    page.one("#message").send_keys("Say it 4.", Keys.ENTER)
    page.until(lambda: page.is_idle("chat") and len(page.all("#messages li")) == 2)
    said = page.text("#messages li.assistant .text")
    assert said
    page.one("#chat-retry").click()
    page.until(lambda: page.is_idle("chat") and len(page.all("#messages li")) == 2)
    assert page.text("#messages li.assistant .text") == said

    page.one("#messages li.user button").click()
    field = page.one("#messages textarea")
    field.clear()
    field.send_keys("Say it 5.")
    page.all("#messages li.user .row button")[1].click()
    page.until(lambda: page.is_idle("chat") and len(page.all("#messages li")) == 2)
    assert page.text("#messages li.user .text") == "Say it 5."

    page.one("#chat-save").click()
    file = page.driver.downloads / "conversation.jsonl"
    page.until(file.exists)
    [line] = file.read_text().splitlines()
    messages = json.loads(line)["messages"]
    assert [message["role"] for message in messages] == ["system", "user", "assistant"]
    assert [message["content"] for message in messages[:2]] == ["Say it.", "Say it 5."]
    shown = [element.text for element in page.all("#messages .text")]
    page.one("#chat-clear").click()
    assert page.all("#messages li") == []
    page.set("#system", "")
    page.one("#chat-file").send_keys(str(file))
    page.until(lambda: page.all("#messages li"))
    assert [element.text for element in page.all("#messages .text")] == shown
    assert page.script("return document.getElementById('system').value") == "Say it."
    file.write_text('{"messages": [{"role": "tool", "content": 1}]}')
    page.one("#chat-file").send_keys(str(file))
    page.until(lambda: "not loaded" in page.text("#problem"))
    file.unlink()


def test_a_model_that_was_not_tuned_is_refused_by_the_server(page):
    page.open("chat")
    page.one("#message").send_keys("Hello", Keys.ENTER)
    page.until(lambda: page.text("#problem"))
    assert "not tuned" in page.text("#problem")
    page.driver.get_log("browser")


def test_tokens_are_those_of_tokenizers_and_words_have_trees(page, world):
    page.open("tokens")
    text = "the mill turned " + HOSTILE + " é👩‍🌾"
    page.set("#tokens-text", text)
    peer = Tokenizer.from_file(str(world / "runs/small/checkpoints/latest/tokenizer.json"))
    ids = peer.encode(text, add_special_tokens=False).ids

    def shown():
        labels = page.script("""
            return [...document.querySelectorAll("#tokens-result article:first-child .token")]
              .map((token) => token.ariaLabel);
        """)
        return [int(re.search(r", id (\d+), ", label)[1]) for label in labels]

    if "QUERN_PLAYGROUND" not in os.environ:
        page.until(lambda: shown() == ids)
    page.until(lambda: len(page.all("#tokens-result article")) >= 2)
    ActionChains(page.driver).move_to_element(
        page.all("#tokens-result article:first-child .token")[1]).perform()
    page.until(lambda: page.all("#tokens-tree svg"))
    # The bytes at the bottom are those of the word.
    status = page.text("#tokens-detail")
    own = len(status.split(": ")[-1].split(" · ")[0].split())
    assert len(page.all("#tokens-tree .leaf")) >= own
    assert page.one("#tokens-tree svg").get_attribute("aria-label")
    page.set("#tokens-text", "")
    page.until(lambda: not page.all("#tokens-result .token"))


@pytest.mark.skipif("QUERN_PLAYGROUND" in os.environ, reason="the server given has its own folder")
def test_vocabularies_of_models_and_of_the_folder_stand_side_by_side(page, world):
    page.open("tokens")

    def boxes():
        return page.script("""
            return [...document.querySelectorAll("#vocabularies input")]
              .map((box) => [box.dataset.kind, box.value, box.checked]);
        """)

    # That of the run is the same as its model's, and is not there again.
    others = sorted(["broken", HOSTILE_NAME])
    page.until(lambda: boxes() == [
        ["models", "small", True], ["models", "small/chat", True],
        *(["vocabularies", name, False] for name in others)])
    text = "the mill turned " + HOSTILE
    page.set("#tokens-text", text)
    small, chat, *rest = page.all("#vocabularies input")
    chat.click()
    rest[others.index(HOSTILE_NAME)].click()
    peers = [Tokenizer.from_file(str(world / path / "tokenizer.json"))
             for path in ["runs/small/checkpoints/latest", f"vocab/{HOSTILE_NAME}"]]

    def shown():
        articles = page.script("""
            return [...document.querySelectorAll("#tokens-result article")].map((article) =>
              [...article.querySelectorAll(".token")].map((token) => token.ariaLabel));
        """)
        return [[int(re.search(r", id (\d+), ", label)[1]) for label in labels]
                for labels in articles]

    expected = [peer.encode(text, add_special_tokens=False).ids for peer in peers]
    assert expected[0] != expected[1]
    page.until(lambda: shown() == expected)
    assert page.text("#tokens-result article:last-child h2").endswith(" folder")
    ActionChains(page.driver).move_to_element(
        page.all("#tokens-result article:last-child .token")[0]).perform()
    page.until(lambda: page.all("#tokens-tree svg"))
    small.click()
    page.until(lambda: shown() == expected[1:])

    # A broken one says why, and what was chosen beside it comes back without it.
    broken = page.all("#vocabularies input")[2 + others.index("broken")]
    broken.click()
    page.until(lambda: "broken cannot be used" in page.text("#problem"))
    noted = page.driver.get_log("browser")
    assert all("400 (Bad Request)" in entry["message"] for entry in noted)
    broken.click()
    page.until(lambda: page.text("#problem") == "")
    # What was chosen is still chosen when the panel is seen again.
    page.one("#tab-window").click()
    page.one("#tab-tokens").click()
    page.until(lambda: shown() == expected[1:])
    assert [name for _, name, checked in boxes() if checked] == [HOSTILE_NAME]


def test_attention_shows_what_a_token_looks_at(page):
    page.open("attention")
    page.until(lambda: page.all("#heads button"))
    page.set("#attention-text", "the mill said " + HOSTILE)
    page.one("#attention-form button").click()
    page.until(lambda: "<img" in page.text("#attention-tokens"))
    tokens = page.all("#attention-tokens .token")
    ActionChains(page.driver).move_to_element(tokens[0]).perform()
    # The first token sees nothing but itself.
    page.until(lambda: "(1) looks at" in page.text("#attention-status"))
    assert page.text("#attention-status").endswith("(1) 100 %.")
    before = page.text("#head-title")
    page.all("#heads button")[-1].click()
    assert page.text("#head-title") != before
    checked = page.all("#heads [aria-checked=true]")
    assert len(checked) == 1 and checked[0] == page.all("#heads button")[-1]
    page.set("#attention-text", "word " * 200)
    page.one("#attention-form button").click()
    page.until(lambda: "at most" in page.text("#problem"))
    page.driver.get_log("browser")


def test_windows_slide_and_their_targets_are_shifted_by_one(page):
    page.open("window")
    page.until(lambda: page.all("#window-places tbody tr"))
    page.set("#window-length", 6)
    page.set("#window-stride", 2)
    page.until(lambda: len(page.all("#window-places tbody tr")) == 6)

    def cells(column):
        return page.script("""
            return [...document.querySelectorAll("#window-places tbody tr")]
              .map((row) => row.cells[arguments[0]].textContent);
        """, column)

    assert cells(2)[1:] == cells(4)[:-1]
    page.one("#window-tokens").send_keys(Keys.ARROW_RIGHT)
    assert page.text("#window-title").startswith("Window 2 of")
    assert len(page.all("#window-tokens .again")) == 4
    assert len(page.all("#window-tokens .in")) == 2
    assert len(page.all("#window-tokens .target")) == 1
    page.one("#window-ask").click()
    page.until(lambda: all("%" in text for text in cells(5)))
    page.one("#window-tokens").send_keys(Keys.END)
    assert not page.one("#window-next").is_enabled()
    page.set("#window-text", "no")
    page.until(lambda: page.text("#window-title") == "No window")


def test_curves_of_runs_are_followed_while_they_are_seen(page, world):
    page.open("runs")
    page.until(lambda: page.all("#charts figure"))
    names = page.script("return recorded.runs.map((run) => run.name)")
    for name in names[1:]:
        page.script("[...document.querySelectorAll('#run-list input')]"
                    ".find((box) => box.value === arguments[0]).click()", name)
        page.until(lambda: page.script(
            "return recorded.chosen.get(arguments[0])?.curves !== undefined", name))
    if "QUERN_PLAYGROUND" not in os.environ:
        assert sorted(names) == sorted(["small", "small/chat", HOSTILE_NAME])
        assert len(page.all("#charts figure:first-child .curve")) == 3
        log = world / "runs" / HOSTILE_NAME / "metrics.jsonl"
        last = json.loads(log.read_text().splitlines()[-1])["step"]
        with log.open("a") as file:
            file.write(json.dumps({"step": last + 1, "loss": 1.5, "learning_rate": 0.01,
                                   "tokens": 10**6, "seconds": 1}) + "\n")
        page.until(lambda: f"{last + 1} steps" in page.text("#run-list"))
    assert len(page.all("#charts figure")) == 4
    page.one("#charts svg").send_keys(Keys.END)
    assert page.text("#charts .readout").startswith("Step ")
    page.one("#tab-tokens").click()
    page.requests()
    time.sleep(2.5)
    assert not [url for url in page.requests() if "/playground/runs" in url]


# ---- The keyboard alone


def test_everything_is_reached_without_a_mouse(page):
    page.open("complete")
    page.tab_to("#tab-complete")
    for panel in PANELS[1:]:
        page.press(Keys.ARROW_RIGHT)
        assert page.focused(f"#tab-{panel}[aria-selected=true]")
        assert page.one(f"#{panel}").is_displayed()
    page.press(Keys.HOME)
    assert page.focused("#tab-complete")

    page.tab_to("#prompt")
    page.chord(Keys.CONTROL, "a")
    page.press("line 7: the")
    page.chord(Keys.CONTROL, Keys.ENTER)
    page.until(lambda: page.is_idle("complete") and page.all("#complete-text .token"))
    page.tab_to("#complete-text .token")
    page.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT, Keys.ENTER)
    assert page.focused("#alternatives-list button")
    page.press(Keys.ESCAPE)
    assert page.focused("#complete-text .token:nth-child(3)")
    page.press(Keys.ENTER, Keys.ARROW_DOWN)
    page.press(Keys.ENTER)
    page.until(lambda: page.is_idle("complete"))
    assert page.all("#complete-text .token.chosen")

    page.tab_to("#tab-complete", Keys.SHIFT + Keys.TAB)
    page.press(Keys.ARROW_RIGHT, Keys.ARROW_RIGHT)
    page.until(lambda: page.all("#tokens-result .token"))
    page.tab_to("#tokens-result .token")
    page.press(Keys.ARROW_RIGHT)
    page.until(lambda: page.all("#tokens-tree svg"))

    page.tab_to("#tab-tokens", Keys.SHIFT + Keys.TAB)
    page.press(Keys.ARROW_RIGHT)
    page.until(lambda: page.all("#heads button"))
    page.tab_to("#heads button")
    page.press(Keys.ARROW_DOWN, Keys.ARROW_RIGHT)
    page.until(lambda: page.text("#head-title") == "Layer 2, head 2")
    page.tab_to("#attention-tokens .token")
    page.press(Keys.HOME)
    assert "(1) looks at" in page.text("#attention-status")

    page.tab_to("#tab-attention", Keys.SHIFT + Keys.TAB)
    page.press(Keys.ARROW_RIGHT)
    page.until(lambda: page.all("#window-places tbody tr"))
    page.tab_to("#window-tokens")
    page.press(Keys.ARROW_RIGHT)
    assert page.text("#window-title").startswith("Window 2 of")
    page.tab_to("#window-places tr")
    page.press(Keys.ARROW_DOWN)
    assert len(page.all("#window-tokens .place")) == 1

    page.tab_to("#tab-window", Keys.SHIFT + Keys.TAB)
    page.press(Keys.ARROW_RIGHT)
    page.until(lambda: page.all("#charts svg"))
    page.tab_to("#run-list input")
    page.press(Keys.SPACE)
    page.until(lambda: not page.all("#charts svg"))
    page.press(Keys.SPACE)
    page.until(lambda: page.all("#charts svg"))
    page.tab_to("#charts svg")
    page.press(Keys.ARROW_LEFT)
    assert page.text("#charts .readout").startswith("Step ")


def fill(page, panel):
    """Brings a panel to where there is something to see."""
    if panel == "complete":
        page.complete(max_tokens=40, seed=1)
    elif panel == "chat":
        page.choose_model(1)
        page.one("#message").send_keys("Say it 3.", Keys.ENTER)
        page.until(lambda: page.is_idle("chat") and len(page.all("#messages li")) == 2)
    else:
        waits = {"tokens": "#tokens-result .token", "attention": "#heads button",
                 "window": "#window-places tbody tr", "runs": "#charts figure"}
        page.until(lambda: page.all(waits[panel]))
    if panel == "tokens":
        page.script("document.querySelector('#tokens-result .token').focus()")
    if panel == "window":
        page.one("#window-ask").click()


# ---- Layout, names and contrast

# Boxes of what can be used and is seen: whether two meet, and whether one leaves the screen.
BOXES = """
const shown = [...document.querySelectorAll("button, input, select, textarea, .button, summary")]
  .filter((node) => node.checkVisibility({ visibilityProperty: true })
    && !node.closest(".hidden, .scroll, .charts, .sheet") && !node.matches(".hidden"));
const boxes = shown.map((node) => [node, node.getBoundingClientRect()])
  .filter(([, box]) => box.width > 0);
const name = (node) => node.id || node.outerHTML.slice(0, 80);
const faults = [];
boxes.forEach(([a, p], index) => {
  if (p.left < -0.5 || p.right > innerWidth + 0.5) faults.push(`${name(a)} leaves the screen`);
  if (p.height < 17 || p.width < 17) faults.push(`${name(a)} is too small`);
  for (const [b, q] of boxes.slice(index + 1)) {
    if (a.contains(b) || b.contains(a)) continue;
    const apart = p.right <= q.left + 0.5 || q.right <= p.left + 0.5 || p.bottom <= q.top + 0.5
      || q.bottom <= p.top + 0.5;
    if (!apart) faults.push(`${name(a)} meets ${name(b)}`);
  }
});
if (document.documentElement.scrollWidth > innerWidth) faults.push("the page scrolls sideways");
return faults;
"""

# Texts whose contrast with what lies behind them is below that of WCAG's level AA.
CONTRAST = """
const parse = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
const canvas = (node) => {
  const layers = [];
  for (let at = node; at; at = at.parentElement) {
    const [r, g, b, a = 1] = parse(getComputedStyle(at).backgroundColor);
    if (a > 0) layers.push([r, g, b, a]);
    if (a === 1) break;
  }
  return layers.reverse().reduce((under, [r, g, b, a]) =>
    [r, g, b].map((value, index) => value * a + under[index] * (1 - a)), [255, 255, 255]);
};
const light = ([r, g, b]) => {
  const [x, y, z] = [r, g, b].map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * x + 0.7152 * y + 0.0722 * z;
};
const faults = new Set();
const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
while (walker.nextNode()) {
  const node = walker.currentNode.parentElement;
  if (!walker.currentNode.data.trim() || !node.checkVisibility()) continue;
  if (node.closest(".hidden, .skip, :disabled, svg")) continue;
  const [a, b] = [light(parse(getComputedStyle(node).color)), light(canvas(node))];
  const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
  if (ratio < 4.5) faults.add(`${ratio.toFixed(2)}: ${node.outerHTML.slice(0, 100)}`);
}
return [...faults];
"""


@pytest.mark.parametrize("panel", PANELS)
def test_a_panel_fits_every_screen_and_can_be_read(page, panel):
    page.open(panel, 390, 800, "dark")
    fill(page, panel)
    for width, scheme in [(390, "dark"), (600, "dark"), (1280, "light"), (1920, "light")]:
        page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {
            "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False})
        page.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {
            "features": [{"name": "prefers-color-scheme", "value": scheme}]})
        time.sleep(0.15)
        for details in page.all("details:not([open]) > summary"):
            if details.is_displayed():
                page.script("arguments[0].parentElement.open = true", details)
        assert page.script(BOXES) == [], (width, scheme)
        assert page.script(CONTRAST) == [], (width, scheme)
        side, wide = page.script("""
            const parts = document.getElementById(arguments[0]).children;
            return [parts[0], parts[1]].map((part) => part.getBoundingClientRect().toJSON());
        """, panel)
        if width <= 600 or panel == "tokens":
            assert side["bottom"] <= wide["top"] and abs(side["left"] - wide["left"]) < 1
        else:
            assert side["right"] < wide["left"] and abs(side["top"] - wide["top"]) < 1
            assert wide["width"] > side["width"]
    nameless = []
    for node in page.driver.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]:
        role = node.get("role", {}).get("value")
        if node.get("ignored") or role not in (
                "button", "textbox", "combobox", "checkbox", "slider", "tab", "spinbutton", "radio",
                "tabpanel", "dialog", "image"):
            continue
        if not node.get("name", {}).get("value", "").strip():
            nameless.append(node)
    assert nameless == []


@pytest.mark.skipif("QUERN_PLAYGROUND" in os.environ, reason="the server given has no key")
def test_a_key_is_asked_for_and_stays_in_the_page(browser, world):
    keys = world / "keys"
    keys.write_text("a-key-of-the-test\n")
    with Server(["--model", "runs/small", "--api-key-file", str(keys)], cwd=world) as server:
        page = Page(browser, server.address)
        browser.get(server.address)
        page.until(lambda: page.text("#problem"))
        assert "key" in page.text("#problem").lower()
        page.one("#key").send_keys("a-key-of-the-test", Keys.TAB)
        page.until(lambda: page.all("#model option"))
        assert page.text("#problem") == ""
        assert page.complete(max_tokens=3)
        page.one("#complete-curl").click()
        page.until(lambda: "QUERN_API_KEY" in page.text("#complete-curl-text"))
        assert "a-key-of-the-test" not in page.script("return document.documentElement.outerHTML")
        assert "a-key-of-the-test" not in browser.current_url
        assert page.script("return localStorage.length + sessionStorage.length") == 0
        browser.refresh()
        page.until(lambda: page.text("#problem"))
        assert page.script("return document.getElementById('key').value") == ""
        browser.get_log("browser")
