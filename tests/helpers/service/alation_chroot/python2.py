#!/usr/lib/stand_in/bin/python3.11
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An interpreter in place of Python 2: refuses programs that Python 2 would not run, and runs the others with Python 3.

Checks the program itself, not the modules that it imports: the syntax with lib2to3's grammar of Python 2, then a list of what
that grammar lets pass and of names, modules and options that came with Python 3. The program must also be valid in Python 3.
Texts stay those of Python 3: differences between `str` and `unicode` do not show.
"""

from __future__ import annotations

import ast
import re
import sys
import warnings
from collections.abc import Iterator

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from lib2to3 import pygram, pytree
    from lib2to3.pgen2.driver import Driver
    from lib2to3.pgen2.parse import ParseError
    from lib2to3.pgen2.tokenize import TokenError

FLAGS = "BEOSsubdvt3R"
NODES: dict[type[ast.AST], str] = {
    ast.JoinedStr: "f-string", ast.Nonlocal: "nonlocal", ast.AnnAssign: "annotation", ast.AsyncFunctionDef: "async",
    ast.Await: "await", ast.NamedExpr: ":=", ast.YieldFrom: "yield from", ast.MatMult: "@", ast.Match: "match",
}
NAMES = {
    "FileNotFoundError", "FileExistsError", "PermissionError", "ProcessLookupError", "ConnectionError", "BrokenPipeError",
    "TimeoutError", "NotADirectoryError", "IsADirectoryError", "ChildProcessError", "BlockingIOError", "InterruptedError",
    "ConnectionResetError", "ConnectionRefusedError", "ModuleNotFoundError", "RecursionError", "ascii", "breakpoint",
}
MODULES = {
    "asyncio", "builtins", "concurrent", "configparser", "contextvars", "copyreg", "dataclasses", "enum", "html", "http",
    "ipaddress", "pathlib", "queue", "secrets", "selectors", "socketserver", "statistics", "tomllib", "typing", "urllib.error",
    "urllib.parse", "urllib.request",
}
ATTRIBUTES = {
    "subprocess.run", "subprocess.DEVNULL", "shlex.quote", "shlex.join", "shutil.which", "sys.stdin.buffer", "sys.stdout.buffer",
    "sys.stderr.buffer", "os.replace", "os.fsencode", "os.fsdecode", "time.monotonic", "time.perf_counter",
    "json.JSONDecodeError",
    "base64.encodebytes", "base64.decodebytes", "contextlib.suppress", "contextlib.ExitStack", "tempfile.TemporaryDirectory",
    "functools.lru_cache", "textwrap.indent", "int.from_bytes", "inspect.signature",
}
KEYWORDS = {
    "open": {"encoding", "errors", "newline"}, "makedirs": {"exist_ok"}, "Popen": {"text", "encoding", "errors"},
    "check_output": {"text", "encoding", "errors", "timeout"}, "check_call": {"timeout"}, "communicate": {"timeout"},
}


def problems(source: str) -> Iterator[tuple[int, str]]:
    """Yield line and reason for each part of a program that Python 2 would not run."""
    first_lines = source.split("\n", 2)[:2]
    if not source.isascii() and not any(re.match(r"[ \t\f]*#.*?coding[:=]", line) for line in first_lines):
        yield 1, "Non-ASCII character, but no encoding declared"
    tree = ast.parse(source)
    future = {alias.name for node in tree.body if isinstance(node, ast.ImportFrom) and node.module == "__future__"
              for alias in node.names}
    if unknown := future - {"absolute_import", "division", "print_function", "unicode_literals", "with_statement"}:
        yield 1, f"future feature {sorted(unknown)} is not defined"
    with_function = "print_function" in future
    grammar = pygram.python_grammar_no_print_statement if with_function else pygram.python_grammar
    try:
        Driver(grammar, convert=pytree.convert).parse_string(source if source.endswith("\n") else source + "\n")
    except ParseError as error:
        yield error.context[1][0] if error.context else 1, f"invalid syntax near {error.value!r}"
    except TokenError as error:
        yield 1, str(error)
    attempts = _attempts(tree)
    for node in ast.walk(tree):
        reasons = [*_of_syntax(node, with_function), *(_of_names(node) if node not in attempts else ())]
        for reason in reasons:
            yield getattr(node, "lineno", 1), reason


def _attempts(tree: ast.AST) -> set[ast.AST]:
    """Return all below a `try` that expects a name or module to be missing, as programs for Python 2 and 3 have it."""
    tries = [node for node in ast.walk(tree) if isinstance(node, ast.Try) and any(
        isinstance(part, ast.Name) and part.id in {"ImportError", "NameError", "AttributeError"}
        for handler in node.handlers if handler.type for part in ast.walk(handler.type))]
    return {below for node in tries for statement in node.body for below in ast.walk(statement)}


def _of_syntax(node: ast.AST, print_function: bool) -> Iterator[str]:
    if type(node) in NODES:
        yield NODES[type(node)]
    elif isinstance(node, ast.arguments):
        yield from _of_arguments(node)
    elif isinstance(node, ast.FunctionDef) and node.returns:
        yield "annotation"
    elif isinstance(node, ast.Raise) and node.cause:
        yield "raise ... from"
    elif isinstance(node, ast.ClassDef) and node.keywords:
        yield "keyword in the bases of a class"
    elif isinstance(node, ast.Call):
        yield from _of_call(node, print_function)


def _of_names(node: ast.AST) -> Iterator[str]:
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load) and node.id in NAMES:
        yield f"name {node.id!r} is not defined"
    elif isinstance(node, ast.Import | ast.ImportFrom):
        names = [node.module or ""] if isinstance(node, ast.ImportFrom) else [alias.name for alias in node.names]
        yield from (f"no module named {name}" for name in names if name in MODULES or name.split(".")[0] in MODULES)
        if isinstance(node, ast.ImportFrom):
            full = [f"{node.module}.{alias.name}" for alias in node.names]
            yield from (f"cannot import {name}" for name in full if name in ATTRIBUTES or name in MODULES)
    elif isinstance(node, ast.Attribute) and ast.unparse(node) in ATTRIBUTES:
        yield f"no attribute {ast.unparse(node)}"


def _of_arguments(node: ast.arguments) -> Iterator[str]:
    if node.kwonlyargs:
        yield "keyword-only argument"
    if node.posonlyargs:
        yield "positional-only argument"
    if any(one is not None and one.annotation for one in (*node.args, *node.kwonlyargs, node.vararg, node.kwarg)):
        yield "annotation"


def _of_call(node: ast.Call, print_function: bool) -> Iterator[str]:
    name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr if isinstance(node.func, ast.Attribute) else ""
    for keyword in node.keywords:
        if keyword.arg in KEYWORDS.get(name, ()):
            yield f"{name}() takes no argument {keyword.arg!r}"
    if not isinstance(node.func, ast.Name):
        return
    if name == "super" and not node.args:
        yield "super() takes at least 1 argument"
    if name == "print" and not print_function and (len(node.args) != 1 or node.keywords):
        yield "print of other than one value in brackets"


def usage(message: str) -> int:
    sys.stderr.write(message + "\nusage: python2 [option] ... [-c cmd | file | -] [arg] ...\n")
    return 2


def main(words: list[str]) -> int:
    """Run the program that the command line names. Returns the exit code."""
    words = list(words)
    while words and re.fullmatch(f"-[{FLAGS}]+", words[0]):
        words.pop(0)
    if words and words[0] in ("-V", "--version"):
        sys.stderr.write("Python 2.7.18\n")
        return 0
    if words and words[0] == "-c":
        if len(words) < 2:
            return usage("Argument expected for the -c option")
        path, content, arguments = "<string>", words[1].encode(), ["-c", *words[2:]]
    elif not words or words[0] == "-":
        path, content, arguments = "<stdin>", sys.stdin.buffer.read(), words or [""]
    elif words[0].startswith("-"):
        return usage(f"Unknown option: {words[0]}")
    else:
        path, arguments = words[0], words
        with open(path, "rb") as file:
            content = file.read()
    try:
        source = content.decode()
        found = sorted(problems(source))
    except (SyntaxError, UnicodeDecodeError) as error:
        found = [(getattr(error, "lineno", None) or 1, str(error))]
    if found:
        line, reason = found[0]
        sys.stderr.write(f'  File "{path}", line {line}\nSyntaxError: {reason}\n')
        return 1
    sys.argv = arguments
    sys.path[0] = path.rpartition("/")[0] if arguments == words and path == words[0] else ""
    module = sys.modules["__main__"]
    for name in [name for name in vars(module) if not name.startswith("__")]:
        delattr(module, name)
    vars(module).update(__doc__=None, __file__=path)
    if path.startswith("<"):
        del module.__file__
    exec(compile(source, path, "exec", dont_inherit=True), vars(module))  # noqa: S102 - it is an interpreter
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
