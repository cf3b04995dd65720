# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The API conforms to its own description for every request."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from helpers.service.process import RunningService, through
from helpers.service.smtp_sink import MailSink

CONFIGURATION = Path(__file__).parents[1] / "schemathesis.toml"
# Enough to try every operation with valid, invalid and unusual values, in bounded time.
EXAMPLES = 5
SECONDS = 60


def test_every_response_conforms_to_the_description(service: RunningService, sink: MailSink):
    assert service.save(through(sink.port)).status_code == 200
    done = subprocess.run(
        [
            Path(sys.executable).with_name("schemathesis"), "--config-file", CONFIGURATION,
            "run", f"{service.url}/api/v1/openapi.json",
            "--header", f"Authorization: Bearer {service.tokens['server_admin']}",
            "--checks", "all", "--max-examples", str(EXAMPLES), "--max-time", str(SECONDS), "--no-color",
            "--seed", "20261121", "--generation-deterministic", "--suppress-health-check", "all",
        ],
        capture_output=True, text=True, timeout=3 * SECONDS, check=False, cwd=service.folder,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    assert "Traceback" not in service.log.read_text()


def test_every_operation_has_a_summary_and_errors(service: RunningService):
    description = service.call("GET", "/openapi.json", role=None).json()
    for path, operations in description["paths"].items():
        for method, operation in operations.items():
            place = f"{method} {path}"
            assert operation.get("summary") and operation.get("description"), place
            assert operation["responses"], place
            if "security" in operation:
                assert {"401", "403"} <= set(operation["responses"]), place
            for status, response in operation["responses"].items():
                if int(status) >= 400 and path.startswith("/api/") and not path.endswith("/health"):
                    assert "application/problem+json" in response["content"], f"{place} {status}"
