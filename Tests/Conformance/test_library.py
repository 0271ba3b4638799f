"""The library as another package uses it: the examples of the documentation, built and run."""

import re
import subprocess

EXAMPLE = "Tests/LibraryExample"
DOCUMENTS = ["README.md", "Sources/Tokenization/Documentation.docc/Tokenization.md"]


def examples(path):
    """The pieces of Swift that are whole files."""
    blocks = re.findall(r"^```swift\n(.*?)^```$", path.read_text(), re.DOTALL | re.MULTILINE)
    return [block for block in blocks if block.startswith("import Tokenization\n")]


def test_the_examples_of_the_documents_are_the_sources(root):
    sources = {path.name: path.read_text() for path in (root / EXAMPLE).glob("Sources/*/*.swift")}
    shown = [block for document in DOCUMENTS for block in examples(root / document)]
    assert set(shown) == set(sources.values())
    for document in DOCUMENTS:
        assert sources["main.swift"] in examples(root / document)


def test_another_package_builds_and_runs_the_example(root):
    result = subprocess.run(
        ["swift", "run", "--package-path", EXAMPLE, "--scratch-path", ".build/library-example",
         "LibraryExample"],
        cwd=root, capture_output=True, text=True, timeout=1200, check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert result.stdout == "[40, 3593, 383, 274, 649, 1] Hold my math!\n"
