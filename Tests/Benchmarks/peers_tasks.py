"""Tasks in lm-evaluation-harness with transformers: its seconds for each, and its figures.

Takes one argument, a JSON object: `model`, the directory; `make`, to make it of `shape` with
random weights and `tokenizer` first; `folder` of the tasks' files; `tasks`, `batch_size`,
`threads`. Prints one JSON object.
"""

import json
import os
import sys
import time
from pathlib import Path

for name in ("HF_DATASETS_OFFLINE", "HF_HUB_OFFLINE", "DISABLE_MULTIPROC"):
    os.environ[name] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

import torch  # noqa: E402
import transformers  # noqa: E402

DESCRIPTIONS = {
    "hella": """
output_type: multiple_choice
doc_to_text: "{{ctx}}"
doc_to_target: "{{label}}"
doc_to_choice: "endings"
""",
    "arc": """
output_type: multiple_choice
doc_to_text: "Question: {{question}}\\nAnswer:"
doc_to_target: "{{choices.label.index(answerKey)}}"
doc_to_choice: "{{choices.text}}"
""",
    "lambada": """
output_type: loglikelihood
doc_to_text: "{{text.split(' ')[:-1]|join(' ')}}"
doc_to_target: "{{' '+text.split(' ')[-1]}}"
""",
}


def make(request):
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_file=request["tokenizer"], bos_token="<|endoftext|>", eos_token="<|endoftext|>")
    tokenizer.save_pretrained(request["model"])
    torch.manual_seed(1)
    config = transformers.GPT2Config(**request["shape"])
    transformers.GPT2LMHeadModel(config).save_pretrained(request["model"])
    for task, text in DESCRIPTIONS.items():
        head = (
            f"task: {task}\ndataset_path: json\ntest_split: test\n"
            f"dataset_kwargs: {{data_files: {{test: {request['folder']}/{task}.jsonl}}}}")
        Path(request["folder"], f"{task}.yaml").write_text(head + text)


def measure(request):
    import lm_eval
    from lm_eval.models.huggingface import HFLM
    from lm_eval.tasks import TaskManager

    model = HFLM(
        pretrained=request["model"], device="cpu", dtype="float32",
        batch_size=request["batch_size"])
    manager = TaskManager(include_path=request["folder"], include_defaults=False)
    seconds, results = {}, {}
    for task in request["tasks"]:
        start = time.perf_counter()
        # Without the draws for a perplexity's error, which take seconds in Python.
        answer = lm_eval.simple_evaluate(
            model=model, tasks=[task], task_manager=manager, bootstrap_iters=0,
            log_samples=False)
        seconds[task] = time.perf_counter() - start
        results[task] = {
            key: value for key, value in answer["results"][task].items()
            if isinstance(value, float)}
    return {"seconds": seconds, "results": results}


def main():
    request = json.loads(sys.argv[1])
    torch.set_num_threads(request["threads"])
    if request.get("make"):
        make(request)
        print("{}")
    else:
        print(json.dumps(measure(request)))


if __name__ == "__main__":
    main()
