#!/usr/bin/env python3
"""Writes a manual page for every command of the program.

    manual.py QUERN FOLDER [DATE]     quern.1, quern-vocab-train.1 and so on

All of it is what the program says of itself: the parser's description of the options, and the
help's examples. Macros: man(7).
"""

import json
import os
import pathlib
import re
import subprocess
import sys

# A page is indented by seven columns, and a screen has eighty.
EXAMPLE_COLUMNS = 72


def read(program, *words, columns=EXAMPLE_COLUMNS):
    return subprocess.run(
        [program, *words], env={**os.environ, "COLUMNS": str(columns)}, capture_output=True,
        text=True, check=True).stdout


def escaped(text):
    """Text as troff reads it: in ASCII, with a minus that can be copied, and no line that is a
    command."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    text = "".join(c if c.isascii() else f"\\[u{ord(c):04X}]" for c in text)
    return re.sub(r"^([.'])", r"\\&\1", text, flags=re.MULTILINE)


def paragraphs(text):
    """The discussion; lines of a table stay lines."""
    for paragraph in text.split("\n\n"):
        is_table = any("   " in line for line in paragraph.splitlines())
        yield f".nf\n{escaped(paragraph)}\n.fi" if is_table else escaped(paragraph)


def sentence(argument):
    """What an argument is for, with its values and its default as the help shows them."""
    notes = []
    if argument.get("allValues"):
        notes.append("values: " + ", ".join(argument["allValues"]))
    if argument.get("defaultValue"):
        notes.append("default: " + argument["defaultValue"])
    parts = [argument.get("abstract", ""), f"({'; '.join(notes)})" if notes else ""]
    return escaped(" ".join(part for part in parts if part))


def label(argument):
    value = f"\\fI{escaped(argument.get('valueName', ''))}\\fR"
    if argument["kind"] == "positional":
        return value
    dashes = {"short": "-", "long": "--", "longWithSingleDash": "-"}
    names = [escaped(dashes[name["kind"]] + name["name"]) for name in argument["names"]]
    shown = ", ".join(f"\\fB{name}\\fR" for name in sorted(names, key=len))
    return shown if argument["kind"] == "flag" else f"{shown} {value}"


def section(title, items):
    return [f".SH {title}", *(f".TP\n{tag}\n{text}" for tag, text in items)] if items else []


def page(program, version, date, command, words):
    """The page of the command that `words` call."""
    name = "-".join(["quern", *words])
    usage = read(program, *words, "--help", columns=10_000)
    usage = re.search(r"^USAGE: (.*?)\n\n", usage, re.MULTILINE | re.DOTALL)[1]
    shown = [argument for argument in command.get("arguments", []) if argument["shouldDisplay"]]
    positional = [argument for argument in shown if argument["kind"] == "positional"]
    others = [argument for argument in shown if argument["kind"] != "positional"]
    commands = [child for child in command.get("subcommands", [])
                if child["shouldDisplay"] and child["commandName"] != "help"]
    lines = [
        f'.TH {escaped(name.upper())} 1 "{date}" "quern {version}" "User Commands"',
        # Neither hyphens nor wider gaps in what may be copied.
        ".nh", ".ad l",
        ".SH NAME", f"{escaped(name)} \\- {escaped(command.get('abstract', '').rstrip('.'))}",
        ".SH SYNOPSIS", escaped(usage),
    ]
    if command.get("discussion"):
        lines += [".SH DESCRIPTION", "\n.PP\n".join(paragraphs(command["discussion"]))]
    for title, arguments in [("ARGUMENTS", positional), ("OPTIONS", others)]:
        lines += section(title, [(label(argument), sentence(argument)) for argument in arguments])
    lines += section("COMMANDS", [
        (f"\\fB{escaped(child['commandName'])}\\fR", escaped(child.get("abstract", "")))
        for child in commands])
    examples = read(program, *words, "--help").partition("\nEXAMPLES:\n")[2]
    if examples:
        examples = re.sub("^  ", "", examples, flags=re.MULTILINE).rstrip()
        lines += [".SH EXAMPLES", ".nf", escaped(examples), ".fi"]
    above = "-".join(["quern", *words[:-1]]) if words else None
    related = [above] if above else []
    related += [f"{name}-{child['commandName']}" for child in commands]
    lines += [".SH SEE ALSO", ", ".join(f"\\fB{escaped(other)}\\fR(1)" for other in related)]
    return name, "\n".join(lines) + "\n"


def write_pages(program, version, date, folder, command, words):
    name, text = page(program, version, date, command, words)
    (folder / f"{name}.1").write_text(text)
    for child in command.get("subcommands", []):
        if child["commandName"] != "help":
            write_pages(program, version, date, folder, child, [*words, child["commandName"]])


def main():
    program, folder, *rest = sys.argv[1:]
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    version = read(program, "--version").split()[1]
    root = json.loads(read(program, "--experimental-dump-help"))["command"]
    write_pages(program, version, rest[0] if rest else "", folder, root, [])


if __name__ == "__main__":
    main()
