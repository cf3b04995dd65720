# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Measure a playbook's recap and the costs of processes, and draw a picture, as the benchmarks do."""

from __future__ import annotations

import os
import subprocess
import sys
import xml.etree.ElementTree as ET

from helpers.bench.line_chart import line_chart
from helpers.bench.playbook_run import counts
from helpers.bench.process_costs import processor_seconds, proportional_memory, tree

RECAP = """
PLAY RECAP *********************************************************************
catalog12                  : ok=13   changed=0    unreachable=0    failed=0    skipped=21   rescued=0    ignored=0
clone01                    : ok=12   changed=1    unreachable=0    failed=0    skipped=22   rescued=0    ignored=0
"""
# Starts a child that works a little and waits; ends after it.
FAMILY = """
import subprocess, sys
child = "sum(range(10**7)); print('ready', flush=True); input()"
sys.exit(subprocess.run([sys.executable, "-c", child]).returncode)
"""


def test_the_recap_is_counted_by_host():
    found = counts(RECAP)
    assert {host: (count["ok"], count["changed"], count["skipped"]) for host, count in found.items()} == {
        "catalog12": (13, 0, 21), "clone01": (12, 1, 22)}


def test_costs_include_children_also_after_their_end():
    with subprocess.Popen(
        [sys.executable, "-c", FAMILY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as family:
        assert family.stdin
        assert family.stdout
        assert family.stdout.readline() == "ready\n"
        assert len(tree(family.pid)) == 2
        assert proportional_memory(family.pid) > 0
        used = processor_seconds(family.pid)
        assert used > 0
        family.stdin.write("\n")
        family.stdin.flush()
        family.stdin.close()
        os.waitid(os.P_PID, family.pid, os.WEXITED | os.WNOWAIT)
        assert tree(family.pid) == [family.pid]
        assert processor_seconds(family.pid) >= used


def test_the_chart_is_svg_for_light_and_dark_pages():
    drawn = line_chart("Cost & size", "hosts", "seconds", {"site": [(1, 2.0), (20, 31.5)], "floor": [(1, 1.0), (20, 17.0)]})
    picture = ET.fromstring(drawn)  # noqa: S314  our own
    name = "{http://www.w3.org/2000/svg}"
    lines = [line.get("points", "").split() for line in picture.iter(f"{name}polyline")]
    heights = [[float(point.partition(",")[2]) for point in line] for line in lines]
    assert [len(line) for line in lines] == [2, 2]
    assert heights[0][1] < heights[1][1] < heights[1][0]
    assert {"Cost & size", "hosts", "seconds", "site 31.5", "floor 17.0"} <= {text.text for text in picture.iter(f"{name}text")}
    assert "prefers-color-scheme: dark" in drawn
