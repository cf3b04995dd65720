# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Draw a small line chart as SVG, readable on a light and on a dark page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from helpers.bench.report import number

WIDTH, HEIGHT = 560, 300
LEFT, RIGHT, TOP, BOTTOM = 52, 130, 34, 42
"""Space around the drawing, for the scales and, at the right, the names of the lines."""
COLOURS = ("#2f81f7", "#8b949e", "#d29922", "#3fb950")
STYLE = """
  text { font: 12px system-ui, sans-serif; fill: #1f2328; }
  .title { font-weight: 600; }
  .rule { stroke: #8b949e; stroke-opacity: .35; }
  @media (prefers-color-scheme: dark) { text { fill: #e6edf3; } }
"""
HEADER = """\
<!--
Copyright (c) 2026 The catalog.mail authors
GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
SPDX-License-Identifier: GPL-3.0-or-later
-->
"""

Points = Sequence[tuple[float, float]]


def line_chart(title: str, across: str, up: str, lines: Mapping[str, Points]) -> str:
    """Return the SVG of lines by name. Both axes begin at 0; `across` and `up` say what they count."""
    far = max(x for points in lines.values() for x, _y in points)
    high = max(y for points in lines.values() for _x, y in points)
    step = _step(high)
    top = step * -(-high // step)

    def place(x: float, y: float) -> tuple[float, float]:
        return (
            LEFT + x / far * (WIDTH - LEFT - RIGHT),
            HEIGHT - BOTTOM - y / top * (HEIGHT - TOP - BOTTOM),
        )

    parts = [_text(LEFT, 18, title, "class='title'")]
    for tick in range(round(top / step) + 1):
        x, y = place(0, tick * step)
        parts += [f"<line class='rule' x1='{x}' y1='{y:.1f}' x2='{WIDTH - RIGHT}' y2='{y:.1f}'/>",
                  _text(x - 6, y + 4, f"{tick * step:g}", "text-anchor='end'")]  # fmt: skip
    for value in sorted({x for points in lines.values() for x, _y in points}):
        x, y = place(value, 0)
        parts.append(_text(x, y + 16, f"{value:g}", "text-anchor='middle'"))
    parts.append(_text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, across, "text-anchor='middle'"))
    middle = (TOP + HEIGHT - BOTTOM) / 2
    parts.append(_text(14, middle, up, f"text-anchor='middle' transform='rotate(-90 14 {middle:g})'"))
    for colour, (name, points) in zip(COLOURS, lines.items(), strict=False):
        parts += _line(name, [place(x, y) for x, y in points], points[-1][1], colour)
    body = "\n".join(parts)
    return (
        f"{HEADER}<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {WIDTH} {HEIGHT}' width='{WIDTH}' height='{HEIGHT}' "
        f"role='img' aria-label='{escape(title, quote=True)}'>\n<style>{STYLE}</style>\n{body}\n</svg>\n"
    )


def _line(name: str, places: Points, last: float, colour: str) -> list[str]:
    """Return a line, a dot at each of its points, and its name and last value at its end."""
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in places)
    dots = [f"<circle cx='{x:.1f}' cy='{y:.1f}' r='3' fill='{colour}'/>" for x, y in places]
    x, y = places[-1]
    return [f"<polyline points='{path}' fill='none' stroke='{colour}' stroke-width='2'/>", *dots,
            _text(x + 8, y + 4, f"{name} {number(last)}")]  # fmt: skip


def _text(x: float, y: float, words: str, attributes: str = "") -> str:
    return f"<text x='{x:.1f}' y='{y:.1f}' {attributes}>{escape(words)}</text>"


def _step(high: float) -> float:
    """Return the distance of the scale's lines: 1, 2 or 5 times a power of ten, for three to seven lines."""
    power = 10.0 ** (len(str(int(high))) - 2)
    return next(factor * power for factor in (1, 2, 5, 10, 20) if high / (factor * power) <= 6)
