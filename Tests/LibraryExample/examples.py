#!/usr/bin/env python3
"""Builds and runs the Swift examples of the documentation, in a package that depends on this one.

    Tests/LibraryExample/examples.py            # all of them
    Tests/LibraryExample/examples.py Corpora    # the pages whose names hold "Corpora"

- A page (README.md, or a page of a DocC catalog) is a program: its ```swift blocks, one after the
  other, at the top level of a `main.swift`. A page that awaits something is a second program too,
  in which they are the body of `main` of an `@main` type: both are places where people write such
  calls, and the rules for what may be handed to an asynchronous call differ. A program runs in a
  folder that has `vocab/kjv` and `corpora/kjv.txt.zst`, and must print what its comments
  `// prints …` say.
- Blocks of documentation comments are compiled only. What they use without declaring it stands in
  GIVEN.

Blocks that are no Swift to be compiled have no language behind their ```.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PACKAGE = ROOT / ".build/library-example"
WORK = PACKAGE / "work"

# The modules that another package can name.
PRODUCTS = re.findall(r'\.library\(name: "(\w+)"', (ROOT / "Package.swift").read_text())

# What the examples of documentation comments use without declaring it, by module or by file.
GIVEN = {
    "Trainer": """
        import TokenShards
        import Tokenization
        import Models
        let shape: GPTConfiguration = given()
        let recipe: TrainingConfiguration = given()
        let set: ShardSet = given()
        let vocabulary: Vocabulary = given()
    """,
    "TokenShards": """
        import Tokenization
        let vocabulary: Vocabulary = given()
        let set: ShardSet = given()
        let texts: [String] = given()
    """,
    "Tokenization": """
        let vocabulary: Vocabulary = given()
        let text: [UInt8] = given()
        let ids: [TokenID] = given()
    """,
    "VocabularyLearning": """
        let text: [UInt8] = given()
        let counter: PieceCounter = given()
    """,
    "TextStream": """
        let vocabulary: Vocabulary = given()
        let ids: [TokenID] = given()
    """,
    "Models": """
        import Work
        let model: GPT = given()
        let configuration: GPTConfiguration = given()
        let ids: [TokenID] = given()
        let prompt: [TokenID] = given()
        let team: ThreadTeam = given()
        let x: [TokenID] = given()
        let y: [TokenID] = given()
    """,
    "EncoderDecoder": """
        let configuration: EncoderDecoderConfiguration = given()
    """,
    "RecurrentModel": """
        let configuration: RecurrentConfiguration = given()
    """,
    "NGramCounter": """
        let texts: [[TokenID]] = given()
    """,
    "Pipeline": """
        import Tokenization
        import Models
        let model: GPT = given()
        let vocabulary: Vocabulary = given()
    """,
    "TextEngine": """
        import Models
        import Tokenization
        let model: GPT = given()
        let vocabulary: Vocabulary = given()
        let ids: [TokenID] = given()
    """,
    "Reports": """
        import Work
    """,
    "Work": """
        func fill(part: Int) {}
    """,
    "Files": """
        let numbers: [UInt32] = given()
    """,
    "ParquetFooter": """
        let table: ParquetTable = given()
        let groups: [ParquetRowGroup] = given()
    """,
    "Compression": """
        var text: [UInt8] = given()
        let lines: [String] = given()
        var buffer: [UInt8] = given()
        var compressed: [UInt8] = given()
    """,
}


def pages():
    """Every page that may hold examples."""
    return [ROOT / "README.md", *sorted(ROOT.glob("Sources/*/Documentation.docc/*.md"))]


def blocks(lines, fence):
    """The Swift blocks between fences: the number of the first line of each, and its lines."""
    start = None
    for number, line in enumerate(lines, 1):
        if start is None and line.strip() == fence + "swift":
            start = number
        elif start is not None and line.strip() == fence:
            yield start + 1, lines[start : number - 1]
            start = None


def located(path, number, lines):
    """Lines of code that the compiler places where they stand in the documentation."""
    return [f'#sourceLocation(file: "{path}", line: {number})', *lines, "#sourceLocation()"]


def page_programs(path):
    """The programs that a page's blocks make: the name of the source file of each, and its text."""
    imports, code = [], []
    for number, lines in blocks(path.read_text().splitlines(), "```"):
        imports += [line for line in lines if line.startswith("import ")]
        code += located(path, number, [line * (line not in imports) for line in lines])
    head = [*dict.fromkeys(imports)]
    if code:
        yield "main.swift", "\n".join([*head, *code]) + "\n"
    if any(re.search(r"\bawait\b", line) for line in code):
        head += ["@main struct Example {", "static func main() async throws {"]
        yield "Example.swift", "\n".join([*head, *code, "}", "}"]) + "\n"


def comment_examples(module):
    """The blocks of comments on public declarations, each as a function that nothing calls."""
    imports, functions = [f"import {module}"], []
    for path in sorted((ROOT / "Sources" / module).rglob("*.swift")):
        given = [*map(str.strip, GIVEN.get(path.stem, GIVEN.get(module, "")).splitlines())]
        source = path.read_text().splitlines()
        for number, lines in blocks(source, "/// ```"):
            declared = next(line for line in source[number:] if not line.strip().startswith("///"))
            if "public " not in declared:
                continue
            lines = [line.strip().removeprefix("///").removeprefix(" ") for line in lines]
            imports += [line for line in given if line.startswith("import ")]
            functions += [f"func example{len(functions)}() async throws {{"]
            functions += [line for line in given if not line.startswith("import ")]
            functions += ["do {", *located(path, number, lines), "}", "}"]
    if not functions:
        return ""
    head = [*dict.fromkeys(imports), "func given<T: ~Copyable>() -> T { fatalError() }"]
    return "\n".join([*head, *functions]) + "\n"


def write(path, text):
    """Writes a file unless it is so already, so that nothing is built again without need."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if not path.exists() or path.read_text() != text:
        path.write_text(text)


def write_package(programs, comments):
    """The package: an executable a page, and a library of the comments' examples a module."""
    products = ", ".join(f'.product(name: "{name}", package: "quern")' for name in PRODUCTS)
    targets = []
    for kind, sources in (("executableTarget", programs), ("target", comments)):
        for name, (file, text) in sources.items():
            write(PACKAGE / "Sources" / name / file, text)
            for other in {"main.swift", "Example.swift"} - {file}:
                (PACKAGE / "Sources" / name / other).unlink(missing_ok=True)
            # What an example of a comment declares and does not use is no fault.
            silence = ', swiftSettings: [.unsafeFlags(["-suppress-warnings"])]'
            quiet = "" if kind[0] == "e" else silence
            targets.append(f'        .{kind}(name: "{name}", dependencies: products{quiet}),')
    write(
        PACKAGE / "Package.swift",
        "\n".join([
            "// swift-tools-version: 6.2",
            "import PackageDescription",
            f"let products: [Target.Dependency] = [{products}]",
            'let package = Package(',
            '    name: "library-example",',
            '    platforms: [.macOS(.v26)],',
            f'    dependencies: [.package(name: "quern", path: "{ROOT}")],',
            "    targets: [", *targets, "    ],",
            "    swiftLanguageModes: [.v6])", ""]))


def strangers():
    """Packages that were fetched for the server, which a guest without its trait has no use for."""
    fetched = {path.name for path in (PACKAGE / ".build/checkouts").iterdir()}
    assert "swift-collections" in fetched
    return sorted(name for name in fetched if re.search("hummingbird|nio|http|lifecycle", name))


def run(name, text):
    """Runs a page's program in a folder of its own, and says what is wrong with what it prints."""
    folder = WORK / name
    for link in ("vocab/kjv", "corpora/kjv.txt.zst"):
        (folder / link).parent.mkdir(parents=True)
        (folder / link).symlink_to(ROOT / link)
    result = subprocess.run(
        [PACKAGE / ".build/debug" / name], cwd=folder, capture_output=True, text=True, timeout=600,
        env=os.environ | {"SWIFT_BACKTRACE": "enable=no"}, check=False)
    if result.returncode != 0:
        return f"{name} ends with {result.returncode}\n{result.stdout}{result.stderr}"
    printed = result.stdout.splitlines()
    expected = re.findall(r"^\s*// prints (.*)$", text, re.MULTILINE)
    if expected and printed != expected:
        return f"{name} prints\n  " + "\n  ".join(printed) + "\nnot\n  " + "\n  ".join(expected)
    return None


def main(word=""):
    programs, comments = {}, {}
    for path in pages():
        name = "-".join([*path.relative_to(ROOT).parts[1:2], path.stem])
        for file, text in page_programs(path):
            if word in name:
                programs[name + ("-Main" if file == "Example.swift" else "")] = file, text
    for module in PRODUCTS:
        text = comment_examples(module)
        if text and word in module:
            comments[module + "-Comments"] = "Example.swift", text
    write_package(programs, comments)
    shutil.rmtree(WORK, ignore_errors=True)
    # SwiftPM does not see by itself that files of another package have come or gone.
    for plan in (PACKAGE / ".build").glob("*.yaml"):
        plan.unlink()
    if subprocess.run(["swift", "build", "--package-path", PACKAGE], check=False).returncode != 0:
        return 1
    failures = [failure for name, (_, text) in programs.items() if (failure := run(name, text))]
    failures += [
        f"{name} is fetched, which only the trait Server needs" for name in strangers()]
    print(*failures, sep="\n\n", end="\n" if failures else "")
    count = sum(text.count("func example") for _, text in comments.values())
    print(
        f"{len(programs)} programs of pages run, {count} examples of comments compiled, "
        f"{len(failures)} failed")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
