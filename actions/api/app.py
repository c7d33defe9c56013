"""A view of the service, and who may do what -> the ASGI application."""

from collections.abc import Collection

from fastapi import Depends, FastAPI
from prometheus_client import CollectorRegistry

from actions.api.auth import Auth, Role
from actions.api.console import console_router
from actions.api.controls import controls_router
from actions.api.health import health_router
from actions.api.limits import Limits
from actions.api.listings import listings_router
from actions.api.metrics import metrics_router
from actions.api.quotas import quotas_router
from actions.api.verdicts import verdicts_router
from actions.api.view import View


def create_app(view: View, *, auth: Auth, metrics_registry: CollectorRegistry, hosts: Collection[str] | None = None) -> FastAPI:
    """The application.

    Args:
        view: the service behind it.
        auth: tokens, and whether reading needs one.
        metrics_registry: what /metrics shows.
        hosts: names that requests may be for; `limits.LOOPBACK_HOSTS` for a listener on loopback, None for any.
    """
    app = FastAPI(title="Tidegate", docs_url=None, redoc_url=None, openapi_url=None, redirect_slashes=False)
    app.include_router(health_router(view))
    app.include_router(metrics_router(metrics_registry))
    reader = [Depends(auth.need(Role.VIEW))]
    for router in (quotas_router(view), listings_router(view), verdicts_router(view)):
        app.include_router(router, dependencies=reader)
    app.include_router(console_router(view), dependencies=[Depends(auth.need(Role.VIEW, basic=True))])
    app.include_router(controls_router(view, auth))
    app.add_middleware(Limits, hosts=hosts)
    return app
