"""Makes the corpora of a newcomer: a folder of notes, a file of JSON lines, and one large text."""

import gzip
import json
import pathlib
import random

SUBJECTS = "the miller|the baker|a carter|her brother|the mare|the weir|our neighbour".split("|")
VERBS = "turns|mends|carries|weighs|sells|counts|forgets|finds".split("|")
OBJECTS = "the stone|a sack of rye|the sluice|nine loaves|the ledger|a belt|the wheel".split("|")
TIMES = "at dawn|before noon|in the rain|every other day|by candlelight|after the flood".split("|")
SPICES = "quietly|twice|with care|for a shilling|against advice|as always".split("|")


def sentence(chance):
    words = [chance.choice(SUBJECTS), chance.choice(VERBS), chance.choice(OBJECTS)]
    words += [chance.choice(TIMES)] if chance.random() < 0.6 else []
    words += [chance.choice(SPICES)] if chance.random() < 0.3 else []
    text = " ".join(words)
    return text[0].upper() + text[1:] + "."


def paragraph(chance):
    return " ".join(sentence(chance) for _ in range(chance.randint(3, 8)))


def notes(folder, chance, count=60):
    """A folder as people have them: Markdown, some other texts, an image, a repository's store."""
    (folder / "deep/deeper").mkdir(parents=True)
    (folder / ".git").mkdir()
    (folder / ".git/index").write_bytes(bytes(range(256)))
    for number in range(count):
        place = folder if number % 3 else folder / "deep/deeper"
        body = "\n\n".join(paragraph(chance) for _ in range(chance.randint(3, 9)))
        (place / f"note-{number:03}.md").write_text(f"# Day {number}\n\n{body}\n")
    (folder / "README").write_text(paragraph(chance) + "\n")
    (folder / "words.rst").write_text("Words\n=====\n\n" + paragraph(chance) + "\n")
    (folder / "page.html").write_text("<p>" + paragraph(chance) + "</p>\n")
    (folder / "tally.py").write_text("def tally(sacks):\n    return sum(sacks)\n")
    (folder / "mill.png").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200))


def posts(path, chance, count=600):
    """Gzipped JSON lines whose text is in a field that is not called text."""
    with gzip.open(path, "wt") as file:
        for number in range(count):
            body = "\n".join(paragraph(chance) for _ in range(chance.randint(1, 3)))
            file.write(json.dumps({"id": number, "title": sentence(chance), "body": body}) + "\n")


def book(path, chance, chapters=40):
    """One large text file: paragraphs with a blank line between, and nothing else that divides."""
    parts = []
    for number in range(chapters):
        parts += [f"Chapter {number + 1}"] + [paragraph(chance) for _ in range(24)]
    path.write_text("\n\n".join(parts) + "\n")


def make(folder):
    """All of them in `folder`, the same every time."""
    folder = pathlib.Path(folder)
    chance = random.Random(20)
    notes(folder / "notes", chance)
    posts(folder / "posts.jsonl.gz", chance)
    book(folder / "book.txt", chance)
