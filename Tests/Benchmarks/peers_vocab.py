"""Hugging Face's trainer on documents in memory.

Takes one argument, a JSON object: `tokenizer` (the tokenizer.json that Quern learned, for its
pattern, size and special tokens), `flat` and `lengths` (see texts.py), `min_frequency`. Prints one
JSON object, which says whether the same merges came out.
"""

import json
import sys
import time
from pathlib import Path

from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

from peers import first_documents, pattern_of


def learn(request):
    description = json.loads(Path(request["tokenizer"]).read_text())
    vocabulary = description["model"]["vocab"]
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(pattern_of(description)), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    trainer = trainers.BpeTrainer(
        vocab_size=len(vocabulary),
        min_frequency=request["min_frequency"],
        show_progress=False,
        special_tokens=[token["content"] for token in description["added_tokens"]],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )
    documents = [document.decode() for document in first_documents(request, float("inf"))]
    start = time.perf_counter()
    tokenizer.train_from_iterator(documents, trainer, length=len(documents))
    seconds = time.perf_counter() - start
    learned = json.loads(tokenizer.to_str())["model"]
    return {
        "seconds": seconds,
        "same": learned["vocab"] == vocabulary
        and learned["merges"] == description["model"]["merges"],
    }


if __name__ == "__main__":
    print(json.dumps(learn(json.loads(sys.argv[1]))))
