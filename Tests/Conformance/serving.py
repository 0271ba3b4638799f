"""A server of the program's, for as long as a `with` lasts."""

import os
import pathlib
import socket
import subprocess
import time
import urllib.error
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ.get("QUERN", ROOT / ".build/release/quern")).resolve()


class Server:
    """`quern serve` at a free port, with the options given."""

    def __init__(self, options, cwd):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.address = f"http://127.0.0.1:{port}"
        self.process = subprocess.Popen(
            [PROGRAM, "serve", "--port", str(port), "--quiet", *options], cwd=cwd,
            stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        for _ in range(600):
            assert self.process.poll() is None, self.process.stderr.read()
            try:
                with urllib.request.urlopen(self.address + "/health", timeout=5):
                    return self
            except (urllib.error.URLError, OSError):
                time.sleep(0.05)
        self.process.kill()
        raise AssertionError("the server does not answer")

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait(timeout=30)
