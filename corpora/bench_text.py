#!/usr/bin/env python3
"""Turns the files of unpacked Debian packages into corpora for benchmarks.

    bench_text.py packages KIND...         the packages wanted, one a line
    bench_text.py gather KIND ROOT         a corpus to standard output, a summary to standard error

KIND is english (text, documents ended by two blank lines), code, multilingual or mixed (JSON lines
with the fields text and source). ROOT holds one folder for each unpacked package; what is
missing is named and left out. The same packages give the same bytes. Python's standard library is
all it needs.
"""

import gzip
import hashlib
import html.parser
import json
import multiprocessing
import os
import re
import sys

MIB = 1 << 20
LANGUAGES = {
    "cs": "cs-CZ", "de": "de-DE", "el": "el-GR", "es": "es-ES", "fr": "fr-FR", "it": "it-IT",
    "ja": "ja-JP", "ko": "ko-KR", "pl": "pl-PL", "ru": "ru-RU", "tr": "tr-TR",
    "zh-cn": "zh-CN",
}
MANUALS = ["manpages-" + name for name in (
    "de de-dev es fr fr-dev it ja ja-dev pl pt-br ru ru-dev tr uk vi zh").split()]

# Kind: (package, pattern of the path, converter, most bytes of text).
SOURCES = {
    "english": [
        ("dict-gcide", r"gcide\.dict\.dz$", "dictionary", 64 * MIB),
        ("dict-wn", r"wn\.dict\.dz$", "dictionary", 32 * MIB),
        ("dict-foldoc", r"foldoc\.dict\.dz$", "dictionary", 8 * MIB),
        ("linux-doc-6.1", r"/html/.*\.html$", "html", 64 * MIB),
        ("python3.11-doc", r"/html/.*\.html$", "html", 32 * MIB),
        ("sqlite3-doc", r"\.html$", "html", 32 * MIB),
        ("postgresql-doc-15", r"\.html$", "html", 32 * MIB),
        ("git-doc", r"\.html$", "html", 32 * MIB),
        ("debian-handbook", r"/en-US/.*\.html$", "html", 32 * MIB),
        ("libreoffice-help-en-us", r"\.html$", "html", 32 * MIB),
        ("manpages", r"/man/man.*\.gz$", "manual", 32 * MIB),
        ("manpages-dev", r"/man/man.*\.gz$", "manual", 32 * MIB),
    ],
    "code": [
        ("golang-1.19-src", r"\.(go|s)$", "code", 16 * MIB),
        ("rust-src", r"\.rs$", "code", 16 * MIB),
        ("libboost1.74-dev", r"\.hpp$", "code", 16 * MIB),
        ("libpython3.11-stdlib", r"\.py$", "code", 16 * MIB),
        ("python3-django", r"\.py$", "code", 16 * MIB),
        ("perl-modules-5.36", r"\.p[lm]$", "code", 16 * MIB),
        ("node-typescript", r"\.(ts|js)$", "code", 16 * MIB),
    ],
    "multilingual": [
        (package, r"/man/.*/man[^/]*/[^/]*\.gz$", "manual", 8 * MIB) for package in MANUALS
    ] + [
        ("libreoffice-help-" + name, r"\.html$", "html", 6 * MIB) for name in LANGUAGES
    ] + [
        ("debian-handbook", "/" + name + r"/.*\.html$", "html", 4 * MIB)
        for name in LANGUAGES.values()
    ],
    "mixed": [
        ("dict-foldoc", r"foldoc\.dict\.dz$", "dictionary", 6 * MIB),
        ("git-doc", r"\.html$", "html", 6 * MIB),
        ("postgresql-doc-15", r"\.html$", "html", 6 * MIB),
        ("manpages-dev", r"/man/man.*\.gz$", "manual", 6 * MIB),
        ("perl-modules-5.36", r"\.p[lm]$", "code", 8 * MIB),
        ("libpython3.11-stdlib", r"\.py$", "code", 6 * MIB),
        ("python3-django", r"\.py$", "code", 5 * MIB),
    ] + [
        ("manpages-" + name, r"/man/.*/man[^/]*/[^/]*\.gz$", "manual", 4 * MIB)
        for name in "fr ja ru vi".split()
    ] + [
        ("libreoffice-help-" + name, r"\.html$", "html", 4 * MIB)
        for name in "el ko tr zh-cn".split()
    ],
}


class TextOfHTML(html.parser.HTMLParser):
    """Collects what a reader of the page would read, without its navigation."""

    SKIPPED = {"script", "style", "head", "nav", "header", "footer", "aside", "button", "form",
               "noscript", "svg", "select"}
    SKIPPED_CLASSES = {"headerlink", "sphinxsidebar", "related", "docnav", "navheader",
                       "navfooter", "toc", "nosearch", "noprint", "footer"}
    PARAGRAPHS = {"p", "div", "section", "article", "h1", "h2", "h3", "h4", "h5", "h6", "ul", "ol",
                  "dl", "table", "pre", "blockquote"}
    LINES = {"br", "li", "tr", "dt", "dd"}

    def __init__(self, main_only):
        super().__init__(convert_charrefs=True)
        self.parts = []
        # An element to be left out, or the main one, ends where its own tag has closed as often as
        # it opened; the others may be as sloppy as they like.
        self.skipped = None
        self.main = None if main_only else ("", 1)
        self.preformatted = 0

    def handle_starttag(self, tag, attributes):
        if self.skipped:
            if tag == self.skipped[0]:
                self.skipped = (tag, self.skipped[1] + 1)
            return
        attributes = dict(attributes)
        if self.main is None:
            if attributes.get("role") == "main" or attributes.get("id") == "DisplayArea":
                self.main = (tag, 1)
            return
        if tag == self.main[0]:
            self.main = (tag, self.main[1] + 1)
        classes = set((attributes.get("class") or "").split())
        if tag in self.SKIPPED or classes & self.SKIPPED_CLASSES:
            self.skipped = (tag, 1)
        elif tag in self.PARAGRAPHS:
            self.parts.append("\n\n")
            self.preformatted += tag == "pre"
        elif tag in self.LINES:
            self.parts.append("\n")
        elif tag in ("td", "th"):
            self.parts.append(" ")

    def handle_endtag(self, tag):
        if self.skipped:
            if tag == self.skipped[0]:
                count = self.skipped[1] - 1
                self.skipped = (tag, count) if count else None
            return
        if self.main is None:
            return
        if tag == self.main[0]:
            self.main = (tag, self.main[1] - 1)
            if self.main[1] == 0:
                self.main = ("", 0)
                self.skipped = ("", 1)  # for good: no tag has this name
        if tag in self.PARAGRAPHS:
            self.parts.append("\n\n")
            if tag == "pre" and self.preformatted:
                self.preformatted -= 1

    def handle_data(self, data):
        if self.skipped or self.main is None:
            return
        if not self.preformatted:
            data = re.sub(r"\s+", " ", data)
            if self.parts and self.parts[-1].endswith(("\n", " ")):
                data = data.lstrip()
        if data:
            self.parts.append(data)


def text_of_html(data):
    page = data.decode("utf-8")
    parser = TextOfHTML('role="main"' in page or 'id="DisplayArea"' in page)
    parser.feed(page)
    parser.close()
    lines = "".join(parser.parts).replace("\u00a0", " ").split("\n")
    return ["\n".join(line.rstrip() for line in lines)]


ESCAPES = {"-": "-", "&": "", "e": "\\", "/": "", ",": "", ":": "", "%": "", " ": " ", "~": " ",
           "0": " ", "|": "", "^": "", "'": "'", "`": "`", "c": "", "p": ""}
CHARACTERS = {"em": "\u2014", "en": "\u2013", "aq": "'", "dq": '"', "lq": "\u201c", "rq": "\u201d",
              "oq": "\u2018", "cq": "\u2019", "bu": "\u2022", "co": "\u00a9", "ha": "^", "ti": "~",
              "rs": "\\", "hy": "-", "mu": "\u00d7", "<=": "\u2264", ">=": "\u2265", "->": "\u2192",
              "Fo": "\u00ab", "Fc": "\u00bb"}
INLINE = {"B", "I", "BR", "BI", "RB", "RI", "IR", "IB", "SM", "SB", "Nm", "Fl", "Ar", "Pa", "Xr",
          "Op", "Em", "Sy", "Li", "Dq", "Ql", "Va", "Fn", "Nd", "It", "UR", "URL"}


def without_escapes(line):
    line = re.sub(r'\\".*', "", line)
    line = re.sub(r"\\f(\(..|\[[^]]*\]|.)|\\s[-+]?\d|\\\*(\(..|\[[^]]*\]|.)|\\[mM]\[[^]]*\]", "",
                  line)
    line = re.sub(r"\\[hvwlLdkx]'[^']*'", "", line)
    line = re.sub(r"\\\((..)|\\\[([^]]*)\]",
                  lambda match: CHARACTERS.get(match[1] or match[2], ""), line)
    return re.sub(r"\\(.)", lambda match: ESCAPES.get(match[1], match[1]), line)


def text_of_manual(data):
    """The text of a page in roff's man or mdoc macros, near enough."""
    lines = []
    table = False
    for line in gzip.decompress(data).decode("utf-8").split("\n"):
        if line.startswith((".", "'")):
            name, _, rest = line[1:].strip().partition(" ")
            if name in ("TS", "TE"):
                table = name == "TS"
            if name.startswith('\\"') or table:
                continue
            # Arguments are words, or stand in quotes; the roman-bold pairs join without a space.
            words = [quoted.replace('""', '"') or word
                     for quoted, word in re.findall(r'"((?:[^"]|"")*)"|(\S+)', rest)]
            joined = "" if name in ("BR", "BI", "RB", "RI", "IR", "IB") else " "
            if name in ("SH", "SS", "Sh", "Ss"):
                lines += ["", without_escapes(" ".join(words)), ""]
            elif name in INLINE:
                lines.append(without_escapes(joined.join(words)))
            elif name in ("PP", "P", "LP", "TP", "IP", "HP", "Pp", "sp"):
                lines.append("")
                if name == "IP" and words:
                    lines.append(without_escapes(words[0]))
        elif not table:
            lines.append(without_escapes(line).rstrip())
    return ["\n".join(lines)]


def text_of_dictionary(data):
    """Pages of about 8 KiB, each of whole entries; an entry begins at the margin."""
    pages, page, size = [], [], 0
    for line in gzip.decompress(data).split(b"\n"):
        if size > 8192 and line[:1].strip():
            pages.append(b"\n".join(page))
            page, size = [], 0
        page.append(line.rstrip())
        size += len(line) + 1
    pages.append(b"\n".join(page))
    return [text for text in map(decoded, pages) if text is not None]


def decoded(data):
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return None


def text_of_code(data):
    return [data.decode("utf-8")] if len(data) <= MIB and b"\0" not in data else []


CONVERTERS = {"html": text_of_html, "manual": text_of_manual, "dictionary": text_of_dictionary,
              "code": text_of_code}


def convert(task):
    """The texts in one file; none if it is not what its name says."""
    path, converter = task
    try:
        with open(path, "rb") as file:
            texts = CONVERTERS[converter](file.read())
    except (UnicodeDecodeError, OSError, EOFError) as error:
        return [], f"{path}: {error}"
    if converter != "code":
        # Two blank lines end a document, so at most one may stand in it.
        texts = [re.sub(r"\n\s*\n\s*\n", "\n\n", text.strip("\n")) for text in texts]
        texts = [re.sub(r"\n{3,}", "\n\n", text) for text in texts]
    return [text for text in texts if len(text) >= 200], None


def files_below(folder, pattern):
    """Plain files whose path fits, links left out, in the order of a hash of their path.

    The hash mixes packages' subjects, so that the front of a corpus is like the rest of it.
    """
    found = []
    for directory, _, names in os.walk(folder):
        for name in names:
            path = os.path.join(directory, name)
            if re.search(pattern, path) and not os.path.islink(path):
                relative = os.path.relpath(path, folder)
                found.append((hashlib.sha256(relative.encode()).digest(), relative, path))
    return [(relative, path) for _, relative, path in sorted(found)]


def gather(kind, root):
    sources = SOURCES[kind]
    tasks, origins = [], []
    for index, (package, pattern, converter, _) in enumerate(sources):
        folder = os.path.join(root, package)
        files = files_below(folder, pattern)
        if not files:
            print(f"{kind}: nothing from {package} {pattern}", file=sys.stderr)
        for number, (relative, path) in enumerate(files):
            # The share of its own source that comes before a file, so that sources interleave.
            origins.append(((number + 0.5) / len(files), index, relative))
            tasks.append((path, converter))
    order = sorted(range(len(tasks)), key=lambda number: origins[number])
    bytes_of, documents_of = [0] * len(sources), [0] * len(sources)
    seen, failures = set(), []
    output = sys.stdout.buffer
    with multiprocessing.Pool() as pool:
        results = pool.imap(convert, [tasks[number] for number in order], chunksize=32)
        for number, (texts, failure) in zip(order, results):
            _, index, relative = origins[number]
            if failure:
                failures.append(failure)
            for text in texts:
                data = text.encode("utf-8")
                digest = hashlib.sha256(data).digest()
                if digest in seen or bytes_of[index] + len(data) > sources[index][3]:
                    continue
                seen.add(digest)
                bytes_of[index] += len(data)
                documents_of[index] += 1
                if kind == "english":
                    output.write(data + b"\n\n\n")
                else:
                    line = {"text": text, "source": sources[index][0] + "/" + relative}
                    output.write(json.dumps(line, ensure_ascii=False).encode("utf-8") + b"\n")
    output.flush()
    for (package, pattern, _, _), size, count in zip(sources, bytes_of, documents_of):
        print(f"{kind}: {package:24} {count:7} documents {size / 1e6:7.1f} MB", file=sys.stderr)
    if failures:
        print(f"{kind}: {len(failures)} files left out, such as {failures[0]}", file=sys.stderr)
    print(f"{kind}: {'all':24} {sum(documents_of):7} documents {sum(bytes_of) / 1e6:7.1f} MB",
          file=sys.stderr)


def main(arguments):
    if len(arguments) > 1 and arguments[0] == "packages" and set(arguments[1:]) <= SOURCES.keys():
        wanted = {source[0] for kind in arguments[1:] for source in SOURCES[kind]}
        print("\n".join(sorted(wanted)))
    elif len(arguments) == 3 and arguments[0] == "gather" and arguments[1] in SOURCES:
        gather(arguments[1], arguments[2])
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main(sys.argv[1:])
