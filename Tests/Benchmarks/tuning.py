"""What an expert sets for PyTorch before a run: its allocator, MKL's instructions, its pages.

`tuned()` gives the variables. PyTorch as `pip install` leaves it is called stock beside that.
"""

import functools
import os
import subprocess
from pathlib import Path

from harness import CACHE, Failure

# Debian's libtcmalloc-minimal4.
TCMALLOC = Path("/usr/lib/x86_64-linux-gnu/libtcmalloc_minimal.so.4")
# MKL asks this of itself before it takes AVX-512, and is told no on processors that are not
# Intel's; a preloaded library answers first.
ANSWER = "int mkl_serv_intel_cpu_true(void) { return 1; }\n"


@functools.cache
def tuned():
    """Variables of a tuned PyTorch. Here two cores are all of the machine, so that binding the
    threads, which the guides also name, changes nothing: the harness binds the process."""
    if not TCMALLOC.exists():
        raise Failure(f"{TCMALLOC} is missing: install libtcmalloc-minimal4")
    libraries = [TCMALLOC]
    if "AuthenticAMD" in Path("/proc/cpuinfo").read_text():
        libraries.append(mkl_library())
    return {
        "LD_PRELOAD": ":".join(map(str, libraries)),
        # Tensors of 2 MiB and more lie on large pages.
        "THP_MEM_ALLOC_ENABLE": "1",
    }


def mkl_library():
    """The library that lets MKL choose by what the processor can do; compiled once."""
    folder = CACHE / "tuning"
    library = folder / "intel.so"
    if not library.exists():
        folder.mkdir(parents=True, exist_ok=True)
        source = folder / "intel.c"
        source.write_text(ANSWER)
        compiler = os.environ.get("CC", "cc")
        unfinished = library.with_suffix(".unfinished")
        subprocess.run([compiler, "-shared", "-fPIC", "-o", unfinished, source], check=True)
        unfinished.rename(library)
    return library
