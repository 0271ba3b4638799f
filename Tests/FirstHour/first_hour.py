#!/usr/bin/env python3
"""Plays a newcomer's first hour, and ends with 0 if every step went as it should.

    first_hour.py [--program DIR] [--keep] [--transcript FILE]

A clone is made and installed from, three corpora are made, and each goes from a folder to a model;
mistakes are made, and the sentence that each is answered with is looked for. With --program the
tree is not cloned: what `make install` made under that prefix is tried.
"""

import argparse
import json
import os
import pathlib
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import textwrap
import time

import mistakes
import newcomers_corpus

ROOT = pathlib.Path(__file__).resolve().parents[2]
# A newcomer has an hour; the script has minutes, and takes few steps of what init proposes.
SHORT = ("--set training.steps=24 --set training.evaluate_every=12 "
         "--set training.checkpoint_every=12")


class Hour:
    """A shell in a folder, and what was said in it."""

    def __init__(self, folder, prefix):
        self.folder, self.faults, self.spoken = folder, [], []
        self.environment = {
            **os.environ, "PATH": f"{prefix}/bin:{os.environ['PATH']}", "COLUMNS": "80",
            "HOME": str(folder), "QUERN": "",
        }  # fmt: skip

    def remark(self, text):
        self.spoken.append("\n# " + text + "\n")
        print("\n#", text, flush=True)

    def says(self, text, limit=24):
        """Puts an output into the transcript, cut in its middle."""
        lines = text.rstrip("\n").split("\n")
        if len(lines) > limit:
            lines[limit // 2 : -limit // 2] = [f"… {len(lines) - limit} lines …"]
        lines = [line if len(line) <= 110 else line[:107] + "…" for line in lines]
        self.spoken.append("\n".join(lines) + "\n")
        print("\n".join(lines), flush=True)

    def run(self, command, *wanted, code=0, unwanted=(), shown=True, **environment):
        """Runs a command line; gives its standard output.

        `wanted` are expressions that its two outputs hold together, in any order.
        """
        begin = time.monotonic()
        result = subprocess.run(
            ["bash", "-c", command], cwd=self.folder, capture_output=True, text=True, check=False,
            errors="replace", stdin=subprocess.DEVNULL, timeout=900,
            env={**self.environment, **environment})
        both = result.stdout + result.stderr
        self.spoken.append(f"$ {command}\n")
        print("$", command, flush=True)
        if shown:
            self.says(both)
        faults = [f"holds no /{one}/" for one in wanted if not re.search(one, both, re.S)]
        faults += [f"holds /{one}/" for one in unwanted if re.search(one, both)]
        if result.returncode != code:
            faults.append(f"ended with {result.returncode}, not {code}")
        if re.search(r"Fatal error|Stack dump|Signal \d+", both):
            faults.append("crashed")
        self.note(command, faults, both)
        took = time.monotonic() - begin
        if took > 20:
            self.says(f"({took:.0f} s)")
        return result.stdout

    def on_terminal(self, command, keys, *wanted, columns=80, seconds=60):
        """Runs a command on a terminal of its own and types: `keys` is a list of expressions to
        wait for, each with what to type then. Gives what the terminal was sent."""
        child, terminal = pty.fork()
        if child == 0:
            os.chdir(self.folder)
            os.environ.update(self.environment, TERM="xterm", COLUMNS=str(columns))
            os.execvp("bash", ["bash", "-c", f"stty cols {columns}; exec {command}"])
        sent, end, keys = b"", time.monotonic() + seconds, list(keys)
        while time.monotonic() < end:
            if keys and re.search(keys[0][0], sent, re.S):
                os.write(terminal, keys.pop(0)[1])
            if not select.select([terminal], [], [], 0.2)[0]:
                continue
            try:
                sent += os.read(terminal, 65536)
            except OSError:
                break
        else:
            os.kill(child, 9)
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        text = sent.decode(errors="replace")
        self.spoken.append(f"$ {command}   (on a terminal)\n")
        print("$", command, "  (on a terminal)", flush=True)
        plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text).replace("\r\n", "\n")
        self.says(plain.replace("\r", "\n"))
        faults = [f"holds no /{one}/" for one in wanted if not re.search(one, text, re.S)]
        if status != 0:
            faults.append(f"ended with {status}")
        self.note(command, faults, text)
        return text

    def holds(self, what, truth):
        """Notes a fault unless `truth`."""
        self.note(what, [] if truth else ["is not so"], "")

    def note(self, command, faults, output):
        for fault in faults:
            self.faults.append(f"{command}\n    {fault}")
            print(f"  !! {fault}", flush=True)
        if faults and output:
            print(textwrap.indent(output[-4000:], "  | "), flush=True)


def install(hour, prefix):
    hour.remark("From a clone to a program.")
    hour.run(f"git clone -q {ROOT} quern")
    hour.run(f"make -C quern install PREFIX={prefix}", shown=False)


def look_around(hour):
    hour.remark("What have I got?")
    hour.run("quern --version", r"quern \d+\.\d+\.\d+", r"avx|portable|neon")
    hour.run("quern --help", "init", "quern run", shown=False)
    hour.run("quern config training.learning_rate", "learning_rate", "training.optimizer|default")
    hour.run("quern config", "batch_size", "validation_fraction", shown=False)
    schema = json.loads(hour.run("quern config --schema", shown=False))
    hour.holds("the schema knows training.steps",
               "steps" in json.dumps(schema) and "$schema" in schema)


def from_folder_to_model(hour, name, inputs, *wanted):
    hour.remark(f"From {inputs} to a model.")
    home = name + "-model"
    (hour.folder / home).mkdir()
    source = " ".join("../" + one for one in inputs.split())
    inside = f"cd {home} && "
    hour.run(f"{inside}quern init {source} --name {name}", r"pipeline\.json", "quern run", *wanted)
    text = (hour.folder / home / "pipeline.json").read_text()
    configuration = json.loads(text)
    hour.holds("about ten lines", len(text.split("\n")) < 20)
    hour.holds("its name", configuration["name"] == name)
    hour.run(f"{inside}quern init {source} --name {name}", r"pipeline\.json", code=64)
    hour.run(f"{inside}quern run {SHORT}", "bits per byte", "validation")
    hour.run(f"{inside}quern run {SHORT}", "up to date")
    hour.run(f"{inside}quern shards verify {name}", "all sound")
    hour.run(f"{inside}quern shards show --step 2 --run {name}", "document")
    hour.run(f'{inside}quern generate --model {name} --prompt "The miller" --max-new-tokens 12 '
             "--seed 3", "The miller")
    table = hour.run(f"{inside}quern evaluate --model {name} --json", "bits_per_byte")
    summary = json.loads((hour.folder / home / "runs" / name / "summary.json").read_text())
    for key in ("loss", "perplexity", "bits_per_byte", "tokens_per_second"):
        hour.holds(f"summary.json has {key}", key in json.dumps(summary))
    hour.holds("a result as JSON", "bits_per_byte" in json.dumps(json.loads(table)))


def compare(hour):
    hour.remark("Another learning rate, and which was better?")
    hour.run(f"cd posts-model && quern run {SHORT} --set name=gentle "
             "--set training.learning_rate=1e-3", "bits per byte", shown=False)
    hour.run("cd posts-model && quern compare posts gentle", r"learning_rate", r"0\.001",
             "bits per byte")
    hour.run("cd posts-model && quern compare posts gentle --json", shown=False)


def talk(hour):
    hour.remark("Can it talk? Keys of a terminal edit the line.")
    lines = [{"messages": [{"role": "user", "content": f"What is {n} sacks?"},
                           {"role": "assistant", "content": "Rye."}]} for n in range(40)]
    (hour.folder / "posts-model/talks.jsonl").write_text(
        "".join(json.dumps(one) + "\n" for one in lines))
    hour.run("cd posts-model && quern train --conversations talks.jsonl --init-from posts --quiet "
             "--set instruction_tuning.epochs=1", "runs/posts/chat")
    hour.on_terminal(
        "quern chat --model posts-model/runs/posts/chat --max-new-tokens 4",
        [(b"> ", b"Whar\x1b[D\x1b[C\x7ft is rye?\r"),
         (rb"rye\?", b"\x1b[A\x01\x0b/nonsense\r"), (b"/nonsense", b"/help\r"),
         (rb"/quit\s+leave.*> ", b"\x04")],
        "What is rye", "nonsense")


def complete(hour, prefix):
    hour.remark("Completion and manual pages.")
    script = next(pathlib.Path(prefix).rglob("bash-completion/completions/quern"))
    hour.run(
        f"source {script}; COMP_WORDS=(quern ge); COMP_CWORD=1; COMP_LINE='quern ge'; "
        'COMP_POINT=8; $(complete -p quern | sed "s/.*-F \\([^ ]*\\).*/\\1/") quern ge quern; '
        'printf "%s\\n" "${COMPREPLY[@]}"', "generate")
    pages = sorted(page.name for page in pathlib.Path(prefix).rglob("man1/*"))
    hour.holds("a page for generate", any("generate" in page for page in pages))


def uninstall(hour, prefix):
    hour.remark("And away again.")
    hour.run(f"make -C quern uninstall PREFIX={prefix}", shown=False)
    left = [str(path) for path in pathlib.Path(prefix).rglob("*") if path.is_file()]
    hour.holds(f"nothing is left under the prefix: {left}", not left)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--program", help="a prefix that holds what make install made")
    parser.add_argument("--keep", action="store_true", help="keep the newcomer's folder")
    parser.add_argument("--transcript", help="a file for what was typed and answered")
    given = parser.parse_args()
    folder = pathlib.Path(tempfile.mkdtemp(prefix="first-hour-"))
    prefix = pathlib.Path(given.program).resolve() if given.program else folder / "local"
    hour = Hour(folder, prefix)
    begin = time.monotonic()
    if not given.program:
        install(hour, prefix)
    newcomers_corpus.make(folder)
    look_around(hour)
    from_folder_to_model(hour, "notes", "notes", "without an ending", "binary", "hidden")
    from_folder_to_model(hour, "posts", "posts.jsonl.gz", "body")
    from_folder_to_model(hour, "book", "book.txt")
    compare(hour)
    mistakes.make(hour)
    talk(hour)
    complete(hour, prefix)
    if not given.program:
        uninstall(hour, prefix)
    if given.transcript:
        pathlib.Path(given.transcript).write_text("".join(hour.spoken))
    print(f"\n{time.monotonic() - begin:.0f} s, {len(hour.faults)} faults")
    for fault in hour.faults:
        print("!!", fault)
    if given.keep:
        print("kept:", folder)
    else:
        shutil.rmtree(folder)
    sys.exit(1 if hour.faults else 0)


if __name__ == "__main__":
    main()
