# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Links in Markdown files lead to files and headings that exist, in the repository and in the installed collection."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest

ROOT = Path(__file__).resolve().parents[2]
COLLECTION = ROOT / "collections/ansible_collections/catalog/mail"

FENCED_CODE = re.compile(r"^(`{3,}|~{3,}).*?^\1", flags=re.M | re.S)
INDENTED_CODE = re.compile(r"(?:(?<=\n\n)|\A)(?: {4}[^\n]*\n+)+")
INLINE_CODE = re.compile(r"(`+)(?!`).+?(?<!`)\1(?!`)")
LINK = re.compile(r"(?:\]\(|^ {0,3}\[[^\]]+\]:)\s*(?:<([^>\n]+)>|([^\s()<>]+))", flags=re.M)
HEADING = re.compile(r"^#{1,6} +(.+?)(?: +#+)?$", flags=re.M)


def links(markdown: str) -> list[str]:
    """Return the targets of all links, images and link definitions, in order, without those in code."""
    prose = INDENTED_CODE.sub("", FENCED_CODE.sub("", markdown))
    prose = INLINE_CODE.sub("", prose)
    return [bracketed or bare for bracketed, bare in LINK.findall(prose)]


def anchors(markdown: str) -> set[str]:
    """Return the anchors of all headings, as GitHub and GitLab make them: lower case, hyphens, a number for a repetition."""
    found: set[str] = set()
    for heading in HEADING.findall(FENCED_CODE.sub("", markdown)):
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        anchor = re.sub(r"[^\w\- ]", "", text).strip().lower().replace(" ", "-")
        number = 0
        while (numbered := f"{anchor}-{number}" if number else anchor) in found:
            number += 1
        found.add(numbered)
    return found


def broken(place: Path) -> Iterator[str]:
    """Yield the broken relative links of a Markdown file, resolved from the folder `place` as a path, without following links."""
    for link in links(place.read_text()):
        if re.match(r"[a-z][a-z0-9+.-]*:", link):
            continue
        path, _, anchor = link.partition("#")
        target = place.parent / unquote(path) if path else place
        if not target.exists() or (anchor and anchor not in anchors(target.read_text())):
            yield link


def linked_folders() -> list[Path]:
    """Return links at the root of the repository that lead to its folders."""
    return [path for path in ROOT.iterdir() if path.is_symlink() and path.is_dir()]


@pytest.mark.parametrize(("markdown", "expected"), [
    ("[a](b.md) and ![c](d.png \"title\")", ["b.md", "d.png"]),
    ("[a](<b c.md>)", ["b c.md"]),
    ("[a](#part), `[code](gone.md)`, ``[x](`y`)``", ["#part"]),
    ("```\n[code](gone.md)\n```\n[a](b.md)", ["b.md"]),
    ("text\n\n    [code](gone.md)\n\n[a](b.md)", ["b.md"]),
    ("[a][x]\n\n[x]: b.md#part\n", ["b.md#part"]),
])
def test_links_are_found_outside_code(markdown: str, expected: list[str]):
    assert links(markdown) == expected


def test_anchors_match_those_of_the_forges():
    assert anchors("# F1, as far as `x_y` goes\n## Same\n## Same\n```\n# code\n```\n") == {
        "f1-as-far-as-x_y-goes", "same", "same-1"}


def test_a_broken_link_is_found(tmp_path: Path):
    (tmp_path / "b.md").write_text("# Part\n")
    (tmp_path / "a.md").write_text("[1](b.md#part) [2](b.md#other) [3](c.md) [4](https://example.org/c.md) [5](#none)\n")
    assert list(broken(tmp_path / "a.md")) == ["b.md#other", "c.md", "#none"]


def test_every_relative_link_has_a_target(files: list[Path], root: Path):
    """Checked from the file's own path, and through each link at the root that leads to its folder."""
    pages = [path for path in files if path.suffix == ".md"]
    pages += [page for folder in linked_folders() for page in folder.rglob("*.md")]
    assert root / "docs/features.md" in pages
    assert {page.relative_to(root).as_posix(): found for page in pages if (found := list(broken(page)))} == {}


def test_links_in_the_collection_stay_in_it(files: list[Path]):
    """An installed collection has no repository around it."""
    leaving = [
        (page.relative_to(COLLECTION).as_posix(), link)
        for page in files if page.suffix == ".md" and page.is_relative_to(COLLECTION)
        for link in links(page.read_text()) if not re.match(r"[a-z][a-z0-9+.-]*:", link)
        if not (page.parent / link.partition("#")[0]).resolve().is_relative_to(COLLECTION)
    ]
    assert leaving == []


def test_links_from_outside_name_real_folders(files: list[Path], root: Path):
    """Forges show a linked folder as a file: a Markdown link through `docs` works only in a checkout."""
    through = [
        (page.relative_to(root).as_posix(), link)
        for page in files if page.suffix == ".md"
        for link in links(page.read_text()) if not re.match(r"[a-z][a-z0-9+.-]*:|#", link)
        if any(parent in linked_folders() for parent in _lexical_parents(page.parent / link.partition("#")[0]))
    ]
    assert through == []


def _lexical_parents(path: Path) -> list[Path]:
    """Return the folders of a path, `..` resolved, links not followed."""
    parts: list[str] = []
    for part in path.parts:
        if part == "..":
            parts.pop()
        else:
            parts.append(part)
    return list(Path(*parts).parents)
