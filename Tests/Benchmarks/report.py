"""The page of a run of many steps, from its files. No peer makes one without a server."""

import json
import random

from harness import CACHE, counted, make_empty, number, quern, table

STEPS = [600, 10_000, 100_000]


def measure(options):
    rows = []
    for steps in STEPS:
        folder = CACHE / "report"
        make_empty(folder)
        write_metrics(folder / "metrics.jsonl", steps)
        seconds = [
            quern("report", folder, "--output", folder / "page.html").seconds
            for _ in range(options.repeat)
        ]
        rows.append([
            number(steps), number(sorted(seconds)[len(seconds) // 2], 2),
            number((folder / "metrics.jsonl").stat().st_size / 1e6, 1),
            number((folder / "page.html").stat().st_size / 1e3),
        ])  # fmt: skip
    table(
        "The page of a run",
        ["steps", "seconds", "metrics, MB", "page, kB"],
        rows,
        [f"Medians of {counted(options.repeat, 'round')}; the whole process."],
    )


def write_metrics(path, steps):
    """Metrics as training writes them, with an evaluation every hundredth of the way."""
    noise = random.Random(5)
    with path.open("w") as file:
        for step in range(1, steps + 1):
            loss = 3 + 6 * step**-0.4 + noise.gauss(0, 0.1)
            file.write(json.dumps({
                "gradient_norm": abs(noise.gauss(0.5, 0.1)),
                "learning_rate": 0.01 * (1 - step / steps), "loss": loss, "matrix_peak_share": 0.6,
                "seconds": 0.12, "step": step, "tokens": 2048 * step,
                "tokens_per_second": 17000 + noise.gauss(0, 500)},
                sort_keys=True) + "\n")  # fmt: skip
            if step % max(1, steps // 100) == 0:
                file.write(json.dumps({
                    "bits_per_byte": loss / 2.7, "perplexity": 20.0, "step": step,
                    "validation_loss": loss}) + "\n")  # fmt: skip
