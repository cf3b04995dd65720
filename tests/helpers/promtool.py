# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run Prometheus' own promtool on the example of alert rules, with the metrics of a scrape."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

import yaml
from prometheus_client.parser import text_string_to_metric_families

ROOT = Path(__file__).resolve().parents[2]
RULES = ROOT / "collections/ansible_collections/catalog/mail/docs/alerts.yml"
# Minutes for which each series of a test lasts; the alerts are looked at in the end.
MINUTES = 120
UP = {'up{job="catalog-mail"}': f"1+0x{MINUTES}"}


def promtool(*words: str | Path) -> subprocess.CompletedProcess[str]:
    """Run promtool with these arguments."""
    own = Path(sys.executable).with_name("promtool")
    program = own if own.exists() else shutil.which("promtool")
    assert program, "promtool is missing: .ci/bootstrap lab takes it from Debian's package prometheus"
    return subprocess.run([program, *words], capture_output=True, text=True, check=False)


def series(exposition: str, now: float) -> dict[str, str]:
    """Return the samples of a scrape at the time `now`, each as a series with this value in promtool's notation.

    promtool's clock begins at 0, and so do Unix times.
    """
    found = {}
    for family in text_string_to_metric_families(exposition):
        for sample in family.samples:
            labels = ",".join(f'{name}="{value}"' for name, value in sample.labels.items())
            value = sample.value - now if family.name.endswith("_timestamp_seconds") else sample.value
            found[f"{sample.name}{{{labels}}}"] = f"{value:+}+0x{MINUTES}"
    return found


def named_metrics() -> set[str]:
    """Return the names of the service's metrics in the rules."""
    rules = [rule["expr"] for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
    return set(re.findall(r"catalog_mail_\w+", " ".join(rules)))


def alerts() -> set[str]:
    """Return the names of all alerts."""
    return {rule["alert"] for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]}


def assert_firing(folder: Path, expected: Iterable[str], values: Mapping[str, str]) -> None:
    """Check that these alerts and no others fire when the series last; a series may end earlier."""
    samples = [{"labels": f'{{alertname="{name}"}}', "value": 1} for name in expected]
    test = {
        "rule_files": [str(RULES)],
        "tests": [
            {
                "interval": "1m",
                "input_series": [{"series": name, "values": value} for name, value in values.items()],
                "promql_expr_test": [
                    {
                        "expr": 'count by (alertname) (ALERTS{alertstate="firing"})',
                        "eval_time": f"{MINUTES}m",
                        "exp_samples": samples,
                    }
                ],
            }
        ],
    }
    file = folder / "alerts_test.yml"
    file.write_text(yaml.safe_dump(test))
    ran = promtool("test", "rules", file)
    assert ran.returncode == 0, ran.stdout + ran.stderr
