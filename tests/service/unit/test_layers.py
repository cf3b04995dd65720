"""No layer of the service imports against the picture: the contracts stand in its pyproject.toml."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from helpers.service.process import SOURCE

CONTRACTS = SOURCE.parent / "pyproject.toml"


def lint(source: Path) -> subprocess.CompletedProcess[str]:
    """Import-linter over the package as it stands in this folder."""
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--config", CONTRACTS, "--no-cache"],
        env={**os.environ, "PYTHONPATH": str(source)}, cwd=source, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip


def test_no_layer_imports_against_the_picture():
    done = lint(SOURCE)
    assert done.returncode == 0, done.stdout


def test_an_import_against_it_is_found(tmp_path: Path):
    import shutil  # noqa: PLC0415

    copy = tmp_path / "src"
    shutil.copytree(SOURCE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    with (copy / "catalog_mail/services/tokens.py").open("a") as file:
        file.write("\nfrom catalog_mail.adapters import clock\n")
    assert lint(copy).returncode == 1
