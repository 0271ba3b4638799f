"""Mistakes that newcomers make, each with what it is to be answered with."""

import json

MINIMAL = {"name": "m", "corpus": {"inputs": ["../book.txt"], "text_separator": "\n\n"}}

# The text of a pipeline.json, and what the answer holds.
FILES = [
    ('{"name": "m",\n "corpus": {"inputs": ["../book.txt"],}}', ["line 2", "comma"]),
    ('{"name": "m",\n "name": "n"}', ["line 2", "name"]),
    ('{\n  "name": "m"\n  "corpus": {}\n}', ["line 3"]),
    ("{\n  // mine\n  \"name\": \"m\"}", ["line 2"]),
    ("{'name': 'm'}", ["line 1"]),
    (json.dumps({**MINIMAL, "steps": 5}), [r"training\.steps"]),
    (json.dumps({**MINIMAL, "training": {"lr": 0.1}}), [r"training\.learning_rate"]),
    (json.dumps({**MINIMAL, "max_tokens": 5}), [r"generation\.max_new_tokens"]),
    (json.dumps({**MINIMAL, "training": {"learning_rat": 0.1}}), [r"training\.learning_rate"]),
    (json.dumps({**MINIMAL, "model": {"architecture": "gpt3"}}), ["gpt2"]),
    (json.dumps({**MINIMAL, "training": {"steps": "many"}}), [r"training\.steps"]),
    (json.dumps({**MINIMAL, "training": {"steps": -5}}), [r"training\.steps", "from 1"]),
    (json.dumps({**MINIMAL, "name": ""}), ["line 1", "empty"]),
    (json.dumps({**MINIMAL, "model": {"n_embd": 10, "n_head": 4}}), ["line 1", r"model\.n_embd"]),
    (json.dumps({**MINIMAL, "instruction_tuning": {"packing": "document"}}), ["best-fit"]),
    (json.dumps({**MINIMAL, "models": []}), ["line 1", "at least one"]),
    (json.dumps({**MINIMAL, "models": [{"name": "a", "training": {"gradient_slots": 99}}]}),
     ["line 1", r"models\[0\]\.training\.gradient_slots"]),
    (json.dumps({"name": "m", "corpus": {"inputs": ["../bok.txt"]}}), [r"bok\.txt"]),
    ("", ["pipeline.json"]),
    ("[]", ["object"]),
]

# A command line, and what the answer holds.
COMMANDS = [
    ("quern genrate --model book", ["did you mean", "generate"]),
    ("quern vocab trian --vocab-size 300", ["did you mean", "train"]),
    ("quern shard show", ["did you mean", "shards"]),
    ("quern --verison", ["--version"]),
    ("quern gen --model book", ["did you mean", "generate"]),
    ("quern train --batch-size 8", [r"--set training\.batch_size="]),
    ("quern run --lr 1e-3", [r"--set training\.learning_rate="]),
    ("quern generate --model book --temp 0", ["--temperature"]),
    ("quern generate 'In the beginning'", ["--prompt"]),
    ("quern evaluate --model book --stride 9999", ["stride", "window"]),
    ("quern train --conversations ../book.txt --keep", ["line 1"]),
    ("quern run nothing.json", ["quern init"]),
    ("mkfifo p; quern run p", ["nobody writes"]),
    ("quern generate --model book --promt x", ["--prompt"]),
    ("quern generate --model bok --prompt x", ["book"]),
    ("quern compare ''", ['""', "is no run"]),
    ("quern shards show ''", ['data set ""', "book"]),
    ("quern tokenize --vocab '' hi", ['vocabulary ""', "book"]),
    ("quern init /dev/stdin --output x.json", ["only once"]),
    ("quern init ../book.txt --output x.json --name " + 300 * "a", ["200 bytes"]),
    ("quern generate --model runs/nothing --prompt x", ["runs/nothing"]),
    ("quern generate --model book --max-new-tokens -1", ["--max-new-tokens"]),
    ("quern generate --model book --temperature hot", ["--temperature"]),
    ("quern evaluate --model book --shards nowhere", ["nowhere"]),
    ("quern config training.learning_rat", [r"training\.learning_rate"]),
    ("quern encode --vocab book --output out ../nothing.txt", [r"nothing\.txt"]),
    ("quern encode --vocab nowhere --output out ../book.txt", ["nowhere"]),
    ("quern decode --vocab book 99999999", ["99999999"]),
    ("quern run --set training.steps", ["=value"]),
    ("quern run --set training.lr=1", [r"training\.learning_rate"]),
    ("quern run --set training.steps=7", ["training.steps", "another name", "--keep"]),
    ("quern train", ["--resume", "--keep"]),
    ("quern model export book --format gguf "
     "--output runs/book/checkpoints/latest/model.safetensors", ["lies in"]),
]  # fmt: skip


def make(hour):
    """Makes every mistake; each ends with a sentence and not with 0."""
    hour.remark("Mistakes in pipeline.json.")
    place = hour.folder / "mistakes"
    place.mkdir()
    for text, wanted in FILES:
        (place / "pipeline.json").write_text(text)
        hour.run("cd mistakes && cat pipeline.json && quern run", *wanted, code=1)
        hour.holds("nothing was made", sorted(p.name for p in place.iterdir()) == ["pipeline.json"])
    hour.remark("Mistakes on the command line.")
    for command, wanted in COMMANDS:
        answer = hour.run(f"cd book-model && {command} < /dev/null; echo code $?", *wanted)
        hour.holds(f"{command}: is an error", "code 0" not in answer)
    hour.remark("A corpus without room for validation is said before the work.")
    (place / "pipeline.json").write_text(json.dumps(
        {"name": "m", "corpus": {"inputs": ["one.txt"]}, "vocabulary": {"vocab_size": 300},
         "training": {"steps": 4}}))
    (place / "one.txt").write_text("The miller turns the stone. " * 400)
    hour.run("cd mistakes && quern run", "validation", unwanted=["no model in"])
    hour.remark("A pipe, a dumb terminal and NO_COLOR have no colour.")
    for environment in ({"NO_COLOR": "1"}, {"TERM": "dumb"}, {}):
        hour.run('cd book-model && quern tokenize --vocab book "The miller turns"', "miller",
                 unwanted=["\x1b"], **environment)
