# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The feature page names existing tests, and each row marked as done names one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/features.md").read_text()
ROWS = [[cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if re.match(r"\| [A-I]\d+ \|", line)]
LAST = {"A": 8, "B": 9, "C": 15, "D": 6, "E": 2, "F": 5, "G": 8, "H": 6, "I": 4}


def test_every_row_is_present_once_and_in_order():
    assert [row[0] for row in ROWS] == [f"{group}{number}" for group, last in LAST.items() for number in range(1, last + 1)]


def test_each_row_is_in_the_section_of_its_group():
    for section in PAGE.split("\n## ")[1:]:
        groups = {row[2] for row in re.findall(r"^\| [A-I]\d+ \|", section, flags=re.M)}
        assert groups <= {section[0]}


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_every_done_row_names_its_test(row: list[str]):
    _name, _what, state, proof = row
    assert state.startswith(("done", "partly", "open"))
    assert bool(proof) == (not state.startswith("open"))


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`(tests/[\w/.]+)`", PAGE))))
def test_every_named_test_exists(path: str):
    places = (ROOT, ROOT / "collections/ansible_collections/catalog/mail")
    assert any((place / path).exists() for place in places)


def test_every_named_scenario_exists():
    named = {name for line in PAGE.splitlines() for part in re.findall(r"molecule ((?:`\w+`(?:, )?)+)", line)
             for name in re.findall(r"\w+", part)}
    assert named
    assert [name for name in named if not (ROOT / "molecule" / name / "molecule.yml").exists()] == []
