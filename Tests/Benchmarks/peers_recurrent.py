"""A recurrent language model in plain PyTorch: its speed in training and in generation.

Takes one argument, a JSON object: `model` with the keys of pipeline.json, `batch_size`, `threads`,
`seconds` of each measurement. Training is measured in float32 and in bfloat16 (autocast). Prints
one JSON object.
"""

import json
import statistics
import sys
import time

import torch
from torch import nn
from torch.nn import functional


class Model(nn.Module):
    """Embedding, layers of cells, and the embedding again as the head."""

    def __init__(self, shape):
        super().__init__()
        kind = {"rnn": nn.RNN, "lstm": nn.LSTM, "gru": nn.GRU}[shape["architecture"]]
        width = shape["n_embd"]
        self.embed = nn.Embedding(shape["vocab_size"], width)
        self.rnn = kind(width, width, shape["n_layer"], batch_first=True)

    def forward(self, ids, state=None):
        out, state = self.rnn(self.embed(ids), state)
        return functional.linear(out, self.embed.weight), state


def train(model, request, bfloat16):
    """Tokens a second of training on ids as a text has them, the median of its steps."""
    shape, rows = request["model"], request["batch_size"]
    decayed = [p for p in model.parameters() if p.dim() >= 2]
    others = [p for p in model.parameters() if p.dim() < 2]
    optimizer = torch.optim.AdamW(
        [{"params": decayed}, {"params": others, "weight_decay": 0.0}], lr=1e-3, fused=True)
    # The token of rank r has a share of 1 / r (Zipf's law), as in the measurement beside this.
    ranks = shape["vocab_size"] ** torch.rand(rows, shape["n_positions"], dtype=torch.float64)
    ids = ranks.long() - 1
    speeds, start = [], time.perf_counter()
    while time.perf_counter() - start < request["seconds"] or len(speeds) < 3:
        before = time.perf_counter()
        with torch.autocast("cpu", torch.bfloat16, enabled=bfloat16):
            logits, _ = model(ids)
            loss = functional.cross_entropy(logits.flatten(0, 1), ids.flatten())
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad(set_to_none=True)
        speeds.append(ids.numel() / (time.perf_counter() - before))
    return statistics.median(speeds)


@torch.inference_mode()
def generate(model, request):
    """Tokens a second of one text, likeliest first."""
    ids, state = torch.tensor([[1]]), None
    count, start = 0, time.perf_counter()
    while time.perf_counter() - start < request["seconds"]:
        logits, state = model(ids, state)
        ids = logits[:, -1:].argmax(-1)
        count += 1
    return count / (time.perf_counter() - start)


def main(request):
    torch.set_num_threads(request["threads"])
    torch.manual_seed(1)
    model = Model(request["model"])
    return {
        "float32 training": train(model, request, bfloat16=False),
        "bfloat16 training": train(model, request, bfloat16=True),
        "generation": generate(model.eval(), request)}


if __name__ == "__main__":
    print(json.dumps(main(json.loads(sys.argv[1]))))
