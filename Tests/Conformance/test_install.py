"""What `make install` puts where, that `make uninstall` takes exactly that away, and that shells
and readers of manual pages understand it. The program is the one under test, linked as it is."""

import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = pathlib.Path(os.environ.get("QUERN", ROOT / ".build/release/quern")).resolve()
SCRIPTS = ROOT / "packaging"


def run(*words, **options):
    result = subprocess.run(
        [str(word) for word in words], capture_output=True, text=True, timeout=120, check=False,
        **options)
    assert result.returncode == 0, result.stderr
    return result.stdout


def refused(*words):
    result = subprocess.run(
        [str(word) for word in words], capture_output=True, text=True, timeout=120, check=False)
    assert result.returncode == 1, result.stdout + result.stderr
    return result.stderr


def tree(folder):
    return {str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
            for path in folder.rglob("*")}


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    folder = tmp_path_factory.mktemp("install") / "stage"
    run(SCRIPTS / "stage.sh", PROGRAM, folder)
    return folder


def test_uninstall_removes_what_install_put_there(stage, tmp_path):
    """Also a second installation in place of the first, with a page less and one more."""
    there = tmp_path / "image/usr/share/man/man1"
    there.mkdir(parents=True)
    (there / "other.1").write_text("of another program")
    before = tree(tmp_path / "image")
    installed = tmp_path / "image/usr"

    run(SCRIPTS / "install.sh", "copy", stage, "/usr", tmp_path / "image")
    assert tree(stage).items() <= tree(installed).items()
    assert "Usage" not in run(installed / "bin/quern", "--version")

    second = tmp_path / "second"
    shutil.copytree(stage, second)
    (second / "share/man/man1/quern-chat.1").rename(second / "share/man/man1/quern-talk.1")
    run(SCRIPTS / "install.sh", "copy", second, "/usr", tmp_path / "image")
    names = {path.name for path in there.iterdir()}
    assert "quern-talk.1" in names and "quern-chat.1" not in names and "other.1" in names

    (installed / "share/fish/vendor_completions.d/own.fish").write_text("# of the user")
    run(SCRIPTS / "install.sh", "remove", "/usr", tmp_path / "image")
    (installed / "share/fish/vendor_completions.d/own.fish").unlink()
    left = {path for path in tree(tmp_path / "image")} - {path for path in before}
    assert left == {"usr/share/fish", "usr/share/fish/vendor_completions.d"}


def test_uninstall_without_an_installation_says_so(tmp_path):
    result = subprocess.run(
        [SCRIPTS / "install.sh", "remove", tmp_path], capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert "nothing is installed" in result.stderr


@pytest.fixture
def small(tmp_path):
    """What is enough to be installed: a program, and a file whose name has spaces."""
    folder = tmp_path / "stage"
    (folder / "bin").mkdir(parents=True)
    (folder / "bin/quern").write_text("new")
    (folder / "share/doc/a b").mkdir(parents=True)
    (folder / "share/doc/a b/c d.md").write_text("page")
    return folder


def foreign_file(path):
    path.write_text("foreign")


def foreign_link(path):
    path.symlink_to("/nowhere/quern")


def foreign_folder(path):
    path.mkdir()
    (path / "own").touch()


@pytest.mark.parametrize("make", [foreign_file, foreign_link, foreign_folder])
def test_what_is_not_ours_is_neither_replaced_nor_removed(small, tmp_path, make):
    prefix = tmp_path / "prefix"
    (prefix / "bin").mkdir(parents=True)
    make(prefix / "bin/quern")
    before = tree(prefix)
    text = refused(SCRIPTS / "install.sh", "copy", small, prefix)
    assert f"  {prefix}/bin/quern\n" in text and "install again" in text
    assert tree(prefix) == before
    assert "nothing is installed" in refused(SCRIPTS / "install.sh", "remove", prefix)
    assert tree(prefix) == before and (prefix / "bin/quern").is_symlink() == (make == foreign_link)


def test_names_beside_the_program_are_not_touched(small, tmp_path):
    prefix = tmp_path / "prefix"
    (prefix / "bin").mkdir(parents=True)
    (prefix / "bin/quern.new").write_text("foreign")
    before = tree(prefix)
    for _ in range(2):
        run(SCRIPTS / "install.sh", "copy", small, prefix)
    assert tree(small).items() <= tree(prefix).items()
    run(SCRIPTS / "install.sh", "remove", prefix)
    assert tree(prefix) == before


def test_a_list_that_leads_elsewhere_is_not_obeyed(small, tmp_path):
    prefix = tmp_path / "prefix"
    run(SCRIPTS / "install.sh", "copy", small, prefix)
    (tmp_path / "precious").touch()
    for entry in ["../precious", "/etc/precious", "bin/../../precious", ""]:
        with (prefix / "share/quern/installed").open("a") as names:
            names.write(entry + "\n")
        for words in [["remove", prefix], ["copy", small, prefix]]:
            assert "not as it was written" in refused(SCRIPTS / "install.sh", *words)
    assert (tmp_path / "precious").exists() and (prefix / "bin/quern").exists()


def test_what_a_broken_installation_has_left_can_be_removed(small, tmp_path):
    prefix = tmp_path / "prefix"
    (prefix / "share").mkdir(parents=True)
    program = tmp_path / "tools"
    program.mkdir()
    (program / "install").write_text(
        '#!/bin/sh\ncase "$*" in *c?d.md*) exit 1;; esac\nexec /usr/bin/install "$@"\n')
    (program / "install").chmod(0o755)
    result = subprocess.run(
        [SCRIPTS / "install.sh", "copy", small, prefix], capture_output=True, text=True,
        check=False, env={**os.environ, "PATH": f"{program}:{os.environ['PATH']}"})
    assert result.returncode != 0 and "uninstall" in result.stderr
    assert (prefix / "bin/quern").exists()
    run(SCRIPTS / "install.sh", "remove", prefix)
    assert [path for path in tree(prefix)] == ["share"]


def test_the_pages_that_the_readme_leads_to_are_installed(stage, tmp_path):
    def check(readme):
        links = re.findall(r"\]\(([^)]+)\)", readme.read_text())
        assert len(links) > 10
        for link in links:
            assert "://" in link or (readme.parent / link).exists(), link

    check(stage / "share/doc/quern/README.md")
    run(SCRIPTS / "dist.sh", stage, tmp_path)
    [archive] = tmp_path.glob("*.tar.gz")
    run("tar", "-xf", archive, "-C", tmp_path)
    check(tmp_path / archive.name.removesuffix(".tar.gz") / "README.md")


def test_every_command_has_a_page(stage):
    def names(command, words):
        yield "-".join(words)
        for child in command.get("subcommands", []):
            if child["commandName"] != "help":
                yield from names(child, [*words, child["commandName"]])

    root = json.loads(run(PROGRAM, "--experimental-dump-help"))["command"]
    pages = {path.stem for path in (stage / "share/man/man1").iterdir()}
    assert pages == set(names(root, ["quern"]))
    for page in (stage / "share/man/man1").iterdir():
        run("mandoc", "-T", "lint", "-W", "error", page)
        text = run("mandoc", "-T", "html", page)
        assert 'id="NAME"' in text and 'id="SYNOPSIS"' in text


def test_an_example_of_a_page_can_be_pasted(stage):
    text = run("man", "-l", stage / "share/man/man1/quern-encode.1",
               env={**os.environ, "MANWIDTH": "80", "MANPAGER": "cat", "LC_ALL": "C.UTF-8"})
    examples = text.partition("EXAMPLES\n")[2].partition("\nSEE ALSO")[0]
    assert "  quern encode --vocab vocab/kjv" in examples
    assert all(len(line) <= 80 for line in examples.splitlines())
    assert r"'\n\n\n'" in examples


@pytest.fixture
def files(tmp_path):
    (tmp_path / "vocab/kjv").mkdir(parents=True)
    (tmp_path / "corpus.txt").touch()
    return tmp_path


WORDS = [
    ("gen", "generate"), ("vocab tr", "train"), ("encode --voc", "--vocab"),
    ("encode --end-of-text a", "after"), ("encode --vocab v", "vocab"), ("encode co", "corpus.txt"),
]


@pytest.mark.parametrize(("line", "answer"), WORDS)
def test_fish_completes(stage, files, line, answer):
    script = stage / "share/fish/vendor_completions.d/quern.fish"
    found = run("fish", "--no-config", "-c", f"source {script}; complete -C 'quern {line}'",
                cwd=files, env={**os.environ, "PATH": f"{stage}/bin:{os.environ['PATH']}"})
    assert answer in [each.split("\t")[0].rstrip("/") for each in found.splitlines()]


@pytest.mark.parametrize(("line", "answer"), WORDS)
def test_bash_completes(stage, files, line, answer):
    script = stage / "share/bash-completion/completions/quern"
    found = run("bash", "--norc", "-c", f"""
        source {script}
        COMP_WORDS=(quern {line}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1))
        COMP_LINE='quern {line}' COMP_POINT=${{#COMP_LINE}}
        _quern quern "${{COMP_WORDS[COMP_CWORD]}}" "${{COMP_WORDS[COMP_CWORD-1]}}"
        printf '%s\\n' "${{COMPREPLY[@]}}"
        """, cwd=files)
    assert answer in found.splitlines()


@pytest.mark.parametrize(("line", "answer"), WORDS)
def test_zsh_completes(stage, files, line, answer):
    """On a terminal of its own, where the tab key is pressed; zsh has no other way."""
    script = f"""
        zmodload zsh/zpty
        zpty shell "zsh -f"
        zpty -w shell 'PS1=; fpath=({stage}/share/zsh/site-functions $fpath)'
        zpty -w shell 'autoload -Uz compinit; compinit -u -d {files}/.dump; PATH={stage}/bin:$PATH'
        zpty -w shell 'setopt no_list_ambiguous; print READY'
        zpty -r -m shell text '*READY*READY*'
        zpty -w -n shell $'quern {line}\\t'
        sleep 2
        while zpty -r -t shell text; do print -rn -- $text; done
        """
    assert answer in run("zsh", "-f", "-c", script, cwd=files)


def test_an_archive_is_the_same_twice(stage, tmp_path):
    for name in ["one", "two"]:
        run(SCRIPTS / "dist.sh", stage, tmp_path / name)
    assert tree(tmp_path / "one") == tree(tmp_path / "two")
    [archive] = (tmp_path / "one").glob("*.tar.gz")
    run("sha256sum", "-c", archive.name + ".sha256", cwd=archive.parent)
    run("tar", "-xf", archive, "-C", tmp_path)
    folder = tmp_path / archive.name.removesuffix(".tar.gz")
    assert {path.name for path in folder.iterdir()} == {"bin", "share", "README.md", "LICENSE"}
