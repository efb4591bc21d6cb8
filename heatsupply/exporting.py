"""Pipes, stations and sources as GeoJSON for a city's information model (CIM, B-41): geometry with attributes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from heatsupply.models import ExchangeStation, HeatSource, PipeSegment
from heatsupply.rules.pipes import why_due


def feature_collection(
    segments: Iterable[PipeSegment],
    stations: Iterable[ExchangeStation],
    sources: Iterable[HeatSource],
    *,
    year: int,
    full_years: int,
) -> dict[str, Any]:
    """RFC 7946, longitude before latitude. What has no coordinates yet keeps its attributes with an empty geometry."""
    features = [_segment(one, year, full_years) for one in segments]
    features += [_station(one) for one in stations]
    features += [_source(one) for one in sources]
    return {"type": "FeatureCollection", "features": features}


def _feature(key: str, geometry: dict[str, Any] | None, properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "Feature", "id": key, "geometry": geometry, "properties": properties}


def _point(row: Any) -> dict[str, Any] | None:
    known = row.lng is not None and row.lat is not None
    return {"type": "Point", "coordinates": [float(row.lng), float(row.lat)]} if known else None


def _segment(one: PipeSegment, year: int, full_years: int) -> dict[str, Any]:
    geometry = {"type": "LineString", "coordinates": one.line} if one.line else None
    return _feature(f"pipe-{one.pk}", geometry, {
        "class": "pipe", "company": one.network.company.name, "network": one.network.name, "code": one.code,
        "level": one.level, "length_m": float(one.length_m), "diameter_mm": one.diameter_mm,
        "year_laid": one.year_laid, "conditions": one.conditions,
        "due": list(why_due(one.year_laid, one.conditions, year, full_years)),
    })  # fmt: skip


def _station(one: ExchangeStation) -> dict[str, Any]:
    return _feature(f"station-{one.pk}", _point(one), {
        "class": "station", "company": one.network.company.name, "network": one.network.name, "code": one.code,
        "name": one.name, "capacity_mw": float(one.capacity_mw),
        "demand_mw": None if one.demand_mw is None else float(one.demand_mw),
    })  # fmt: skip


def _source(one: HeatSource) -> dict[str, Any]:
    return _feature(f"source-{one.pk}", _point(one), {
        "class": "source", "company": one.company.name, "name": one.name, "kind": one.kind, "state": one.state,
        "capacity_mw": float(one.capacity_mw),
        "contracted_mw": None if one.contracted_mw is None else float(one.contracted_mw),
    })  # fmt: skip
