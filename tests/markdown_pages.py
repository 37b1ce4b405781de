"""Markdown pages as programs: blocks to run, command lines to parse, files and names to find."""

import argparse
import ast
import importlib.util
import io
import re
import runpy
import shlex
import sys
import warnings
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import commands

ROOT = Path(__file__).resolve().parents[1]
README = ROOT / "README.md"
DOCS = sorted((ROOT / "docs").glob("*.md"))

_FENCED = re.compile(r"^```([^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`([^`]+)`")
_COMMAND = re.compile(
    r"python -m (?P<module>(?:jaxseg|benchmarks|tests|docs)\.[\w.]*\w)|\blaunch/\w+\.(sh|sbatch)"
)
_FILE = re.compile(r"(?<![\w/=])(?:benchmarks|configs|docs|jaxseg|launch|tests)/[\w./-]*\w")
_STANDS_FOR = {"--config=FILE": "--config=configs/asot_breakfast.py"}


class Block(NamedTuple):
    """Fenced block of a page."""

    language: str
    text: str
    line: int  # number of lines of the page before the text


def blocks(page: Path) -> list[Block]:
    """The page's fenced blocks."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(match[1], match[2], text.count("\n", 0, match.start(2)))
        for match in _FENCED.finditer(text)
    ]


def has_python(page: Path) -> bool:
    """Whether a page has Python blocks."""
    return any(block.language == "python" for block in blocks(page))


def execute(page: Path, **namespace) -> dict:
    """Runs the page's Python blocks in one namespace, and returns it.

    What a block prints has to follow in a `text` block right after it.
    """
    for block, following in pairwise([*blocks(page), Block("", "", 0)]):
        if block.language != "python":
            continue
        program = compile("\n" * block.line + block.text, str(page), "exec")
        with redirect_stdout(io.StringIO()) as printed:
            exec(program, namespace)
        stated = following.text if following.language == "text" else ""
        assert printed.getvalue() == stated, f"{page.name}:{block.line}"
    return namespace


def command_lines(page: Path) -> list[str]:
    """Commands of the project in shell blocks, indented lines and inline code."""
    prose = _FENCED.sub("", page.read_text(encoding="utf-8"))
    shell = "".join(block.text for block in blocks(page) if block.language == "sh")
    indented = "".join(re.findall(r"^ {4}.*\n", prose, re.MULTILINE))
    lines = (shell + indented).replace("\\\n", " ").splitlines()
    lines += [" ".join(span.split()) for span in _INLINE.findall(prose)]
    return [line.strip() for line in lines if _COMMAND.search(line)]


def files(page: Path) -> set[str]:
    """Paths inside the project that the page names, without those that are values of options."""
    return set(_FILE.findall(page.read_text(encoding="utf-8")))


def complaint(line: str) -> str:
    """Error message of a command line's program for its arguments; "" if it accepts them."""
    command = _COMMAND.search(line)
    module = command["module"]
    words = shlex.split(line[command.end() :], comments=True)
    words = [_STANDS_FOR.get(word, word) for word in words]
    if module and not words:  # a name alone mentions the program
        return "" if importlib.util.find_spec(module) else f"there is no {module}"
    if module is None:  # a launcher: its own arguments, then jaxseg.main's
        return _complaint_of_main([word for word in words if word.startswith("--")])
    if module == "jaxseg.main":
        return _complaint_of_main(words)
    return _complaint_of(module, words)


def _complaint_of_main(words: list[str]) -> str:
    """Error of `jaxseg.main` up to the run itself: its config is made and checked."""
    with ExitStack() as patches:
        for what in ("run.stages.run", "planning.run", "processes.start"):
            patches.enter_context(mock.patch(f"jaxseg.{what}"))
        # The example of a new data set adds it to the registry when it is imported.
        patches.enter_context(mock.patch.dict("jaxseg.data.DATA_SETS"))
        for name in [each for each in sys.modules if each.startswith("docs.examples.")]:
            del sys.modules[name]
        return commands.run(*words).err


def _complaint_of(module: str, words: list[str]) -> str:
    """Error of a module with argparse, which is stopped once it has parsed."""
    parse_args = argparse.ArgumentParser.parse_args

    def parse_and_stop(*arguments):
        parse_args(*arguments)
        raise SystemExit(0)

    stopped = mock.patch.object(argparse.ArgumentParser, "parse_args", parse_and_stop)
    argv = mock.patch("sys.argv", [module, *words])
    with stopped, argv, redirect_stderr(io.StringIO()) as complained:
        try:
            with warnings.catch_warnings():  # of a module that another test has imported
                warnings.filterwarnings("ignore", ".*found in sys.modules", RuntimeWarning)
                runpy.run_module(module, run_name="__main__")
        except SystemExit as end:
            return complained.getvalue() if end.code else ""
    return "it parses no arguments"


def names(page: Path) -> list[tuple[str, str]]:
    """(file, name) for each "`file.py`: `name`, `Class.name`, ..." that the page has."""
    text = page.read_text(encoding="utf-8")
    pairs = []
    for file, listed in re.findall(r"`([\w/]+\.py)`: ((?:`[\w.]+`(?:, )?)+)", text):
        pairs += [(file, name) for name in _INLINE.findall(listed)]
    return pairs


def defines(file: Path, name: str) -> bool:
    """Whether a Python file defines a name at its top level, or in the class before the dot."""
    body = ast.parse(file.read_text(encoding="utf-8")).body
    for part in name.split("."):
        inside = [node for node in body if part in _defined(node)]
        if not inside:
            return False
        body = getattr(inside[0], "body", [])
    return True


def _defined(node: ast.stmt) -> list[str]:
    if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
        return [node.name]
    targets = getattr(node, "targets", [getattr(node, "target", None)])
    return [target.id for target in targets if isinstance(target, ast.Name)]
