# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Endpoint for the diagnosis."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from catalog_mail.api.context import Services, services
from catalog_mail.api.problems import documented
from catalog_mail.api.security import require
from catalog_mail.domain.catalog.people import Principal, Role
from catalog_mail.services.diagnosis import dns_options

router = APIRouter(tags=["operations"])


class FindingAnswer(BaseModel):
    """A finding."""

    id: str = Field(description="Stable identifier for programs.", examples=["login-refused"])
    severity: str = Field(description="error: stops mail; warning: will or may; note: explains.")
    cause: str = Field(description="What is wrong.")
    remedy: str = Field(description="What to do to solve the problem.")
    look: str = Field(description="How to see the same by hand.")
    evidence: list[str] = Field(description="Facts, and words of servers.")
    source: str = Field(description="service: found by the application.")
    field: str | None = Field(description="The setting to check.")
    count: int | None = Field(description="The number of messages concerned.")


class DiagnosisAnswer(BaseModel):
    """The findings, worst first."""

    findings: list[FindingAnswer]
    transport: str | None = Field(description="builtin, smtp or microsoft; null while the settings are not complete.")


@router.get("/diagnosis", response_model=DiagnosisAnswer, responses=documented(401, 403, 422))
def diagnosis(
    services: Annotated[Services, Depends(services)],
    _principal: Annotated[Principal, Depends(require(Role.SERVER_ADMIN))],
    public_address: Annotated[str | None, Query(max_length=50, description="The address that other mail servers see.")] = None,
    dkim_selector: Annotated[Sequence[str], Query(max_length=10, description="A selector of DKIM; may be repeated.")] = (),
    name_server: Annotated[Sequence[str], Query(max_length=5, description="A name server to ask; may be repeated.")] = (),
) -> DiagnosisAnswer:
    """Check the service, its mail server, its mailbox and the DNS of its sender now. Sends nothing. For server admins.

    Takes as long as its servers need to answer, at most their timeouts.
    """
    found = services.diagnosis.run(dns_options(public_address, dkim_selector, name_server))
    return DiagnosisAnswer(
        findings=[FindingAnswer(**one.as_result()) for one in found.findings], transport=found.transport
    )  # fmt: skip
