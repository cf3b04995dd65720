# Copyright (c) 2026 The catalog.mail authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Create the HTTP application: routes, OpenAPI description, error handlers."""

from __future__ import annotations

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

import catalog_mail
from catalog_mail.api import (
    catalog,
    deliveries,
    diagnosis,
    drift,
    email_settings,
    events,
    health,
    metrics,
    notifications,
    operations,
    problems,
    replies,
    reply_messages,
    unsubscribe,
)
from catalog_mail.api.context import Services
from catalog_mail.api.hosts import AcceptedHosts, HostCheck
from catalog_mail.api.request_head import HeadLimit

PREFIX = "/api/v1"
ROUTERS = (
    email_settings.router,
    notifications.router,
    deliveries.router,
    catalog.router,
    replies.router,
    reply_messages.router,
    health.router,
    operations.router,
    diagnosis.router,
    metrics.router,
    drift.router,
    events.router,
)


def create_app(services: Services, hosts: AcceptedHosts) -> FastAPI:
    """Return the application that serves these use cases to requests for these hosts."""
    app = _bare()
    app.add_middleware(HostCheck, accepted=hosts)
    app.state.services = services
    return app


def description() -> dict[str, object]:
    """Return the OpenAPI description."""
    return _describe(_bare())


def _bare() -> FastAPI:
    app = FastAPI(
        title="Catalog mail",
        version=catalog_mail.__version__,
        summary="E-mail settings with Test and Save, notifications and conversations of a data catalog.",
        openapi_url=f"{PREFIX}/openapi.json",
        docs_url=None,  # the pages would load scripts from elsewhere
        redoc_url=None,
        redirect_slashes=False,  # a redirect would lead to the host that the request names, over plain HTTP
        # FastAPI's own telemetry costs a tenth of each request, and its data is not used here.
        telemetry={"tracing": False, "metrics": False, "logs": False, "operation_spans": False},
    )
    for router in ROUTERS:
        app.include_router(router, prefix=PREFIX)
    app.include_router(unsubscribe.router)
    app.add_middleware(HeadLimit)
    problems.install(app)
    app.openapi = lambda: _describe(app)  # type: ignore[method-assign]
    return app


def _describe(app: FastAPI) -> dict[str, object]:
    """Return FastAPI's description, with problem details in place of FastAPI's own error schemas."""
    if app.openapi_schema:
        return app.openapi_schema
    description = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
    schemas = description.setdefault("components", {}).setdefault("schemas", {})
    definition = problems.Problem.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(definition.pop("$defs", {}))
    schemas["Problem"] = definition
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    app.openapi_schema = description
    return description
