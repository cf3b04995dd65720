#!/usr/bin/env python3
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the programs of tests/bench one after the other, and write what they print to docs/benchmarks.md.

    .ci/bench.py                     every program
    .ci/bench.py NAME [OPTION...]    one program with these options; its part of the report is printed, and no file written

A program says by its exit status whether it met its goals (0) or not; then the others run all the same, and this ends with
1 at the end. A program that takes longer than MOST_SECONDS is interrupted, and has failed. On an idle machine of two processors
all of them take some 25 minutes together.

Of what a program prints, tables become Markdown tables, lines "goal: ..." a list, and a line "picture: FILE TEXT" shows a file
that it wrote into the folder BENCH_PICTURES.
"""

from __future__ import annotations

import ast
import os
import platform
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PROGRAMS = ROOT / "tests/bench"
REPORT = ROOT / "docs/benchmarks.md"
MOST_SECONDS = float(os.environ.get("BENCH_MOST_SECONDS", "900"))
# For a program that is interrupted to remove what it has made, such as copies of hosts.
CLEANUP_SECONDS = 60.0
INTRODUCTION = """\
# Benchmarks

Written by `make bench`. The seconds belong to the machine below. What counts is each number beside its floor or its peer, which
were measured in the same run: a floor is the least that any program can need for the task, a peer is another way to do it.
"""


@dataclass(frozen=True)
class Result:
    """One run of a program: its path, options, exit status, output and seconds."""

    program: Path
    options: tuple[str, ...]
    status: int
    output: str
    seconds: float

    @property
    def verdict(self) -> str:
        """Return met, no goal, **missed** or **failed**: a failed program has ended without a missed goal."""
        if self.status == 0:
            return "met" if re.search("^goal", self.output, flags=re.M) else "no goal"
        return "**missed**" if "MISSED" in self.output else "**failed**"

    def markdown(self) -> str:
        """Return the program's part of the report."""
        command = " ".join(["python", str(self.program.relative_to(ROOT)), *self.options])
        explanation = (ast.get_docstring(ast.parse(self.program.read_text(encoding="utf-8"))) or "").partition("\n\nUsage:")[0]
        return (
            f"## {self.program.stem}\n\n{explanation}\n\n"
            f"`{command}`, {self.seconds:.0f} s: {self.verdict}\n\n{''.join(_blocks(self.output.splitlines()))}"
        )


def main(words: list[str]) -> int:
    """Run the named program or all of them; return the exit status."""
    # A shell starts jobs in the background with SIGINT ignored, which a program would inherit.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if words:
        result = run(PROGRAMS / f"{words[0]}.py", tuple(words[1:]))
        print(result.markdown())
        return int(result.status != 0)
    results = [run(program) for program in sorted(PROGRAMS.glob("*.py"))]
    REPORT.write_text(report(results), encoding="utf-8")
    print(f"Wrote {REPORT.relative_to(ROOT)}.", *(f"{result.program.stem}: {result.verdict}" for result in results), sep="\n")
    return int(any(result.status for result in results))


def run(program: Path, options: tuple[str, ...] = ()) -> Result:
    """Run a program; show its output as it comes."""
    print(f"=== {program.stem}", flush=True)
    environment = {"BENCH_PICTURES": str(REPORT.parent), **os.environ, "PYTHONUNBUFFERED": "1"}
    began = time.monotonic()
    lines = []
    with (
        subprocess.Popen(
            [sys.executable, program, *options], stdout=subprocess.PIPE, text=True, errors="replace", env=environment,
            start_new_session=True,
        ) as process,
        _limited(process.pid),
    ):
        for line in process.stdout or ():
            print(line, end="", flush=True)
            lines.append(line)
        status = process.wait()
    seconds = time.monotonic() - began
    if seconds > MOST_SECONDS:
        lines.append(f"Interrupted after {MOST_SECONDS:.0f} s.\n")
    return Result(program, options, status, "".join(lines), seconds)


@contextmanager
def _limited(group: int) -> Iterator[None]:
    """Interrupt a group of processes after MOST_SECONDS, or when this program is interrupted; kill what does not end then."""
    timers = [
        threading.Timer(MOST_SECONDS, partial(_signal, group, signal.SIGINT)),
        threading.Timer(MOST_SECONDS + CLEANUP_SECONDS, partial(_signal, group, signal.SIGKILL)),
    ]
    for timer in timers:
        timer.daemon = True
        timer.start()
    try:
        yield
    except KeyboardInterrupt:
        _signal(group, signal.SIGINT)
        raise
    finally:
        for timer in timers:
            timer.cancel()


def _signal(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, number)


def report(results: Iterable[Result]) -> str:
    """Return the whole report."""
    results = list(results)
    summary = "".join(f"| [{result.program.stem}](#{result.program.stem}) | {result.verdict} |\n" for result in results)
    minutes = sum(result.seconds for result in results) / 60
    facts = "".join(f"- {fact}\n" for fact in [*machine(), f"duration: {minutes:.0f} minutes"])
    parts = "\n".join(result.markdown() for result in results)
    return f"{INTRODUCTION}\n{facts}\n| program | goals |\n|---|---|\n{summary}\n{parts}"


def machine() -> list[str]:
    """Return what the numbers depend on: processors, memory, system, versions, commit, date."""
    processors = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    memory = int(Path("/proc/meminfo").read_text(encoding="utf-8").split()[1]) / 1024**2
    kernel, python = platform.release().partition("-")[0], platform.python_version()
    model = re.search(r"^model name\s*: (.*)$", processors, flags=re.M)
    system = platform.freedesktop_os_release().get("PRETTY_NAME", platform.system())
    # Without the report and its pictures, which this program writes.
    changes = _git("status", "--porcelain", "--", ".", f":!{REPORT.parent.resolve().relative_to(ROOT)}")
    return [
        f"machine: {os.cpu_count()} processors ({model[1] if model else platform.machine()}), {memory:.0f} GiB of memory",
        f"system: {system}, Linux {kernel}, Python {python}",
        f"commit: {_git('rev-parse', '--short', 'HEAD')}{' with changes' if changes else ''}",
        f"date: {time.strftime('%Y-%m-%d %H:%M UTC', time.gmtime())}, load at the end: {os.getloadavg()[0]:.1f}",
        "command: `make bench`; a single program: `.ci/bench.py NAME`",
    ]


def _git(*words: str) -> str:
    return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()


def _blocks(lines: Iterable[str]) -> Iterator[str]:
    """Yield the output as blocks of Markdown, each with an empty line after it."""
    for kind, group in groupby((line for line in lines if line.strip()), _kind):
        if kind == "table":
            yield "".join(f"{line}\n" for line in group) + "\n"
        elif kind == "goal":
            yield "".join(f"- {line.replace('MISSED', '**MISSED**')}\n" for line in group) + "\n"
        elif kind == "picture":
            for _word, file, text in (line.split(" ", 2) for line in group):
                yield f"![{text}]({file})\n\n"
        else:
            yield "```text\n" + "".join(f"{line}\n" for line in group) + "```\n\n"


def _kind(line: str) -> str:
    words = {"|": "table", "goal": "goal", "picture: ": "picture"}
    return next((kind for beginning, kind in words.items() if line.startswith(beginning)), "text")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
