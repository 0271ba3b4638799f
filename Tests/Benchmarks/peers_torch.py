"""A GPT-2 in plain PyTorch, trained on Quern's shards as a person would write it.

Takes one argument, a JSON object: `model` and `recipe` with the keys of pipeline.json, `shards`,
`threads`, `compile`, `bfloat16`, and instead of the recipe's `steps` perhaps `budget`, seconds of
training after which it is evaluated. Prints one JSON object.
"""

import json
import math
import sys
import time
from pathlib import Path

import numpy
import torch
from torch import nn
from torch.nn import functional


class Block(nn.Module):
    """Attention, then the feed-forward half, each behind a LayerNorm and beside a residual."""

    def __init__(self, width, head_count):
        super().__init__()
        self.head_count = head_count
        self.norm1 = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.join = nn.Linear(width, width)
        self.norm2 = nn.LayerNorm(width)
        self.widen = nn.Linear(width, 4 * width)
        self.narrow = nn.Linear(4 * width, width)

    def forward(self, x):
        B, T, C = x.shape
        heads = self.qkv(self.norm1(x)).view(B, T, 3, self.head_count, C // self.head_count)
        query, key, value = heads.permute(2, 0, 3, 1, 4)
        mixed = functional.scaled_dot_product_attention(query, key, value, is_causal=True)
        x = x + self.join(mixed.transpose(1, 2).reshape(B, T, C))
        hidden = functional.gelu(self.widen(self.norm2(x)), approximate="tanh")
        return x + self.narrow(hidden)


class GPT(nn.Module):
    """Learned positions, blocks, a last LayerNorm, and the embedding again as the head."""

    def __init__(self, shape):
        super().__init__()
        width = shape["n_embd"]
        self.tokens = nn.Embedding(shape["vocab_size"], width)
        self.positions = nn.Embedding(shape["n_positions"], width)
        self.blocks = nn.ModuleList(Block(width, shape["n_head"]) for _ in range(shape["n_layer"]))
        self.norm = nn.LayerNorm(width)
        for module in self.modules():
            if isinstance(module, (nn.Linear, nn.Embedding)):
                nn.init.normal_(module.weight, std=0.02)
            if isinstance(module, nn.Linear):
                nn.init.zeros_(module.bias)
        for block in self.blocks:
            for last in (block.join, block.narrow):
                nn.init.normal_(last.weight, std=0.02 / math.sqrt(2 * shape["n_layer"]))

    def forward(self, inputs, targets):
        """The mean loss; a target of -1 is not scored."""
        x = self.tokens(inputs) + self.positions.weight[: inputs.shape[1]]
        for block in self.blocks:
            x = block(x)
        logits = functional.linear(self.norm(x), self.tokens.weight)
        return functional.cross_entropy(
            logits.view(-1, logits.shape[-1]), targets.reshape(-1), ignore_index=-1
        )


def token_ids(shards, split):
    """The ids of the split's only shard: llm.c's layout, 256 numbers and then the ids."""
    [path] = Path(shards).glob(f"{split}_*.bin")
    header = numpy.fromfile(path, numpy.int32, 256)
    kind = {20240520: numpy.uint16, 20240801: numpy.uint32}[int(header[0])]
    return numpy.memmap(path, kind, "r", offset=1024, shape=(int(header[2]),))


def batch(ids, starts, length):
    """Rows of `length` tokens at `starts`, and for each token the one after it."""
    rows = numpy.stack([ids[start : start + length + 1] for start in starts]).astype(numpy.int64)
    rows = torch.from_numpy(rows)
    return rows[:, :-1], rows[:, 1:]


def optimizers_of(model, recipe):
    """AdamW that decays matrices and embeddings alone, in one fused pass where there is one; with
    the recipe's "muon_learning_rate", Muon for the blocks' matrices instead."""
    matrices = [p for p in model.blocks.parameters() if p.dim() >= 2]
    optimizers = []
    rest = list(model.parameters())
    if "muon_learning_rate" in recipe:
        optimizers.append(
            torch.optim.Muon(
                matrices, lr=recipe["muon_learning_rate"], weight_decay=recipe["weight_decay"],
                momentum=0.95, nesterov=True, ns_steps=5,
            )
        )
        chosen = {id(p) for p in matrices}
        rest = [p for p in rest if id(p) not in chosen]
    groups = [
        {"params": [p for p in rest if p.dim() >= 2], "weight_decay": recipe["weight_decay"]},
        {"params": [p for p in rest if p.dim() < 2], "weight_decay": 0.0},
    ]
    arguments = {
        "lr": recipe["learning_rate"],
        "betas": (recipe["beta1"], recipe["beta2"]),
        "eps": recipe["epsilon"],
    }
    try:
        optimizers.append(torch.optim.AdamW(groups, fused=True, **arguments))
    except RuntimeError:
        optimizers.append(torch.optim.AdamW(groups, **arguments))
    for optimizer in optimizers:
        for group in optimizer.param_groups:
            group["highest"] = group["lr"]
    return optimizers


def factor_at(progress, step, recipe):
    """A linear rise over the warm-up, then half a cosine down; progress runs from 0 to 1."""
    if step < recipe["warmup_steps"]:
        return (step + 1) / recipe["warmup_steps"]
    lowest = recipe["final_learning_rate_ratio"]
    return lowest + (1 - lowest) * 0.5 * (1 + math.cos(math.pi * min(progress, 1)))


@torch.no_grad()
def evaluate(model, shards, length):
    """Bits per byte of the validation split, each token but the first scored once."""
    ids = token_ids(shards, "val")
    total, count = 0.0, len(ids) - 1
    for start in range(0, count, length):
        stop = min(start + length, count)
        inputs, targets = batch(ids, [start], stop - start)
        total += float(model(inputs, targets)) * (stop - start)
    manifest = json.loads((Path(shards) / "manifest.json").read_text())
    return total / math.log(2) / manifest["val"]["bytes"]


def train(request):
    recipe, shape = request["recipe"], request["model"]
    torch.set_num_threads(request["threads"])
    torch.manual_seed(recipe["seed"])
    generator = numpy.random.default_rng(recipe["seed"])
    length, rows = shape["n_positions"], recipe["batch_size"]
    ids = token_ids(request["shards"], "train")
    model = GPT(shape)
    optimizers = optimizers_of(model, recipe)
    step_loss = torch.compile(model) if request.get("compile") else model

    budget, step_count = request.get("budget"), recipe.get("steps")
    seconds, speeds, losses = 0.0, [], []
    while (seconds < budget) if budget else (len(speeds) < step_count):
        step = len(speeds)
        start = time.perf_counter()
        starts = generator.integers(0, len(ids) - length, rows)
        inputs, targets = batch(ids, starts, length)
        progress = seconds / budget if budget else step / step_count
        factor = factor_at(progress, step, recipe)
        for optimizer in optimizers:
            for group in optimizer.param_groups:
                group["lr"] = group["highest"] * factor
        with torch.autocast("cpu", torch.bfloat16, enabled=bool(request.get("bfloat16"))):
            loss = step_loss(inputs, targets)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), recipe["gradient_clip"])
        for optimizer in optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        losses.append(loss.item())
        elapsed = time.perf_counter() - start
        seconds += elapsed
        speeds.append(rows * length / elapsed)
    answer = {"tokens_per_second": speeds, "losses": losses, "seconds": seconds}
    if budget:
        answer["bits_per_byte"] = evaluate(model, request["shards"], length)
    return answer


if __name__ == "__main__":
    print(json.dumps(train(json.loads(sys.argv[1]))))
