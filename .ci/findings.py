#!/usr/bin/env python3
# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Copy the code that the collection shares with the service, and write the pages of findings.

    .ci/findings.py          write all files
    .ci/findings.py --check  exit with 1, and name the files, when some are not up to date

The service cannot import the collection, which is not on its hosts; so its package has copies of the files that check a host.
"""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
COLLECTION = Path("collections/ansible_collections/catalog/mail")
UTILS = COLLECTION / "plugins/module_utils"
COPIES = COLLECTION / "roles/runtime/files/catalog-mail/src/catalog_mail/from_collection"
SHARED = (
    "_core/redaction",
    "_diagnosis/catalogue",
    "_diagnosis/dns_answer",
    "_diagnosis/dns_checks",
    "_diagnosis/finding",
    "_diagnosis/host_checks",
    "_diagnosis/host_state",
    "_diagnosis/report",
    "_diagnosis/spf",
    "_mail/connection_patterns",
    "_mail/diagnosis",
    "_mail/finding",
    "_mail/mail_patterns",
    "_mail/maillog",
    "_mail/smtp_reply",
    "_mail/smtp_reply_findings",
    "_mail/smtp_reply_rules",
)
PROOFS = Path("tests/data/finding_proofs.json")
PAGE = COLLECTION / "docs/troubleshooting.md"
FEATURES = COLLECTION / "docs/features.md"
BEGIN = "<!-- The table of findings is written by `make findings`. -->"
END = "<!-- End of the table of findings. -->"

HEADER = """# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License""" + """-Identifier: GPL-3.0-or-later
"""
ABOUT = '"""Copies of files of the collection, which `make findings` writes. Change the files in plugins/module_utils."""\n'
INTRODUCTION = """# Troubleshooting

This page is written by `make findings` from the catalogue of findings. Each finding is what a check may report, with its cause,
its remedy, and how to look by hand. Have all checks made:

- on a host of the application: `sudo catalog-mail diagnose`, with `--json` for programs;
- on all hosts: `ansible-playbook -i INVENTORY catalog.mail.diagnose`;
- in a playbook: the module `catalog.mail.mail_diagnosis_info`.

To follow one message, give its header Message-ID: `sudo catalog-mail diagnose --message-id '<...>'`, or the option
`message_id` of the module. The command exits with 0 when there is nothing to do, 3 when the worst finding is a warning, 4 when
it is an error, and 2 for wrong usage.

An **error** stops mail, a **warning** will or may, a **note** explains.
"""


def data(root: Path) -> dict[str, Any]:
    """Return the names of the catalogue, which imports nothing of the collection."""
    return runpy.run_path(str(root / UTILS / "_diagnosis/catalogue.py"))


def copies(root: Path) -> dict[Path, str]:
    """Return the service's copies by path."""
    found = {COPIES / f"{name}.py": (root / UTILS / f"{name}.py").read_text(encoding="utf-8") for name in SHARED}
    for folder in ("", *sorted({name.partition("/")[0] for name in SHARED})):
        found[COPIES / folder / "__init__.py"] = HEADER + ABOUT
    return found


def troubleshooting(root: Path) -> str:
    """Return the page of all findings, by symptom."""
    names = data(root)
    parts = [INTRODUCTION]
    for symptom, heading in names["SYMPTOMS"].items():
        parts.append(f"## {heading}\n")
        for entry in names["CATALOGUE"]:
            if entry.symptom == symptom:
                parts.append(
                    f"### {entry.id}\n\n{entry.severity.capitalize()}. {entry.cause}\n\n- Remedy: {entry.remedy}\n"
                    f"- By hand: {entry.look}\n")
    return "\n".join(parts)


def table(root: Path) -> str:
    """Return the table of findings, with the test that provokes each."""
    proofs = json.loads((root / PROOFS).read_text(encoding="utf-8"))
    rows = [f"| `{entry.id}` | {entry.severity} | {entry.cause} | `{proofs[entry.id]}` |" for entry in data(root)["CATALOGUE"]]
    return "\n".join(["| finding | severity | cause | provoked by |", "|---|---|---|---|", *rows])


def features(root: Path) -> str:
    """Return the feature page with its table of findings replaced."""
    before, begin, rest = (root / FEATURES).read_text(encoding="utf-8").partition(BEGIN)
    _old, end, after = rest.partition(END)
    if not begin or not end:
        raise SystemExit(f"{FEATURES} has no place for the table of findings: add the lines\n{BEGIN}\n{END}")
    return f"{before}{begin}\n\n{table(root)}\n\n{end}{after}"


def outputs(root: Path) -> dict[Path, str]:
    """Return all files that this script writes, by path."""
    return {**copies(root), PAGE: troubleshooting(root), FEATURES: features(root)}


def outdated(root: Path) -> list[Path]:
    """Return the files that are not up to date, and copies that no longer have an original."""
    wanted = outputs(root)
    present = {path.relative_to(root) for path in (root / COPIES).rglob("*.py")}
    return [
        path for path in sorted({*wanted, *present})
        if path not in wanted or not (root / path).exists() or (root / path).read_text(encoding="utf-8") != wanted[path]
    ]


def main() -> None:
    """Run the script."""
    stale = outdated(ROOT)
    if "--check" in sys.argv[1:]:
        sys.exit("\n".join(map(str, stale)) or None)
    wanted = outputs(ROOT)
    for path in stale:
        if path in wanted:
            (ROOT / path).parent.mkdir(parents=True, exist_ok=True)
            (ROOT / path).write_text(wanted[path], encoding="utf-8")
        else:
            (ROOT / path).unlink()
        print(path)


if __name__ == "__main__":
    main()
