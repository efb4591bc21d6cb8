"""Tables of the room."""

from heatsupply.models.coal import CoalBatch, CoalPoint, CoalSale, CoalTest
from heatsupply.models.credit import (
    AreaReport,
    CreditScore,
    HeatPaper,
    RenewalFunds,
    RenewalPlan,
    RenewalSegment,
    SupplyIssue,
)
from heatsupply.models.fees import FeeAccount, FeeImport, FeeLine, SupplyFault, Suspension
from heatsupply.models.fuel import Fuel, FuelContract, FuelStock, PriceRecord
from heatsupply.models.imports import HeatImport
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
from heatsupply.models.samples import RoomSample, Survey, SurveyAnswer

__all__ = [
    "AreaReport",
    "CoalBatch",
    "CoalPoint",
    "CoalSale",
    "CoalTest",
    "Compound",
    "CreditScore",
    "EfficiencyWork",
    "ExchangeStation",
    "FeeAccount",
    "FeeImport",
    "FeeLine",
    "Fuel",
    "FuelContract",
    "FuelStock",
    "HeatImport",
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
    "RoomSample",
    "SupplyFault",
    "SupplyIssue",
    "Survey",
    "SurveyAnswer",
    "Suspension",
]
