"""The rules of quality beside datatrove's filters, and the words that both count by."""

import json
import os
import pathlib
import random
import subprocess

import pytest
from datatrove.data import Document
from datatrove.pipeline.filters.c4_filters import C4QualityFilter
from datatrove.pipeline.filters.fineweb_quality_filter import FineWebQualityFilter
from datatrove.pipeline.filters.gopher_quality_filter import GopherQualityFilter
from datatrove.pipeline.filters.gopher_repetition_filter import GopherRepetitionFilter
from datatrove.utils.text import split_into_words

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Datatrove's reasons, and our rules.
NAMES = {
    "gopher_short_doc": "gopher-min-words", "gopher_long_doc": "gopher-max-words",
    "gopher_below_avg_threshold": "gopher-min-word-length",
    "gopher_above_avg_threshold": "gopher-max-word-length",
    "gopher_too_many_hashes": "gopher-hashes", "gopher_too_many_ellipsis": "gopher-ellipses",
    "gopher_too_many_bullets": "gopher-bullet-lines",
    "gopher_too_many_end_ellipsis": "gopher-ellipsis-lines",
    "gopher_below_alpha_threshold": "gopher-alphabetic-words",
    "gopher_enough_stop_words": "gopher-stop-words",
    "dup_para_frac": "gopher-repeated-paragraphs",
    "dup_para_char_frac": "gopher-repeated-paragraph-chars",
    "dup_line_frac": "gopher-repeated-lines",
    "dup_line_char_frac": "gopher-repeated-line-chars",
    "lorem_ipsum": "c4-lorem-ipsum", "curly_bracket": "c4-curly-bracket",
    "too_few_sentences": "c4-sentences", "line_punct_ratio": "fineweb-line-punctuation",
    "short_line_ratio": "fineweb-short-lines", "char_dup_ratio": "fineweb-repeated-line-chars",
    "list_ratio": "fineweb-new-lines",
    **{f"top_{n}_gram": f"gopher-top-{n}-gram" for n in range(2, 5)},
    **{f"duplicated_{n}_n_grams": f"gopher-repeated-{n}-grams" for n in range(5, 11)}}

WORDS = (
    "the of and to in is that it for on are with they be at one have this from had by some what "
    "there we can out other were all your when use word how said each she which do their time will "
    "about many then them write would like so these her long make thing see him two has look more "
    "day could go come did my sound no most number who over know water than call first people may "
    "down side been now find any new work part take get place made live where after back little "
    "only round man year came show every good").split()
ODD = (
    "don't I'm it's we'll Mr. Dr. U.S. e.g. i.e., 10am 3pm 5km 20kg. $5.00 US$30 50% 1,000 3.14 "
    "state-of-the-art and/or http://example.com/a-b www.foo-bar.com foo@bar.com “quoted” (paren) "
    "[edit] [1] café naïve — – ... … word... end.Start well-known C++ #tag @user :) x:) :-( a.m. "
    "can't cannot gonna shouldn't've y'all I'd've 1-2 2–3 10:30 a/b <b> x=y ‘tis rock'n'roll "
    "dogs' 'cause 25°C. 30° №1 ©2020 日本語 中文字符 привет мир. 5км 🙂 ½ 90s A. B.B. NASA. i. -- "
    "a--b word—word ~ _x_ *bold* {x} | \\ \"hi\" '' end.\" end.) (a.m.) x/a. ...and .. !? ¿Qué? €5 "
    "5€ 100m 12:30pm v1.2.3 file.txt vs. John’s they’re Ill ill its wed id <3 >.< xD 8) $ +5 5+ "
    "C$5 5US$ §5 5%. x².").split()
LINES = [
    "Home", "Contact us", "Privacy Policy", "Read more...", "• item one", "- bullet point",
    "Copyright 2020", "Terms of Use", "This site uses cookies.", "Enable Javascript to view.",
    "Lorem ipsum dolor sit amet.", "function f() { return 1; }", "Continue reading…", "* * *",
    "", "   "]
ALPHABET = (
    "aAbBeEzZ059 \n\t.,;:!?'\"()[]{}<>-–—_/\\@#$%&*+=~^|`…“”‘’«»·°²€£éÉßжЖהع日本。、，！？🙂№ "
    "\u00a0\u2028\x85\u3000")


def sentence(draw):
    words = [
        draw.choice(WORDS if draw.random() < 0.9 else ODD) for _ in range(draw.randint(1, 25))]
    ends = [*"....!?", "...", "", ',"', '."', ":"]
    return " ".join(words).capitalize() + draw.choice(ends)


def paragraph(draw):
    return draw.choice([" ", " ", "  "]).join(sentence(draw) for _ in range(draw.randint(1, 8)))


def page(draw):
    """A text as it is cut out of a page of the web."""
    parts, share = [], draw.choice([0.05, 0.2, 0.2, 0.6])
    for _ in range(draw.randint(1, 30)):
        if draw.random() < share:
            parts.append(draw.choice(LINES))
        elif draw.random() < 0.93 or not parts:
            parts.append(paragraph(draw))
        else:
            parts.append(draw.choice(parts))
    if draw.random() < 0.15:
        parts += [paragraph(draw)] * draw.randint(2, 6)
    if draw.random() < 0.1:
        phrase = " ".join(draw.choice(WORDS) for _ in range(draw.randint(2, 12)))
        parts.append((phrase + " ") * draw.randint(3, 30))
    return draw.choice(["\n", "\n", "\n\n", "\r\n"]).join(parts)


def noise(draw):
    return "".join(draw.choice(ALPHABET) for _ in range(draw.choice([1, 5, 20, 100, 400])))


def glued(draw):
    parts = ODD + WORDS[:30] + list(".,!?()'\"-")
    return " ".join(
        "".join(draw.choice(parts) for _ in range(draw.randint(1, 4)))
        for _ in range(draw.randint(1, 80)))


@pytest.fixture(scope="module")
def texts():
    draw = random.Random(7)
    made = [[page, page, page, noise, glued][place % 5](draw) for place in range(1_000)]
    return [text for text in made if text.strip()]


@pytest.fixture(scope="module")
def probe():
    program = pathlib.Path(os.environ.get("QUERN_PROBE", ROOT / ".build/release/ConformanceProbe"))

    def run(texts, *command):
        lines = "".join(json.dumps(text) + "\n" for text in texts)
        result = subprocess.run(
            [program.resolve(), *command], input=lines, capture_output=True, text=True,
            timeout=600, check=False)
        assert result.returncode == 0, result.stderr
        return [json.loads(line) for line in result.stdout.split("\n") if line]

    return run


def test_words_are_those_of_spacy(probe, texts):
    """All but a few in a million, at faces and addresses that nothing separates from others."""
    count, other = 0, []
    for text, ours in zip(texts, probe(texts, "english-words"), strict=True):
        theirs = split_into_words(text)
        count += len(theirs)
        if ours != theirs:
            other.append([word for word in set(ours) ^ set(theirs)])
    assert count > 100_000
    assert len(other) <= len(texts) // 200, other


NO_LINES = {"line_punct_thr": -1, "short_line_thr": 2, "char_duplicates_ratio": 2}


@pytest.mark.parametrize("rules, filters", [
    ("gopher-quality", [GopherQualityFilter()]),
    (
        "gopher-quality,gopher-min-words=5,gopher-max-word-length=5,gopher-hashes=0.01,"
        "gopher-ellipses=0.01",
        [GopherQualityFilter(min_doc_words=5, max_avg_word_length=5, max_symbol_word_ratio=0.01)]),
    (
        "gopher-quality,gopher-min-words=2,gopher-alphabetic-words=0.85,gopher-bullet-lines=0.1,"
        "gopher-ellipsis-lines=0.05",
        [GopherQualityFilter(
            min_doc_words=2, max_non_alpha_words_ratio=0.85, max_bullet_lines_ratio=0.1,
            max_ellipsis_lines_ratio=0.05)]),
    ("gopher-repetition", [GopherRepetitionFilter()]),
    (
        "gopher-top-2-gram=0.03,gopher-top-3-gram=0.02,gopher-top-4-gram=0.015,"
        "gopher-repeated-5-grams=0.02,gopher-repeated-7-grams=0.02,gopher-repeated-10-grams=0.01",
        [GopherRepetitionFilter(
            None, None, None, None, ((2, 0.03), (3, 0.02), (4, 0.015)),
            ((5, 0.02), (7, 0.02), (10, 0.01)))]),
    (
        "gopher-repeated-8-grams=0.02,gopher-repeated-9-grams=0.01",
        [GopherRepetitionFilter(None, None, None, None, (), ((8, 0.02), (9, 0.01)))]),
    ("c4", [C4QualityFilter()]),
    (
        "c4,c4-terminal-punctuation=off,c4-sentences=2",
        [C4QualityFilter(filter_no_terminal_punct=False, min_num_sentences=2)]),
    (
        "c4,c4-lorem-ipsum=off,c4-curly-bracket=off,c4-long-words=9",
        [C4QualityFilter(
            filter_lorem_ipsum=False, filter_curly_bracket=False, max_word_length=9)]),
    ("fineweb", [FineWebQualityFilter()]),
    (
        "fineweb,fineweb-line-punctuation=off,fineweb-short-lines=0.9",
        [FineWebQualityFilter(line_punct_thr=-1, short_line_thr=0.9)]),
    ("fineweb-new-lines=0.05", [FineWebQualityFilter(**NO_LINES, new_line_ratio=0.05)]),
    (
        "gopher-repetition,gopher-quality,c4,c4-terminal-punctuation=off,fineweb",
        [GopherRepetitionFilter(), GopherQualityFilter(),
         C4QualityFilter(filter_no_terminal_punct=False), FineWebQualityFilter()]),
    (
        "c4,gopher-quality,gopher-repetition",
        [C4QualityFilter(), GopherQualityFilter(), GopherRepetitionFilter()]),
])
def test_decisions_and_texts_are_those_of_datatrove(probe, texts, rules, filters):
    other, reasons = [], set()
    for text, ours in zip(texts, probe(texts, "quality", rules), strict=True):
        document, reason = Document(text=text, id=""), None
        for one in filters:
            result = one.filter(document)
            if result is not True:
                reason = NAMES[result[1]]
                break
        reasons.add(reason)
        theirs = {"rule": reason} if reason else {"text": document.text}
        if ours != theirs:
            other.append((text[:200], reason, ours.get("rule")))
    assert len(reasons) > 1 and None in reasons
    # Where a text stands within a character of a limit, a face cut otherwise can decide.
    assert len(other) <= 1, other


def test_contaminated_documents_are_those_of_the_harness(quern, tmp_path):
    """The runs of 13 words are those of lm_eval's decontamination, for ASCII texts."""
    from lm_eval.decontamination.janitor import Janitor, word_ngrams

    draw, janitor = random.Random(11), Janitor()

    def runs(text):
        return set(word_ngrams(janitor.normalize_string(text), 13))

    def words(count):
        return [draw.choice(["the", "Old", "man,", "and", "(his)", "dog.", "-", "it's", "42"])
                for _ in range(count)]

    tasks = [" ".join(words(draw.randint(5, 40))) for _ in range(30)]
    (tmp_path / "tasks.jsonl").write_text(
        "".join(json.dumps({"id": n, "question": task}) + "\n" for n, task in enumerate(tasks)))
    known = set().union(*map(runs, tasks))
    texts = []
    for _ in range(400):
        part = draw.choice(tasks).split(" ")
        start = draw.randint(0, len(part))
        part = part[start:start + draw.randint(5, 20)]
        change = draw.choice([str.upper, str.lower, lambda word: word.strip(",.()") + "!"])
        texts.append(" ".join(words(10) + [change(word) for word in part] + words(10)))
    texts = list(dict.fromkeys(texts))
    (tmp_path / "corpus.jsonl").write_text(
        "".join(json.dumps({"text": text}) + "\n" for text in texts))
    quern(
        "corpus", "refine", tmp_path / "corpus.jsonl", "--output", tmp_path / "clean",
        "--decontaminate", tmp_path / "tasks.jsonl", "--list-removed", tmp_path / "removed.jsonl",
        "--quiet")
    expected = [n + 1 for n, text in enumerate(texts) if runs(text) & known]
    removed = [json.loads(line) for line in (tmp_path / "removed.jsonl").read_text().splitlines()]
    assert [line["source"]["line"] for line in removed] == expected
    assert {line["rule"] for line in removed} == {"decontaminate"}
    assert 20 < len(expected) < len(texts) - 20
    report = json.loads((tmp_path / "clean/report.json").read_text())
    assert report["evaluations"][0]["runs"] == len(known)
    assert report["evaluations"][0]["documents"] == len(expected)
