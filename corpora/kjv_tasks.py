"""Makes tasks about the King James Bible, whose questions are of chapters that are held out:
standard input is the text as prepare-kjv.sh prints it, standard output JSON lines of
{"task", "context", "choices", "answer"}.

The chapters are those that the pipeline's default of corpus.validation_fraction holds out, found
by the same hash, so no model of the default run has seen them. The same text gives the same bytes:
what is drawn is drawn by a checksum of the text it is about.

- kjv-cloze: which word ends the verse? The others are words that end other verses.
- kjv-book: of which book is the verse? The title of a chapter stands above its verses.
- kjv-next: which verse follows these? The others are from other held-out chapters.
"""

import json
import re
import sys
import zlib

SEPARATOR = "\n\n\n"
VALIDATION_FRACTION = 0.05
TITLE = re.compile(r"([1-3A-Z][A-Za-z0-9 ]*) ([0-9]+)$")
VERSE = re.compile(r" +([0-9]+) (.+)$")
MASK = (1 << 64) - 1
PRIMES = (
    0x9E3779B185EBCA87, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9, 0x85EBCA77C2B2AE63,
    0x27D4EB2F165667C5)
CHOICES = 4
# One verse in so many becomes a question of each task.
ONE_IN = {"kjv-cloze": 5, "kjv-book": 8, "kjv-next": 12}


def rotate(word, count):
    return (word << count | word >> (64 - count)) & MASK


def turn(sum_, lane):
    return rotate((sum_ + lane * PRIMES[1]) & MASK, 31) * PRIMES[0] & MASK


def xxh64(data):
    """XXH64 with seed 0, as its specification has it."""
    place, length = 0, len(data)
    if length >= 32:
        lanes = [(PRIMES[0] + PRIMES[1]) & MASK, PRIMES[1], 0, -PRIMES[0] & MASK]
        while length - place >= 32:
            for index in range(4):
                word = int.from_bytes(data[place:place + 8], "little")
                lanes[index] = turn(lanes[index], word)
                place += 8
        result = sum(map(rotate, lanes, (1, 7, 12, 18))) & MASK
        for lane in lanes:
            result = ((result ^ turn(0, lane)) * PRIMES[0] + PRIMES[3]) & MASK
    else:
        result = PRIMES[4]
    result = (result + length) & MASK
    while length - place >= 8:
        result ^= turn(0, int.from_bytes(data[place:place + 8], "little"))
        result = (rotate(result, 27) * PRIMES[0] + PRIMES[3]) & MASK
        place += 8
    if length - place >= 4:
        result ^= int.from_bytes(data[place:place + 4], "little") * PRIMES[0] & MASK
        result = (rotate(result, 23) * PRIMES[1] + PRIMES[2]) & MASK
        place += 4
    for byte in data[place:]:
        result ^= byte * PRIMES[4] & MASK
        result = rotate(result, 11) * PRIMES[0] & MASK
    for shift, prime in ((33, PRIMES[1]), (29, PRIMES[2]), (32, 1)):
        result = (result ^ result >> shift) * prime & MASK
    return result


def is_held_out(chapter):
    """Whether the pipeline holds a chapter out: by one step of SplitMix64 from its hash."""
    mixed = (xxh64(chapter.encode()) + 0x9E3779B97F4A7C15) & MASK
    mixed = (mixed ^ mixed >> 30) * 0xBF58476D1CE4E5B9 & MASK
    mixed = (mixed ^ mixed >> 27) * 0x94D049BB133111EB & MASK
    mixed ^= mixed >> 31
    return (mixed >> 11) * 2.0**-53 < VALIDATION_FRACTION


def number(*texts):
    """The number by which things are drawn for texts."""
    return zlib.crc32("\n".join(texts).encode())


def draw(key, candidates, count):
    """Some of the candidates, drawn by the key."""
    return sorted(set(candidates), key=lambda text: (number(key, text), text))[:count]


def question(task, context, right, others):
    """A question whose right choice stands at a place that its text decides."""
    answer = number(task, context) % (len(others) + 1)
    choices = [*others[:answer], right, *others[answer:]]
    return {"task": task, "context": context, "choices": choices, "answer": answer}


def is_drawn(task, text):
    return number("asked", task, text) % ONE_IN[task] == 0


def questions(chapters, books):
    """The questions of the held-out chapters: lists of a title's book and number, and verses."""
    last_words = [verse.rsplit(" ", 1)[-1] for _, _, verses in chapters for verse in verses]
    for place, (book, chapter, verses) in enumerate(chapters):
        title = f"{book} {chapter}\n\n"
        lines = [f"  {index + 1} {verse}" for index, verse in enumerate(verses)]
        elsewhere = [
            verse for other, (_, _, theirs) in enumerate(chapters) if other != place
            for verse in theirs]
        for index, verse in enumerate(verses):
            before = title + "".join(line + "\n" for line in lines[max(0, index - 2):index])
            words = verse.rsplit(" ", 1)
            if is_drawn("kjv-cloze", verse) and len(words) == 2 and len(words[0]) > 40:
                others = draw(verse, [word for word in last_words if word != words[1]], CHOICES - 1)
                yield question(
                    "kjv-cloze", f"{before}  {index + 1} {words[0]}", words[1], others)
            if is_drawn("kjv-book", verse) and len(verse) > 60:
                # The title is the choice, the verse what follows it.
                others = draw(verse, [name for name in books if name != book], CHOICES - 1)
                answer = number("kjv-book", verse) % CHOICES
                names = [*others[:answer], book, *others[answer:]]
                yield {
                    "task": "kjv-book", "contexts": [f"{name} {chapter}\n\n" for name in names],
                    "continuation": lines[index], "delimiter": "", "answer": answer}
            if is_drawn("kjv-next", verse) and index >= 2:
                others = draw(verse, elsewhere, CHOICES - 1)
                yield question("kjv-next", f"{before}  {index + 1}", verse, others)


def main():
    held_out, books = [], []
    for document in sys.stdin.read().split(SEPARATOR):
        title = TITLE.match(document.split("\n", 1)[0])
        if not title:
            continue
        if title[1] not in books:
            books.append(title[1])
        if is_held_out(document):
            verses = [found[2] for line in document.split("\n") if (found := VERSE.match(line))]
            held_out.append((title[1], title[2], verses))
    # The questions of a task stand together.
    made = list(questions(held_out, books))
    for task in ONE_IN:
        for entry in made:
            if entry["task"] == task:
                print(json.dumps(entry, ensure_ascii=False))


if __name__ == "__main__":
    main()
