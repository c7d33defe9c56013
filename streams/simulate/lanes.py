"""Scenario -> lanes: one for each tenant, route and model, as arrays over lanes; what a record says of itself but its figures."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from detectors.scope import Scope
from streams.simulate.catalogue import Model, Route
from streams.simulate.faults import UnknownPrice
from streams.simulate.scenario import Scenario, TenantGroup

Float64 = NDArray[np.float64]
Int64 = NDArray[np.int64]
FIGURES = (
    "rate", "input_mu", "input_sigma", "output_mu", "output_sigma", "cached",
    "ttft_ms", "ms_per_token", "reasoning", "timeout_ratio", "quota_factor",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Lanes:
    """All lanes of a scenario; every array has one entry a lane.

    Attributes:
        names: dimension to value, as records carry them.
        figures: the numbers of FIGURES by name; `rate` is operations a second, mean over a day, 0 where only a fault leads.
        tenant: index into `tenants`.
        towards: model name to the lane with the same tenant and route and that model; itself where there is none.
        tenants: the group that each tenant is of.
    """

    names: tuple[Mapping[str, str], ...]
    figures: Mapping[str, Float64]
    tenant: Int64
    towards: Mapping[str, Int64]
    tenants: tuple[TenantGroup, ...]
    texts: tuple[str, ...] = field(repr=False)

    def __len__(self) -> int:
        """Number of lanes."""
        return len(self.names)

    def of(self, scope: Scope) -> NDArray[np.bool_]:
        """Which lanes a scope holds."""
        return np.array([all(names.get(dimension) == value for dimension, value in scope) for names in self.names])


@dataclass(frozen=True, slots=True)
class _Lane:
    tenant: int
    tenant_name: str
    group: TenantGroup
    route: Route
    model_name: str
    model: Model
    rate: float

    def names(self) -> dict[str, str]:
        route = self.route
        return {
            "tenant": self.tenant_name,
            "feature": route.feature,
            "service": route.service,
            "team": route.team,
            "env": route.env,
            "provider": self.model.provider,
            "model": self.model_name,
            "tier": self.group.tier,
            "region": self.group.region,
            "release": route.release,
        }

    def figures(self) -> tuple[float, ...]:
        route, model = self.route, self.model
        return (
            self.rate,
            math.log(route.input_tokens.median),
            route.input_tokens.sigma,
            math.log(route.output_tokens.median),
            route.output_tokens.sigma,
            route.cached,
            model.ttft_ms,
            model.ms_per_token,
            model.reasoning,
            self.group.timeout_ratio,
            self.group.quota_factor,
        )


def lay_lanes(scenario: Scenario) -> Lanes:
    """The lanes of a scenario, in the order of tenants, routes and models; a pure function of it."""
    random = np.random.default_rng([scenario.seed, 0x1A4E5])
    members = [(group, name) for group in scenario.tenants for name in group.names]
    lanes: list[_Lane] = []
    for tenant, (group, name) in enumerate(members):
        rate = group.operations_per_s * math.exp(group.spread * random.standard_normal() - group.spread**2 / 2)
        weights = group.routes or dict.fromkeys(scenario.routes, 1.0)
        for route_name, weight in weights.items():
            share = weight / sum(weights.values())
            lanes += _of_route(scenario, scenario.routes[route_name], (tenant, name, group), rate * share)
    return _arrays(lanes, tuple(group for group, _ in members))


def _of_route(scenario: Scenario, route: Route, member: tuple[int, str, TenantGroup], rate: float) -> list[_Lane]:
    total = sum(route.models.values())
    rates = {model: rate * weight / total for model, weight in route.models.items()}
    models = dict(scenario.catalogue)
    for fault in scenario.faults:
        if fault.destination is not None:
            rates.setdefault(fault.destination, 0.0)
        if isinstance(fault, UnknownPrice):
            models.setdefault(fault.model, Model(provider=fault.provider))
    tenant, name, group = member
    return [_Lane(tenant, name, group, route, model, models[model], its) for model, its in rates.items()]


def _arrays(lanes: list[_Lane], tenants: tuple[TenantGroup, ...]) -> Lanes:
    table = np.array([lane.figures() for lane in lanes], dtype=np.float64)
    names = tuple(lane.names() for lane in lanes)
    place = {(lane.tenant, id(lane.route), lane.model_name): index for index, lane in enumerate(lanes)}
    models = sorted({lane.model_name for lane in lanes})
    towards = {
        model: np.array([place.get((lane.tenant, id(lane.route), model), index) for index, lane in enumerate(lanes)])
        for model in models
    }
    return Lanes(
        names=names,
        figures={figure: np.ascontiguousarray(table[:, column]) for column, figure in enumerate(FIGURES)},
        tenant=np.array([lane.tenant for lane in lanes]),
        towards=towards,
        tenants=tenants,
        texts=tuple(_text(each) for each in names),
    )


def _text(names: Mapping[str, str]) -> str:
    carried = {dimension: value for dimension, value in names.items() if dimension != "release"}
    return "," + json.dumps(carried, ensure_ascii=False, separators=(",", ":"))[1:-1]
