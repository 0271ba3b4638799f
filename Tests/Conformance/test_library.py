"""The library as another package uses it: the examples of the documentation, built and run."""

import subprocess


def test_the_examples_of_the_documentation_compile_and_print_what_they_say(root):
    result = subprocess.run(
        [root / "Tests/LibraryExample/examples.py"], cwd=root, capture_output=True, text=True,
        timeout=850, check=False,
    )
    assert result.returncode == 0, result.stdout + result.stderr
