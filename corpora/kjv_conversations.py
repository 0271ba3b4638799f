"""Makes questions and answers about the King James Bible: standard input is the text as
prepare-kjv.sh prints it, standard output JSON lines of {"messages": [{"role", "content"}, ...]}.

The same text gives the same bytes: what is drawn is drawn by a checksum of the text it is about.

- Facts about the 66 books (which comes next, which came before, how many chapters, which
  testament), each asked in several ways. The answer is a sentence, or one word where the system
  message asks for that.
- A second question that only the first one makes sense of: "And after that?"
- Several of these questions one after the other, since people change the subject.
- Verses to go on with, and verses whose book is to be named.
- A few words about the model itself.
"""

import json
import re
import sys
import zlib

BRIEF = "Answer in one word."
TITLE = re.compile(r"([1-3A-Z][A-Za-z0-9 ]*) ([0-9]+)$")
VERSE = re.compile(r" +[0-9]+ (.+)$")

# One verse in so many goes into each of the two tasks about verses.
CONTINUE_ONE_IN = 10
WHICH_BOOK_ONE_IN = 10
# Times that facts to be known by heart come; verses come once, so that none is.
REPETITIONS = 4


def read(lines):
    """The books with their chapters' number and verses, in order."""
    books = {}
    book = None
    for line in lines:
        line = line.rstrip("\n")
        if title := TITLE.match(line):
            book = books.setdefault(title[1], {"chapters": 0, "verses": []})
            book["chapters"] += 1
        elif verse := VERSE.match(line):
            book["verses"].append(verse[1])
    return books


def conversation(*turns, system=None):
    """A conversation in which a person and the assistant take turns, the person first."""
    messages = [{"role": "system", "content": system}] if system else []
    for number, turn in enumerate(turns):
        messages.append({"role": "assistant" if number % 2 else "user", "content": turn})
    return {"messages": messages}


def number(count, noun):
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def facts(books):
    """For every fact: the ways to ask, the answer as a sentence, and in one word."""
    names = list(books)
    first_new = names.index("Matthew")
    for index, name in enumerate(names):
        if index + 1 < len(names):
            after = names[index + 1]
            yield (
                [
                    f"Which book comes after {name}?",
                    f"What comes after {name}?",
                    f"What is the next book after {name}?",
                ],
                f"After {name} comes {after}.",
                after,
            )
        if index > 0:
            before = names[index - 1]
            yield (
                [
                    f"Which book comes before {name}?",
                    f"What comes before {name}?",
                    f"What is the book before {name}?",
                ],
                f"Before {name} comes {before}.",
                before,
            )
        chapters = books[name]["chapters"]
        yield (
            [
                f"How many chapters has {name}?",
                f"How many chapters are there in {name}?",
                f"How long is {name}?",
            ],
            f"{name} has {number(chapters, 'chapter')}.",
            str(chapters),
        )
        testament = "Old" if index < first_new else "New"
        yield (
            [
                f"Is {name} in the Old or the New Testament?",
                f"In which testament is {name}?",
                f"Where is {name}?",
            ],
            f"{name} is in the {testament} Testament.",
            testament,
        )
    yield (
        ["What is the first book?", "Which book comes first?", "How does the Bible begin?"],
        f"The first book is {names[0]}.",
        names[0],
    )
    yield (
        ["What is the last book?", "Which book comes last?", "How does the Bible end?"],
        f"The last book is {names[-1]}.",
        names[-1],
    )


def about_books(books):
    for questions, sentence, word in facts(books):
        for question in questions:
            yield conversation(question, sentence)
            yield conversation(question, word, system=BRIEF)
    names = list(books)
    for first, second, third in zip(names, names[1:], names[2:]):
        yield conversation(
            f"What comes after {first}?",
            f"After {first} comes {second}.",
            "And after that?",
            f"After {second} comes {third}.",
        )
        yield conversation(
            f"What comes before {third}?",
            f"Before {third} comes {second}.",
            "And before that?",
            f"Before {second} comes {first}.",
        )
        yield conversation(
            f"What comes after {first}?",
            f"After {first} comes {second}.",
            "How many chapters has it?",
            f"{second} has {number(books[second]['chapters'], 'chapter')}.",
        )


def about_verses(books):
    for name, book in books.items():
        for verse in book["verses"]:
            words = verse.split(" ")
            drawn = zlib.crc32(verse.encode())
            if drawn % CONTINUE_ONE_IN == 0 and 10 <= len(words) <= 40:
                middle = len(words) // 2
                yield conversation(
                    "Go on: " + " ".join(words[:middle]), "... " + " ".join(words[middle:])
                )
            if drawn // 64 % WHICH_BOOK_ONE_IN == 0 and 10 <= len(words) <= 40:
                yield conversation("Which book is this from? " + verse, f"It is from {name}.")


def about_itself():
    who = (
        "I am a small language model. I was trained on the King James Bible and have read nothing "
        "else."
    )
    yield conversation("Hello", "Hello. Ask me about the books of the Bible.")
    yield conversation("Hello!", "Hello. Ask me about the books of the Bible.")
    yield conversation("Hi", "Hello. Ask me about the books of the Bible.")
    yield conversation("Good morning", "Good morning. Ask me about the books of the Bible.")
    yield conversation("Who are you?", who)
    yield conversation("What are you?", who)
    yield conversation("Thank you", "You are welcome.")
    yield conversation("Thanks", "You are welcome.")
    yield conversation("How many books are there?", "There are 66 books.")
    yield conversation("How many books are there?", "66", system=BRIEF)


def mixed(conversations, salt):
    """Conversations of two to four of those given, which have no system message."""
    plain = [item["messages"] for item in conversations if item["messages"][0]["role"] == "user"]
    plain.sort(key=lambda messages: zlib.crc32(f"{salt} {messages}".encode()))
    while plain:
        count = 2 + zlib.crc32(str(plain[0]).encode()) % 3
        yield {"messages": sum(plain[:count], [])}
        del plain[:count]


def main():
    books = read(sys.stdin)
    if len(books) != 66:
        sys.exit(f"expected 66 books on standard input, found {len(books)}")
    # A few among thousands would not be learned.
    by_heart = list(about_itself()) * 5 + list(about_books(books))
    conversations = by_heart * (REPETITIONS // 2)
    for salt in range(REPETITIONS - REPETITIONS // 2):
        conversations += mixed(by_heart, salt)
    conversations += about_verses(books)
    lines = [json.dumps(item, ensure_ascii=False) for item in conversations]
    # In an order that mixes the kinds, so that every batch has some of each.
    order = sorted(range(len(lines)),
                   key=lambda place: zlib.crc32(f"{place} {lines[place]}".encode()))
    for place in order:
        print(lines[place])


main()
