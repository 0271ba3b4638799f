"""Tasks are scored as lm-evaluation-harness scores them, and those of CORE as nanochat does: the
same log-likelihoods to float noise, the same figures to the last digit that noise leaves."""

import csv
import json
import os
import random
import re

import pytest

for name in ("HF_DATASETS_OFFLINE", "HF_HUB_OFFLINE", "DISABLE_MULTIPROC"):
    os.environ[name] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

import lm_eval  # noqa: E402
import torch  # noqa: E402
from lm_eval.models.huggingface import HFLM  # noqa: E402
from lm_eval.tasks import TaskManager  # noqa: E402
from tokenizers import Tokenizer, processors  # noqa: E402
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast  # noqa: E402

# Of a text; sums of up to some dozen tokens in float32 there, in float64 here.
NOISE = 2e-4
BOS = "<|endoftext|>"


@pytest.fixture(scope="module", params=[False, True], ids=["bare", "begun"])
def model(request, root, tmp_path_factory):
    """A model with weights that make sharp predictions, a context that texts do not fit into, and
    a tokenizer that puts a token before each text, or none."""
    folder = tmp_path_factory.mktemp("model")
    tokenizer = Tokenizer.from_file(str(root / "vocab/kjv/tokenizer.json"))
    if request.param:
        tokenizer.post_processor = processors.Sequence([
            processors.ByteLevel(trim_offsets=False),
            processors.TemplateProcessing(
                single=f"{BOS} $A", pair=f"{BOS} $A {BOS} $B",
                special_tokens=[(BOS, tokenizer.token_to_id(BOS))]),
        ])
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=BOS, eos_token=BOS).save_pretrained(folder)
    torch.manual_seed(3)
    GPT2LMHeadModel(GPT2Config(
        vocab_size=tokenizer.get_vocab_size(), n_positions=48, n_embd=64, n_layer=2, n_head=4,
        initializer_range=0.15, resid_pdrop=0, embd_pdrop=0, attn_pdrop=0,
    )).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def verses(kjv):
    return [found[1] for chapter in kjv for found in re.finditer(r" +[0-9]+ (.+)", chapter)]


def write_lines(path, records):
    path.write_text("".join(json.dumps(record) + "\n" for record in records))


@pytest.fixture(scope="module")
def files(tmp_path_factory, verses):
    """Records of HellaSwag, ARC and LAMBADA form, and the harness's descriptions of them."""
    folder = tmp_path_factory.mktemp("tasks")
    draw = random.Random(5)

    def words(start, end):
        return " ".join(draw.choice(verses).split()[start:end])

    write_lines(folder / "hella.jsonl", [
        {
            "activity_label": "Reading [a] book", "ctx_a": words(0, 12) + " [title] then",
            "ctx_b": draw.choice(["", "the LORD Said", "ÉCRIT"]),
            "endings": [words(3, 3 + draw.randrange(1, 14)) or "x" for _ in range(4)],
            "label": str(draw.randrange(4)),
        } for _ in range(40)])
    arc = []
    for _ in range(40):
        labels = draw.choice(["ABCDE", "1234"])
        arc.append({
            "question": words(0, draw.randrange(1, 60)) + "?",
            "choices": {
                "text": [words(0, draw.randrange(1, 5)) for _ in labels], "label": list(labels)},
            "answerKey": draw.choice(labels)})
    write_lines(folder / "arc.jsonl", arc)
    # One word alone has no context; a space at the end leaves an empty last word.
    write_lines(folder / "lambada.jsonl", [
        {"text": words(0, draw.randrange(1, 60))} for _ in range(60)])
    (folder / "utils.py").write_text("from lm_eval.tasks.hellaswag.utils import process_docs\n")
    described = {
        "hella": """
            output_type: multiple_choice
            process_docs: !function utils.process_docs
            doc_to_text: "{{query}}"
            doc_to_target: "{{label}}"
            doc_to_choice: "choices"
        """,
        "arc": """
            output_type: multiple_choice
            doc_to_text: "Question: {{question}}\\nAnswer:"
            doc_to_target: "{{choices.label.index(answerKey)}}"
            doc_to_choice: "{{choices.text}}"
            fewshot_split: test
        """,
        "lambada": """
            output_type: loglikelihood
            doc_to_text: "{{text.split(' ')[:-1]|join(' ')}}"
            doc_to_target: "{{' '+text.split(' ')[-1]}}"
            fewshot_split: test
        """,
    }
    for task, lines in described.items():
        head = f"""
            task: {task}
            dataset_path: json
            dataset_kwargs:
              data_files: {{test: {folder / task}.jsonl}}
            test_split: test
        """
        text = "\n".join(line[12:] for line in (head + lines).splitlines())
        (folder / f"{task}.yaml").write_text(text)
    return folder


def harness(model, files, tasks, shots=0):
    """The harness's results, and of each question the log-likelihoods of its texts."""
    result = lm_eval.simple_evaluate(
        model=HFLM(pretrained=str(model), device="cpu", dtype="float32", batch_size=8),
        tasks=tasks, num_fewshot=shots, log_samples=True,
        task_manager=TaskManager(include_path=str(files), include_defaults=False))
    likelihoods = {
        task: {
            sample["doc_id"]: [answer[0][0] for answer in sample["resps"]] for sample in samples}
        for task, samples in result["samples"].items()}
    return result["results"], likelihoods


def ours(quern, model, paths, folder, *options):
    quern(
        "evaluate", "--model", model, "--tasks", *paths, "--output", folder / "results.json",
        "--log-samples", folder / "samples.jsonl", *options)
    likelihoods = {}
    for line in (folder / "samples.jsonl").read_text().splitlines():
        sample = json.loads(line)
        likelihoods.setdefault(sample["task"], {})[sample["doc_id"]] = [
            answer[0] for answer in sample["resps"]]
    return json.loads((folder / "results.json").read_text()), likelihoods


def check(theirs, mine):
    (results, likelihoods), (own_results, own_likelihoods) = theirs, mine
    for task, questions in likelihoods.items():
        assert questions.keys() == own_likelihoods[task].keys()
        for number, values in questions.items():
            assert own_likelihoods[task][number] == pytest.approx(values, rel=2e-6, abs=NOISE)
        figures = own_results["results"][task]
        compared = [key for key in results[task] if key.endswith(",none")]
        assert {"acc,none", "acc_stderr,none"} <= set(compared)
        for key in compared:
            # A perplexity is the exponential of a mean that has the noise.
            noise = 1e-4 if key.startswith("perplexity") else 1e-12
            assert figures[key] == pytest.approx(results[task][key], rel=noise), (task, key)


def test_lines_of_other_programs(quern, model, files, tmp_path):
    tasks = ["hella", "arc", "lambada"]
    mine = ours(quern, model, [files / f"{task}.jsonl" for task in tasks], tmp_path)
    check(harness(model, files, tasks), mine)
    assert mine[0]["n-samples"]["arc"] == {"original": 40, "effective": 40}


def test_descriptions_and_examples(quern, model, files, tmp_path):
    check(
        harness(model, files, ["arc"], shots=2),
        ours(quern, model, [files / "arc.yaml"], tmp_path, "--num-fewshot", 2))
    # The same of lines, from whose examples a question is always left out.
    check(
        harness(model, files, ["arc", "lambada"], shots=3),
        ours(
            quern, model, [files / "arc.jsonl", files / "lambada.jsonl"], tmp_path,
            "--num-fewshot", 3))


# MARK: CORE

@pytest.fixture(scope="module")
def bundle(tmp_path_factory, verses):
    folder = tmp_path_factory.mktemp("bundle")
    draw = random.Random(8)
    (folder / "eval_data").mkdir()

    def words(count):
        return " ".join(draw.choice(verses).split()[:count])

    write_lines(folder / "eval_data/choices.jsonl", [
        {"query": words(4), "choices": [words(draw.randrange(1, 4)) for _ in range(4)],
         "gold": draw.randrange(4)} for _ in range(25)])
    write_lines(folder / "eval_data/schema.jsonl", [
        {"context_options": [words(3), words(4)], "continuation": words(3),
         "gold": draw.randrange(2)} for _ in range(25)])
    write_lines(folder / "eval_data/text.jsonl", [
        {"context": words(5) + " ", "continuation": words(1)} for _ in range(25)])
    (folder / "core.yaml").write_text("""icl_tasks:
-
  label: choices
  dataset_uri: choices.jsonl
  num_fewshot: [2]
  icl_task_type: multiple_choice
  continuation_delimiter: "\\nAnswer: " # as Jeopardy has it
-
  label: schema
  dataset_uri: schema.jsonl
  num_fewshot: [0]
  icl_task_type: schema
- label: text
  dataset_uri: text.jsonl
  num_fewshot:
  - 3
  icl_task_type: language_modeling
""")
    with (folder / "eval_meta_data.csv").open("w") as file:
        table = csv.writer(file)
        table.writerows([
            ["Eval Task", "Task Category", "Random baseline"], ["choices", "x, y", "25"],
            ["schema", "z", "50.0"], ["text", "z", "0"]])
    return folder


def common(lists):
    """The number of elements with which all lists begin."""
    least = min(map(len, lists))
    return next((i for i in range(least) if len({x[i] for x in lists}) > 1), least)


def core(model, folder, limit):
    """The CORE metric as its rules say, written down plainly."""
    network = GPT2LMHeadModel.from_pretrained(model).eval()
    tokenizer = Tokenizer.from_file(str(model / "tokenizer.json"))
    start = tokenizer.token_to_id(BOS)

    def tokens(text):
        return [start, *tokenizer.encode(text, add_special_tokens=False).ids]

    def read(ids, first, end):
        """The loss of each scored token, and whether it is the likeliest."""
        cut = max(0, len(ids) - network.config.n_positions)
        ids, first, end = ids[cut:], max(1, first - cut), end - cut
        with torch.no_grad():
            logits = network(torch.tensor([ids])).logits[0].log_softmax(-1)
        places = range(first, end)
        return (
            [-logits[i - 1, ids[i]].item() for i in places],
            all(logits[i - 1].argmax().item() == ids[i] for i in places))

    shapes = {
        "choices": ("choice", 2, "\nAnswer: "), "schema": ("schema", 0, " "),
        "text": ("text", 3, " ")}
    accuracies = {}
    for label, (kind, shots, delimiter) in shapes.items():
        data = [
            json.loads(line)
            for line in (folder / f"eval_data/{label}.jsonl").read_text().splitlines()]
        random.Random(1337).shuffle(data)
        data = data[:limit]

        def prompts(item, kind=kind, delimiter=delimiter):
            if kind == "choice":
                return [item["query"] + delimiter + choice for choice in item["choices"]]
            if kind == "schema":
                return [text + delimiter + item["continuation"] for text in item["context_options"]]
            return [item["context"].strip() + delimiter + item["continuation"]]

        right = 0
        for index, item in enumerate(data):
            others = [i for i in range(len(data)) if i != index]
            drawn = random.Random(1234 + index).sample(others, shots)
            before = "".join(
                prompts(data[i])[data[i].get("gold", 0)] + "\n\n" for i in drawn)
            lists = [tokens(before + prompt) for prompt in prompts(item)]
            if kind == "text":
                known = tokens((before + item["context"].strip() + delimiter).strip())
                assert lists[0][:len(known)] == known
                right += read(lists[0], len(known), len(lists[0]))[1]
                continue
            if kind == "choice":
                firsts = [common(lists)] * len(lists)
            else:
                end = common([ids[::-1] for ids in lists])
                firsts = [len(ids) - end for ids in lists]
            means = []
            for ids, first in zip(lists, firsts, strict=True):
                losses = read(ids, first, len(ids))[0]
                means.append(sum(losses) / len(losses) if losses else float("nan"))
            right += means.index(min(means)) == item["gold"]
        accuracies[label] = right / len(data)
    return accuracies


@pytest.mark.parametrize("limit", [None, 12])
def test_core(quern, model, bundle, tmp_path, limit):
    accuracies = core(model, bundle, limit)
    options = [] if limit is None else ["--limit", limit]
    results, _ = ours(quern, model, [bundle], tmp_path, *options)
    baselines = {"choices": 0.25, "schema": 0.5, "text": 0.0}
    centered = {
        label: (accuracies[label] - base) / (1 - base) for label, base in baselines.items()}
    for label, figures in results["results"].items():
        assert figures["acc,none"] == pytest.approx(accuracies[label]), label
        assert figures["centered,none"] == pytest.approx(centered[label]), label
    assert results["core"] == pytest.approx(sum(centered.values()) / 3)
