"""Tables of the room."""

from heatsupply.models.credit import (
    AreaReport,
    CreditScore,
    HeatPaper,
    RenewalFunds,
    RenewalPlan,
    RenewalSegment,
    SupplyIssue,
)
from heatsupply.models.fuel import Fuel, FuelContract, FuelStock, PriceRecord
from heatsupply.models.networks import (
    Compound,
    EfficiencyWork,
    ExchangeStation,
    HeatingCompany,
    HeatNetwork,
    HeatSource,
    NetworkCheck,
    NetworkSource,
    PipeSegment,
)

__all__ = [
    "AreaReport",
    "Compound",
    "CreditScore",
    "EfficiencyWork",
    "ExchangeStation",
    "Fuel",
    "FuelContract",
    "FuelStock",
    "HeatNetwork",
    "HeatPaper",
    "HeatSource",
    "HeatingCompany",
    "NetworkCheck",
    "NetworkSource",
    "PipeSegment",
    "PriceRecord",
    "RenewalFunds",
    "RenewalPlan",
    "RenewalSegment",
    "SupplyIssue",
]
