"""Published chat templates on random conversations: the text of transformers, character by
character."""

import contextlib
import datetime
import json
import os
import pathlib
import random
import re
import subprocess

import jinja2
import pytest
from transformers import AutoTokenizer
from transformers.utils import chat_template_utils as peer

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROBE = pathlib.Path(os.environ.get("QUERN_PROBE",
                                    ROOT / ".build/release/ConformanceProbe")).resolve()
FOLDER = ROOT / ".cache/templates"
CONVERSATIONS = 500
# What only a list that is made step by step does not have in Python, and has here.
KNOWN = "Object of type generator is not JSON serializable"
TOKENS = {"bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}
# What one template or another cannot do without.
OTHERS = {"datetime": "2026-11-30", "functions": "[]"}
WORDS = [
    "hello", "wörld", "  two  ", "\n", "a'b", 'say "x"', "<think>", "</think>", "語", "None",
    "```py\nx = {1: 2}\n```", "<|im_end|>", "[INST]", "\t", "tail ", " head", "{{ x }}", "<s>",
    "e\u0301", "🚀", "\\n", "_____",
]


class Day(datetime.datetime):
    """A clock that stands still."""

    @classmethod
    def now(cls, tz=None):
        return cls(2026, 11, 30, tzinfo=tz)


class Maker:
    """Conversations of chance: the plain ones of most programs, and those with everything."""

    def __init__(self, seed):
        self.random = random.Random(seed)

    def chance(self, probability):
        return self.random.random() < probability

    def one(self, *options):
        return self.random.choice(options)

    def text(self):
        count = self.one(0, 1, 1, 2, 3, 5)
        if count == 0:
            return self.one("", "x")
        return self.one("", " ").join(self.one(*WORDS) for _ in range(count))

    def value(self, depth=0):
        kind = self.random.randrange(7 if depth < 2 else 5)
        if kind == 0:
            return self.one(True, False, None)
        if kind == 1:
            return self.one(0, -3, 12, 10**12)
        if kind == 2:
            return self.one(0.5, 1e-7, 3.0, 1e20)
        if kind < 5:
            return self.text()
        count = self.random.randrange(3)
        if kind == 5:
            return [self.value(depth + 1) for _ in range(count)]
        return {self.one("a", "b", "city"): self.value(depth + 1) for _ in range(count)}

    def tool(self):
        properties = {}
        for name in self.random.sample(["a", "b", "c"], self.random.randrange(1, 4)):
            properties[name] = {
                "type": self.one("string", "integer", "number", "boolean", "array"),
                "description": self.text()}
            if self.chance(0.3):
                properties[name]["enum"] = ["a", "b"]
            if self.chance(0.3):
                properties[name]["items"] = {"type": "string"}
        function = {
            "name": self.one("get_weather", "add", "find"), "description": "Does " + self.text(),
            "parameters": {"type": "object", "properties": properties, "required": ["a"]}}
        return {"type": "function", "function": function}

    def calls(self):
        return [
            {"id": "abcdefghi", "type": "function", "function": {
                "name": self.one("add", "find"), "arguments": self.one(
                    {"a": self.value(), "b": self.value()}, {"city": "Paris"}, {})}}
            for _ in range(self.one(1, 1, 2))]

    def answer(self, kind):
        message = {"role": "assistant", "content": self.text()}
        if kind == "parts":
            message["content"] = [{"type": "text", "text": message["content"]}]
        if kind == "reason" and self.chance(0.7):
            message["reasoning_content"] = self.text()
        if kind != "tools" or self.chance(0.4):
            return [message]
        calls = message["tool_calls"] = self.calls()
        if self.chance(0.5):
            message["content"] = self.one(None, "")
        results = [
            {"role": "tool", "tool_call_id": call["id"], "name": call["function"]["name"],
             "content": self.text()} for call in calls]
        last = [{"role": "assistant", "content": self.text()}] if self.chance(0.7) else []
        return [message, *results, *last]

    def variables(self):
        kind = self.one("plain", "plain", "system", "tools", "parts", "reason", "odd")
        messages = []
        if kind != "plain" and self.chance(0.7):
            messages.append({"role": "system", "content": self.text() or "s"})
        if self.chance(0.05):
            messages.append({"role": "developer", "content": self.text()})
        for turn in range(self.random.randrange(1, 4)):
            text = self.text()
            content = [{"type": "text", "text": text}] if kind == "parts" else text
            messages.append({"role": "user", "content": content})
            if turn or self.chance(0.8):
                messages += self.answer(kind)
        if kind == "odd":
            self.random.shuffle(messages)
        variables = {
            "messages": messages, "add_generation_prompt": self.chance(0.5), "documents": None,
            "tools": None, **TOKENS, **OTHERS}
        if kind == "tools" or self.chance(0.1):
            variables["tools"] = [self.tool() for _ in range(self.random.randrange(1, 3))]
        if self.chance(0.15):
            variables["enable_thinking"] = self.chance(0.5)
        return variables


@pytest.fixture(autouse=True)
def still_clock(monkeypatch):
    """Templates that write today's date write the probe's."""
    monkeypatch.setattr(peer, "datetime", Day)


def paths():
    return sorted(FOLDER.glob("*/*.jinja")) or [None]


@pytest.mark.parametrize("path", paths(), ids=str)
def test_texts(path):
    """Where transformers renders, so do we, and to the same text; where a template refuses a
    conversation, both do."""
    if path is None:
        pytest.fail(f"{FOLDER} is not there: run `make conformance`")
    source = path.read_text()
    lines, theirs = [], []
    for seed in range(CONVERSATIONS):
        variables = Maker(seed).variables()
        asked = {key: value for key, value in variables.items() if key != "messages"}
        text = fault = None
        try:
            text = peer.render_jinja_template(
                [variables["messages"]], chat_template=source, **asked)[0][0]
        except Exception as error:  # pylint: disable=broad-except
            fault = str(error)
        theirs.append((text, fault))
        # What transformers itself does before a template sees the messages.
        with contextlib.suppress(AttributeError):
            variables["messages"] = peer._alias_reasoning_fields(variables["messages"])
        lines.append(json.dumps({"template": source, "variables": variables}))
    result = subprocess.run(
        [PROBE, "render"], input="\n".join(lines) + "\n", capture_output=True, text=True,
        timeout=600, check=False)
    assert result.returncode == 0, result.stderr
    rendered = 0
    for seed, (line, (text, fault)) in enumerate(
            zip(result.stdout.splitlines(), theirs, strict=True)):
        ours = json.loads(line)
        if fault is not None:
            assert ours.get("text") is None or KNOWN in fault, (seed, fault, ours)
            continue
        assert ours.get("text") == text, (seed, ours.get("error"))
        rendered += 1
    assert rendered >= CONVERSATIONS / 50


def test_generation():
    """The characters of generation blocks are those that transformers counts."""
    checked = 0
    for path in paths():
        source = path.read_text() if path else ""
        if "generation %}" not in source:
            continue
        for seed in range(40):
            variables = Maker(seed).variables()
            asked = {key: value for key, value in variables.items() if key != "messages"}
            try:
                [text], [ranges] = peer.render_jinja_template(
                    [variables["messages"]], chat_template=source,
                    return_assistant_tokens_mask=True, **asked)
            except Exception:  # pylint: disable=broad-except
                continue
            variables["messages"] = peer._alias_reasoning_fields(variables["messages"])
            line = json.dumps({"template": source, "variables": variables}) + "\n"
            result = subprocess.run(
                [PROBE, "render"], input=line, capture_output=True, text=True, check=True,
                timeout=60)
            ours = json.loads(result.stdout)
            assert ours["text"] == text
            marks = [False] * len(text)
            for start, end in ranges:
                marks[start:end] = [True] * (end - start)
            found = [False] * len(text)
            for start, end in ours["generated"]:
                found[start:end] = [True] * (end - start)
            assert found == marks, (path.name, seed)
            checked += any(marks)
    assert checked >= 200


# Tokens that templates write, which a vocabulary needs to have.
CONTROLS = re.compile(
    r"<\|[\w/-]+\|>|<\uff5c[^<>\uff5c]+\uff5c>|<(?:start|end)_of_turn>|\[/?[A-Z_]{3,}\]")


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    """The repository's vocabulary with the control tokens of all templates."""
    folder = tmp_path_factory.mktemp("templates") / "vocabulary"
    found = {"<s>", "</s>"}
    for path in paths():
        found |= set(CONTROLS.findall(path.read_text() if path else ""))
    tokenizer = AutoTokenizer.from_pretrained(ROOT / "vocab/kjv")
    tokenizer.add_special_tokens({"additional_special_tokens": sorted(found)})
    tokenizer.bos_token, tokenizer.eos_token = "<s>", "</s>"
    tokenizer.save_pretrained(folder)
    return tokenizer, folder


def test_ids(tokenizer, monkeypatch):
    """The ids of plain conversations are those of apply_chat_template, and what is learned where a
    template marks it is what transformers marks."""
    tokenizer, folder = tokenizer
    monkeypatch.setattr(peer, "datetime", Day)
    plain = [word for word in WORDS if not CONTROLS.search(word) and "<s>" not in word]
    checked = marked = 0
    for path in paths():
        conversations = []
        for seed in range(30):
            maker = Maker(seed)
            roles = ["user", "assistant"] * maker.one(1, 2)
            if maker.chance(0.3):
                roles.insert(0, "system")
            conversations.append([
                {"role": role, "content": "a" + maker.one("", " ").join(
                    maker.one(*plain) for _ in range(maker.one(0, 2, 5))) + "."}
                for role in roles])
        lines = "".join(
            json.dumps({"messages": messages, "begins_answer": False}) + "\n"
            for messages in conversations)
        result = subprocess.run(
            [PROBE, "learn", folder, path, "<s>", "</s>"], input=lines, capture_output=True,
            text=True, timeout=600, check=False)
        assert result.returncode == 0, (path, result.stderr)
        source = path.read_text()
        for messages, line in zip(conversations, result.stdout.splitlines(), strict=True):
            ours = json.loads(line)
            if not ours["ids"]:
                continue
            theirs = {"input_ids": None}
            # Some templates go through parts, and take a text for a list of letters.
            for given in [messages, [
                    {**one, "content": [{"type": "text", "text": one["content"]}]}
                    for one in messages]]:
                if theirs["input_ids"] != ours["ids"]:
                    with contextlib.suppress(jinja2.TemplateError, TypeError):
                        theirs = tokenizer.apply_chat_template(
                            given, chat_template=source, tokenize=True, return_dict=True,
                            return_assistant_tokens_mask="generation %}" in source, **OTHERS)
            assert ours["ids"] == theirs["input_ids"], (path, messages)
            checked += 1
            if "generation %}" in source:
                # transformers gives a token of both sides of a bound to the answer.
                extra = [ours and not theirs for ours, theirs in zip(
                    ours["answers"], theirs["assistant_masks"], strict=True)]
                assert not any(extra), (path, messages)
                marked += sum(ours["answers"])
    assert checked > 2000 and marked > 2000
