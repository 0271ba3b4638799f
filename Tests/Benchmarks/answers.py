#!/usr/bin/env python3
"""Counts the questions that a tuned model answers as in the conversations that it learned from.

    Tests/Benchmarks/answers.py [RUN] [CONVERSATIONS]    # after `make tune`

150 questions about the order of the books and their chapters go to `quern chat`: each alone, and
then all in one conversation.
"""

import json
import random
import re
import subprocess
import sys

QUESTION = re.compile(r"(What comes (after|before)|How many chapters has) ")


def known_answers(path):
    """Every answer in the conversations, by its question; without a system message."""
    answers = {}
    text = subprocess.run(["zstd", "-dc", path], check=True, capture_output=True, text=True).stdout
    for messages in (json.loads(line)["messages"] for line in text.splitlines()):
        if messages[0]["role"] == "system":
            continue
        for asked, said in zip(messages, messages[1:]):
            if asked["role"] == "user" and QUESTION.match(asked["content"]):
                answers.setdefault(asked["content"], set()).add(said["content"])
    return answers


def chat(run, questions, forgets):
    """The answers of the model, a line each."""
    lines = [line for question in questions for line in [question] + ["/clear"] * forgets]
    command = [".build/release/quern", "chat", "--model", f"{run}/checkpoints/best"]
    finished = subprocess.run(
        command, input="\n".join(lines) + "\n", check=True, capture_output=True, text=True)
    return [line for line in finished.stdout.splitlines() if line.strip()]


def main(run="runs/kjv/chat", conversations="corpora/kjv-chat.jsonl.zst"):
    known = known_answers(conversations)
    questions = sorted(known)
    random.Random(1).shuffle(questions)
    del questions[150:]
    for title, forgets in [("each alone", True), ("in one conversation", False)]:
        answers = chat(run, questions, forgets)
        if len(answers) != len(questions):
            sys.exit(f"{len(questions)} questions have {len(answers)} answers")
        right = sum(answer in known[question] for question, answer in zip(questions, answers))
        print(f"{title}: {right} of {len(questions)}")


main(*sys.argv[1:])
