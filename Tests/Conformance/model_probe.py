"""The ConformanceProbe, which QUERN_PROBE names; `.build/release/ConformanceProbe` is the
default."""

import json
import os
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROBE = os.environ.get("QUERN_PROBE", str(ROOT / ".build/release/ConformanceProbe"))


def probe(*arguments):
    """Output of a command of the probe."""
    result = subprocess.run(
        [PROBE, *map(str, arguments)], capture_output=True, text=True, timeout=300
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def write_json(path, value):
    """The path, after writing the value there."""
    path.write_text(json.dumps(value))
    return path
