# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""`make bench` runs every program, reports what each printed, and ends with 1 when one missed its goal."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.bench.report import Goal, number, table

PROGRAM = '''"""Measure {name}.

Usage: {name}.py"""
print("| a | b |")
print("|---|--:|")
print("| x | 1 |")
print("a sentence")
print("goal: seconds at most 2: 1.00, {verdict}")
print("picture: {name}.svg How {name} grows")
raise SystemExit({status})
'''


@pytest.fixture
def checkout(root: Path, tmp_path: Path) -> Path:
    """Return a folder with the program that runs the programs, and without programs."""
    for folder in (".ci", "tests/bench", "docs"):
        (tmp_path / folder).mkdir(parents=True)
    shutil.copy(root / ".ci/bench.py", tmp_path / ".ci")
    return tmp_path


def add(checkout: Path, name: str, *, verdict: str = "met", status: int = 0) -> None:
    (checkout / f"tests/bench/{name}.py").write_text(PROGRAM.format(name=name, verdict=verdict, status=status))


def bench(checkout: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, checkout / ".ci/bench.py", *words]
    environment = {**os.environ, "GIT_DIR": "/nowhere", **variables}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


def test_all_programs_run_and_a_missed_goal_fails_at_the_end(checkout: Path):
    add(checkout, "early", verdict="MISSED", status=1)
    add(checkout, "later")
    done = bench(checkout)
    report = (checkout / "docs/benchmarks.md").read_text()
    assert done.returncode == 1, done.stderr
    assert "| [early](#early) | **missed** |\n| [later](#later) | met |\n" in report
    assert "- goal: seconds at most 2: 1.00, **MISSED**\n" in report
    assert report.index("## early") < report.index("## later")


def test_the_report_shows_tables_text_pictures_and_the_machine(checkout: Path):
    add(checkout, "only")
    assert bench(checkout).returncode == 0
    report = (checkout / "docs/benchmarks.md").read_text()
    part = report[report.index("## only"):]
    assert re.match(r"## only\n\nMeasure only\.\n\n`python tests/bench/only\.py`, \d+ s: met\n\n", part)
    assert "\n\n| a | b |\n|---|--:|\n| x | 1 |\n\n" in part
    assert "\n\n```text\na sentence\n```\n\n" in part
    assert "![How only grows](only.svg)\n" in part
    assert re.search(r"- machine: \d+ processors \(.+\), \d+ GiB of memory\n- system: .+\n- commit: .*\n- date: \d{4}-", report)


def test_a_program_that_breaks_is_no_missed_goal(checkout: Path):
    (checkout / "tests/bench/broken.py").write_text('raise SystemExit("no lab")')
    done = bench(checkout)
    assert done.returncode == 1
    assert "no lab" in done.stderr
    assert "| [broken](#broken) | **failed** |" in (checkout / "docs/benchmarks.md").read_text()


ENDLESS = """
import pathlib, subprocess
pathlib.Path(__file__).with_name("begun").touch()
try:
    subprocess.run(["sleep", "600"])
finally:
    pathlib.Path(__file__).with_name("cleaned").touch()
"""


def test_a_program_that_never_ends_is_interrupted_and_the_others_run(checkout: Path):
    (checkout / "tests/bench/endless.py").write_text(ENDLESS)
    add(checkout, "later")
    for seconds in (1, 5, 30, 120):  # a busy machine takes longer to start a program
        done = bench(checkout, BENCH_MOST_SECONDS=str(seconds))
        report = (checkout / "docs/benchmarks.md").read_text()
        if (checkout / "tests/bench/begun").exists() and "| [later](#later) | met |" in report:
            break
    assert done.returncode == 1
    assert (checkout / "tests/bench/cleaned").exists()
    assert "| [endless](#endless) | **failed** |\n| [later](#later) | met |\n" in report
    assert f"\nInterrupted after {seconds} s.\n" in report


def test_a_program_may_measure_without_a_goal(checkout: Path):
    (checkout / "tests/bench/open.py").write_text('print("| a |")')
    assert bench(checkout).returncode == 0
    assert "| [open](#open) | no goal |" in (checkout / "docs/benchmarks.md").read_text()


def test_a_single_program_takes_options_and_writes_no_file(checkout: Path):
    add(checkout, "single")
    done = bench(checkout, "single", "--rounds", "1")
    assert done.returncode == 0
    assert "`python tests/bench/single.py --rounds 1`" in done.stdout
    assert not (checkout / "docs/benchmarks.md").exists()


@pytest.mark.parametrize(
    ("goal", "line"),
    [
        (Goal("tasks", 12, 12), "goal: tasks at most 12: 12.0, met"),
        (Goal("tasks", 13, 12), "goal: tasks at most 12: 13.0, MISSED"),
        (Goal("of the floor", 0.6, 0.6, at_least=True), "goal: of the floor at least 0.6: 0.60, met"),
        (Goal("of the floor", 0.59, 0.6, at_least=True), "goal: of the floor at least 0.6: 0.59, MISSED"),
        (Goal("seconds", float("nan"), 1), "goal: seconds at most 1: nan, MISSED"),
    ],
)
def test_a_goal_says_whether_it_is_met(goal: Goal, line: str):
    assert str(goal) == line


def test_a_table_is_padded_markdown():
    assert table(["name", "seconds"], [["a", 1.234], ["longer", "-"]]) == (
        "| name   | seconds |\n|--------|--------:|\n| a      |    1.23 |\n| longer |       - |")


@pytest.mark.parametrize(("value", "text"), [(1234.5, "1234"), (56.78, "56.8"), (8.914, "8.91"), (0.0, "0.00")])
def test_a_number_has_the_digits_that_matter(value: float, text: str):
    assert number(value) == text
