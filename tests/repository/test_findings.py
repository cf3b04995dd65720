# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The catalogue of findings: complete, the same in collection and service, and its pages up to date."""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType

import pytest
from ansible_collections.catalog.mail.plugins.module_utils._diagnosis import host_checks
from ansible_collections.catalog.mail.plugins.module_utils._diagnosis.catalogue import BY_ID, CATALOGUE, SEVERITIES, SYMPTOMS
from ansible_collections.catalog.mail.plugins.module_utils._diagnosis.finding import found
from ansible_collections.catalog.mail.plugins.module_utils._mail.diagnosis import TABLE
from ansible_collections.catalog.mail.plugins.module_utils._mail.smtp_reply_findings import FINDINGS
from catalog_mail.domain.failures.failure import Cause, Failure
from catalog_mail.domain.failures.storage import StorageFault
from catalog_mail.domain.findings import of_service
from catalog_mail.domain.health import About, Reason
from helpers.service.process import SOURCE

ROOT = Path(__file__).resolve().parents[2]
PROOFS: dict[str, str] = json.loads((ROOT / "tests/data/finding_proofs.json").read_text(encoding="utf-8"))


def script() -> ModuleType:
    """Return the script that writes copies and pages."""
    spec = importlib.util.spec_from_file_location("findings_script", ROOT / ".ci/findings.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_copies_and_pages_are_up_to_date():
    stale = [path.as_posix() for path in script().outdated(ROOT)]
    assert stale == [], "run `make findings`"


def test_a_changed_and_a_surplus_copy_are_noticed(tmp_path: Path):
    findings = script()
    for path in {*findings.outputs(ROOT), findings.PROOFS, *(findings.UTILS / f"{name}.py" for name in findings.SHARED)}:
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes((ROOT / path).read_bytes())
    assert findings.outdated(tmp_path) == []
    changed, surplus = findings.COPIES / "_diagnosis/catalogue.py", findings.COPIES / "_mail/more.py"
    with (tmp_path / changed).open("a") as file:
        file.write("# A change in the copy.\n")
    (tmp_path / surplus).write_text("")
    assert set(findings.outdated(tmp_path)) == {changed, surplus}


def test_each_entry_is_complete():
    assert len(BY_ID) == len(CATALOGUE) > 60
    for entry in CATALOGUE:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", entry.id)
        assert entry.severity in SEVERITIES and entry.symptom in SYMPTOMS
        for text in (entry.cause, entry.remedy, entry.look):
            assert text.endswith(".") and text[0].isupper() and text.strip() == text, (entry.id, text)
    assert {entry.symptom for entry in CATALOGUE} == set(SYMPTOMS)


@pytest.mark.parametrize("entry_id", sorted(BY_ID))
def test_each_finding_is_provoked_by_a_test(entry_id: str):
    """The test names the finding, or the cause of which the finding is made."""
    name = entry_id.upper().replace("-", "_")
    text = (ROOT / PROOFS[entry_id]).read_text(encoding="utf-8")
    assert re.search(rf'"{entry_id}"|Cause\.{name}\b', text), f"{PROOFS[entry_id]} does not name {entry_id}"


def test_no_proof_is_left_over():
    assert set(PROOFS) == set(BY_ID)


def test_each_cause_of_the_service_is_a_finding_of_that_name():
    for cause in Cause:
        finding = of_service.of_failure(Failure(cause, "It fails.", "Do this.", temporary=False, field="a.b"))
        assert (finding.id, finding.cause, finding.remedy, finding.field) == (cause.value, "It fails.", "Do this.", "a.b")


def test_each_reason_of_the_health_is_a_finding_of_that_name():
    domain = SOURCE / "catalog_mail/domain"
    codes = {
        code for name in ("health.py", "replies/problems.py", "settings/bounces.py")
        for code in re.findall(
            r'^ +(?:yield \w+\(About\.\w+, )?"([a-z]+(?:-[a-z]+)+)",', (domain / name).read_text(encoding="utf-8"), flags=re.M)
    }  # fmt: skip
    assert {"queue-not-running", "credential-expired", "put-aside", "bounces-not-read"} <= codes
    for code in codes | {"not-configured", "misconfigured"}:
        assert of_service.of_reason(Reason(About.REPLIES, code, "It fails.", "Do this.")).id == code


def test_each_fault_of_storage_is_a_finding():
    for fault in StorageFault:
        assert of_service.finding(f"storage-{fault.value}").id == "database-failed"
    assert of_service.finding("of-a-later-version").id == "internal-error"


def test_each_meaning_of_a_servers_words_is_a_finding():
    names = {finding.name for _pattern, finding in TABLE} | set(FINDINGS)
    assert {found(host_checks.id_of(name)).id for name in names} <= set(BY_ID)
    assert set(host_checks.IDS) | host_checks.NAMED_ALIKE <= names


def test_the_page_has_each_finding_once_by_symptom():
    page = (ROOT / "docs/troubleshooting.md").read_text(encoding="utf-8")
    assert re.findall(r"^## (.*)$", page, flags=re.M) == list(SYMPTOMS.values())
    assert sorted(re.findall(r"^### (.*)$", page, flags=re.M)) == sorted(BY_ID)
