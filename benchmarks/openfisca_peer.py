"""The amounts of the assess benchmark in OpenFisca-core, in a process and an environment of its own.

    python openfisca_peer.py DATABASE_URL

Reads table `bench_dwelling`, fills `bench_peer`, prints seconds as JSON. Amounts are float yuan, as OpenFisca's models
have them (32 bits), parameters a tree of dated values, formulas whole columns at once.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import psycopg
from openfisca_core.entities import build_entity
from openfisca_core.parameters import ParameterNode
from openfisca_core.periods import YEAR
from openfisca_core.simulations import SimulationBuilder
from openfisca_core.taxbenefitsystems import TaxBenefitSystem
from openfisca_core.variables import Variable

Dwelling = build_entity("dwelling", "dwellings", "Dwelling", is_person=True)
ELECTRIC, GAS, BLOCK = 0, 1, 3
Column = Any
Formula = Callable[[Any, Any, Any], Column]


def variable(name: str, kind: type, formula: Formula | None = None) -> type[Variable]:
    """A column of the model: given, or computed by a formula."""
    about = {"value_type": kind, "entity": Dwelling, "definition_period": YEAR, "label": name}
    return type(name, (Variable,), about | ({"formula": formula} if formula else {}))


def t_conversion(dwelling: Any, period: Any, parameters: Any) -> Column:
    rule = parameters(period).taishan
    cost, block = dwelling("cost", period), dwelling("technology", period) == BLOCK
    most = np.where(block, dwelling("area", period) * rule.per_m2, rule.per_household)
    return dwelling("passes", period) * np.round(np.minimum(cost, most), 2)


def t_upper(dwelling: Any, period: Any, parameters: Any) -> Column:
    rule = parameters(period).taishan
    block = dwelling("technology", period) == BLOCK
    standard = np.where(block, dwelling("area", period) * rule.upper_per_m2, rule.upper_per_household)
    return np.round(np.minimum(dwelling("t_conversion", period), standard), 2)


def t_running(dwelling: Any, period: Any, parameters: Any) -> Column:
    rule, technology = parameters(period).taishan, dwelling("technology", period)
    rate = np.select([technology == ELECTRIC, technology == GAS], [rule.per_kwh, rule.per_m3], 0)
    return dwelling("passes", period) * np.round(np.minimum(dwelling("used", period) * rate, rule.season), 2)


def l_conversion(dwelling: Any, period: Any, parameters: Any) -> Column:
    rule, cost = parameters(period).litong, dwelling("cost", period)
    return np.round(np.where(cost >= rule.threshold, rule.central + rule.district, cost * rule.share), 2)


def l_central(dwelling: Any, period: Any, parameters: Any) -> Column:
    rule = parameters(period).litong
    return np.round(dwelling("l_conversion", period) * rule.central / (rule.central + rule.district), 2)


FORMULAS = (t_conversion, t_upper, t_running, l_conversion, l_central)
PARAMETERS = {
    "taishan": {
        "per_household": 6000, "upper_per_household": 3000, "per_m2": 83, "upper_per_m2": 25, "per_kwh": 0.2,
        "per_m3": 1, "season": 600,
    },
    "litong": {"threshold": 6000, "central": 3500, "district": 1800, "share": 0.8},
}  # fmt: skip


def system() -> TaxBenefitSystem:
    made = TaxBenefitSystem([Dwelling])
    values = {
        place: {name: {"values": {"2000-01-01": {"value": value}}} for name, value in rules.items()}
        for place, rules in PARAMETERS.items()
    }
    made.parameters = ParameterNode("", data=values)
    given = {"cost": float, "area": float, "used": float, "technology": int, "passes": bool}
    for name, kind in given.items():
        made.add_variable(variable(name, kind))
    for formula in FORMULAS:
        made.add_variable(variable(formula.__name__, float, formula))
    return made


def computed(columns: dict[str, Column]) -> dict[str, Column]:
    simulation = SimulationBuilder().build_default_simulation(system(), count=len(columns["cost"]))
    for name, values in columns.items():
        simulation.set_input(name, "2021", values)
    return {name: simulation.calculate(name, "2021") for name in (one.__name__ for one in FORMULAS)}


def read(database: Any) -> tuple[Column, dict[str, Column]]:
    """The table's columns; a text COPY is the quickest way from PostgreSQL into numpy that needs nothing else."""
    names = ("id", "technology", "passes", "cost", "area", "used")
    with database.cursor() as cursor, cursor.copy(_COPY) as copy:
        table = np.fromstring(b"".join(copy).decode().replace("\n", "\t"), sep="\t").reshape(-1, len(names))
    columns = dict(zip(names, table.T, strict=True))
    ids = columns.pop("id").astype(np.int64)
    columns["technology"], columns["passes"] = columns["technology"].astype(int), columns["passes"].astype(bool)
    return ids, columns


_COPY = """
COPY (SELECT id, technology, passes::int, cost_fen / 100.0, area_m2, used FROM bench_dwelling ORDER BY id) TO STDOUT
"""


def written(database: Any, ids: Column, answers: dict[str, Column]) -> None:
    fen = [np.rint(answers[name].astype(np.float64) * 100).astype(np.int64) for name in answers]
    with database.cursor() as cursor, cursor.copy("COPY bench_peer FROM STDIN") as copy:
        for row in zip(ids.tolist(), *(column.tolist() for column in fen), strict=True):
            copy.write_row(row)
    database.commit()


def main(url: str) -> None:
    with psycopg.connect(url) as database:
        began = time.perf_counter()
        ids, columns = read(database)
        worked = time.process_time()
        answers = computed(columns)
        engine_s = time.process_time() - worked
        written(database, ids, answers)
        print(json.dumps({"engine_s": engine_s, "database_s": time.perf_counter() - began}))


if __name__ == "__main__":
    main(sys.argv[1])
