"""Navigation per kind of role (`accounts.rights.Role.navigation`): same pages, different doors.

An item is shown when the person holds its right and its page exists. Numbers come from `reports.queries.waiting` under
the item's URL name, asked for once while the menu is drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.rights import ROLES

Label = str | Promise


@dataclass(frozen=True)
class Item:
    """`right` is "" for pages every signed-in person has; `hot` marks numbers that wait for the reader; `also` names
    pages without an entry of their own whose addresses lie elsewhere. `reach`: letters of the address it answers for.
    """

    title: Label
    icon: str
    url_name: str
    right: str = ""
    hot: bool = False
    address: str = ""
    current: bool = False
    number: int | None = None
    also: tuple[str, ...] = ()
    reach: int = 0


@dataclass(frozen=True)
class Group:
    title: Label
    items: tuple[Item, ...]


HOME = Item(_("Workbench"), icon="home", url_name="home")
OVERVIEW = Item(_("Year overview"), icon="chart-bar", url_name="reports:overview", right="overview.view")
HOUSEHOLDS = Item(
    _("Household files"), icon="users", url_name="reports:household-list", right="households.view",
    also=("households:household-new",),
)  # fmt: skip
IMPORTS = Item(
    _("Roster import"), icon="upload", url_name="households:import-list", right="rosters.import",
    also=("households:conflict-list",),
)  # fmt: skip
ROSTERS = Item(_("Rosters"), icon="file-text", url_name="households:roster-list", right="households.view", hot=True)
CHANGES = Item(
    _("Changes of approved lists"), icon="pencil", url_name="households:change-list", right="households.view", hot=True
)
DUPLICATES = Item(_("Double entries"), icon="copy", url_name="households:duplicate-list", right="duplicates.decide")
VENUES = Item(_("Public venues"), icon="building", url_name="households:venue-list", right="households.view")
METERS = Item(_("Meters"), icon="bolt", url_name="households:meter-list", right="households.view")
PLACES = Item(_("Places"), icon="map-pin", url_name="households:place-list", right="households.view")
PROGRAMMES = Item(
    _("Targets and documents"), icon="target", url_name="programmes:programme-list", right="programmes.view"
)
TASKS = Item(_("Retrofit tasks"), icon="tool", url_name="retrofits:task-list", right="tasks.view")
ACCEPTANCES = Item(_("Acceptance"), icon="clipboard-check", url_name="retrofits:acceptance-list", right="tasks.view")
VISITS = Item(_("Today's visits"), icon="clipboard-check", url_name="retrofits:visit-list", right="acceptances.record")
RECTIFICATIONS = Item(_("Rectification"), icon="tool", url_name="retrofits:rectification-list", right="tasks.view")
ORDERS = Item(_("Inspectors' orders"), icon="send", url_name="retrofits:order-list", right="acceptances.dispatch")
JOINT = Item(_("Joint acceptance"), icon="writing-sign", url_name="retrofits:joint-list", right="tasks.view")
REVIEWS = Item(_("Review of acceptances"), icon="checks", url_name="retrofits:review-list", right="tasks.view")
ENTERPRISES = Item(_("Enterprises"), icon="building", url_name="retrofits:admission-list", right="tasks.view")
PRODUCTS = Item(
    _("Products"), icon="tool", url_name="retrofits:product-list", right="tasks.view", also=("retrofits:price-list",)
)
GAS_SUPPLY = Item(_("Gas supply of places"), icon="map-pin", url_name="retrofits:supply-list", right="tasks.view")
LOTS = Item(_("Tender lots"), icon="scale", url_name="retrofits:lot-list", right="tasks.view")
PROJECTS = Item(
    _("Projects"), icon="target", url_name="retrofits:project-list", right="programmes.view",
    also=("retrofits:building-list", "retrofits:outcome-list"),
)  # fmt: skip
WAITING_HOMES = Item(
    _("Transitional heating"), icon="temperature", url_name="retrofits:transition-list", right="tasks.view"
)
ENTITLEMENTS = Item(
    _("What is due"), icon="calculator", url_name="subsidies:entitlement-list", right="entitlements.view",
    also=("subsidies:difference-list",),
)  # fmt: skip
READINGS = Item(_("Meter readings"), icon="table", url_name="subsidies:reading-list", right="entitlements.view")
OPERATION = Item(
    _("Claims and heaters"), icon="temperature", url_name="subsidies:operation-list", right="entitlements.view"
)
CLAWBACKS = Item(_("Claims back"), icon="receipt", url_name="subsidies:clawback-list", right="entitlements.view")
NOTICES = Item(_("Public notices"), icon="speakerphone", url_name="subsidies:notice-list", right="entitlements.view")
BATCHES = Item(_("Payout batches"), icon="cash", url_name="subsidies:batch-list", right="payouts.view", hot=True)
FUNDS = Item(_("Funds"), icon="building-bank", url_name="subsidies:fund-list", right="funds.view")
RETURNS = Item(_("Bank returns"), icon="receipt", url_name="subsidies:return-list", right="payouts.reconcile")
POLICIES = Item(_("Policies"), icon="scale", url_name="subsidies:policy-list", right="policies.view")
HEATERS = Item(_("Heaters"), icon="temperature", url_name="telemetry:heater-list", right="devices.view")
ALERTS = Item(_("Alerts"), icon="bell", url_name="telemetry:alert-list", right="devices.view", hot=True)
GATEWAYS = Item(_("Lines and gateways"), icon="router", url_name="telemetry:gateway-list", right="devices.view")
PROFILES = Item(_("Register profiles"), icon="table", url_name="devices:profile-list", right="devices.view")
DOCKING = Item(_("Docking tests"), icon="circle-check", url_name="devices:docking-list", right="devices.view")
COMMANDS = Item(_("Commands"), icon="send", url_name="devices:command-list", right="devices.view")
COMPLAINTS = Item(
    _("Complaints and questions"), icon="message-circle", url_name="supervision:complaint-list",
    right="complaints.view", hot=True,
)  # fmt: skip
TICKETS = Item(
    _("Repair tickets"), icon="tool", url_name="supervision:ticket-list", right="tickets.view", hot=True,
    also=("supervision:service-board",),
)  # fmt: skip
OWN_TICKETS = Item(_("Repair tickets"), icon="tool", url_name="supervision:ticket-list", right="cases.own", hot=True)
SERVICE = Item(_("After-sales service"), icon="building", url_name="supervision:service-board", right="cases.own")
HAZARDS = Item(_("Hazards"), icon="alert-triangle", url_name="supervision:hazard-list", right="hazards.view", hot=True)
OWN_HAZARDS = Item(_("Hazards"), icon="alert-triangle", url_name="supervision:hazard-list", right="cases.own")
SAFETY = Item(_("Safety of the year"), icon="checks", url_name="supervision:safety-year", right="hazards.view")
COAL = Item(_("Coal relapse and non-use"), icon="map-pin", url_name="supervision:coal-list", right="hazards.view")
NETWORKS = Item(_("Heat networks"), icon="router", url_name="supervision:network-board", right="hazards.view")
OWN_READINGS = Item(_("Meter readings"), icon="table", url_name="subsidies:reading-list", right="readings.record")
OWN_NETWORKS = Item(_("Heat networks"), icon="router", url_name="supervision:network-board", right="networks.report")
CLEAN_COAL = Item(_("Clean coal"), icon="flame", url_name="heat:coal-list", right="coal.view")
HEAT_SUPPLY = Item(_("Heat supply"), icon="flame", url_name="heat:home", right="heatsupply.view")
HEAT_PIPES = Item(_("Heat pipes"), icon="route", url_name="heat:segment-list", right="heatsupply.view")
HEAT_FEES = Item(_("Heat fees"), icon="receipt", url_name="heat:fee-list", right="heatsupply.view", hot=True)
HEAT_SERVICE = Item(_("Service indicators"), icon="chart-bar", url_name="heat:indicator-board", right="heatsupply.view")
HEAT_COMPOUNDS = Item(_("Compounds"), icon="building", url_name="heat:compound-list", right="heatsupply.view")
PRODUCT_SAMPLES = Item(
    _("Product sampling"), icon="clipboard-check", url_name="supervision:sample-list", right="devices.view"
)
GIVEN_SAMPLES = Item(
    _("Product sampling"), icon="clipboard-check", url_name="supervision:sample-list", right="samples.record"
)
CHECKS = Item(_("Spot checks"), icon="checks", url_name="supervision:check-list", right="supervision.view")
MEASURES = Item(
    _("Supervision measures"), icon="speakerphone", url_name="supervision:measure-list", right="supervision.view",
    hot=True,
)  # fmt: skip
SCORES = Item(_("Scores of towns"), icon="chart-bar", url_name="supervision:score-list", right="supervision.view")
DUTIES = Item(_("Duties"), icon="scale", url_name="supervision:duty-board")
PERIODIC = Item(_("Periodic reports"), icon="file-text", url_name="reports:periodic-list", right="overview.view")
COUNTIES = Item(_("Counties"), icon="chart-bar", url_name="reports:county-board", right="overview.view")
EVALUATION = Item(
    _("Performance evaluation"), icon="clipboard-check", url_name="reports:evaluation", right="overview.view"
)
TRACE = Item(_("Trace the money"), icon="route", url_name="reports:audit-trace", right="audit.trace")
SAMPLES = Item(_("Samples"), icon="target", url_name="reports:sample-list", right="audit.trace")
FINDINGS = Item(_("Audit findings"), icon="pencil", url_name="reports:finding-list", right="audit.trace")
AGAIN = Item(_("Amounts again"), icon="calculator", url_name="reports:recompute", right="audit.trace")
QUESTIONS = Item(_("Questions at the bench"), icon="search", url_name="reports:query-log", right="audit.log")
LEDGERS = Item(_("Ledgers"), icon="file-spreadsheet", url_name="reports:ledger-list", right="ledgers.export")
HISTORY = Item(_("Change log"), icon="history", url_name="reports:audit-log", right="audit.log")
ADMIN_LOG = Item(_("Administrators' log"), icon="history", url_name="accounts:admin-log", right="audit.admin_log")
UPWARDS = Item(_("Readings sent upwards"), icon="send", url_name="telemetry:webhook-list", right="system.manage")
USERS = Item(_("Accounts and roles"), icon="user", url_name="accounts:user-list", right="users.view")
JOBS = Item(_("Background work"), icon="progress", url_name="jobs:job-list", right="jobs.view_all")

FIRST = Group("", (HOME, OVERVIEW))
_REGISTERS = Group(_("Household registers"), (CHANGES, DUPLICATES, VENUES, METERS, PLACES))
_WORKS = Group(_("Households and tasks"), (HOUSEHOLDS, PROGRAMMES, IMPORTS, ROSTERS, TASKS, ACCEPTANCES))
_ACCEPTED = Group(_("Acceptance"), (ORDERS, RECTIFICATIONS, JOINT, REVIEWS))
_BEFORE = Group(
    _("Before the works"), (ENTERPRISES, PRODUCTS, GAS_SUPPLY, LOTS, PROJECTS, WAITING_HOMES)
)  # fmt: skip
_MONEY = Group(
    _("Subsidies"),
    (ENTITLEMENTS, READINGS, OPERATION, NOTICES, BATCHES, FUNDS, RETURNS, CLAWBACKS, POLICIES),
)
_HEAT = Group(_("Heating"), (HEATERS, ALERTS, GATEWAYS, PROFILES, DOCKING, COMMANDS))
_WATCH = Group(_("Supervision"), (TRACE, FINDINGS, LEDGERS, PERIODIC, EVALUATION, HISTORY))
_SUPPLY = Group(_("Heat supply"), (HEAT_SUPPLY, HEAT_PIPES, HEAT_COMPOUNDS, HEAT_FEES, HEAT_SERVICE, CLEAN_COAL))
_CARE = Group(_("Service and safety"), (COMPLAINTS, TICKETS, HAZARDS, SAFETY, COAL, NETWORKS))
_JUDGE = Group(_("Checks and measures"), (DUTIES, PRODUCT_SAMPLES, CHECKS, MEASURES, SCORES))

SETS: dict[str, tuple[Group, ...]] = {
    "county": (FIRST, _WORKS, _BEFORE, _ACCEPTED, _REGISTERS, _MONEY, _HEAT, _SUPPLY, _CARE, _JUDGE, _WATCH),
    "finance": (
        FIRST, Group(_("Subsidies"), (BATCHES, FUNDS, RETURNS, ENTITLEMENTS, CLAWBACKS, READINGS, POLICIES)),
        Group(_("Evidence"), (HOUSEHOLDS, ACCEPTANCES, NOTICES)), _WATCH,
    ),
    "town": (
        FIRST, Group(_("Rosters"), (IMPORTS, ROSTERS, HOUSEHOLDS)), _REGISTERS,
        Group(_("Works and acceptance"), (TASKS, ACCEPTANCES, RECTIFICATIONS, NOTICES, READINGS)),
        Group(_("Before the works"), (WAITING_HOMES, ENTERPRISES, PROJECTS)),
        Group(_("Heating"), (HEATERS, ALERTS)), _SUPPLY, _CARE, _JUDGE,
        Group(_("Reports"), (LEDGERS, PERIODIC)),
    ),
    "audit": (
        FIRST, Group(_("Trace"), (TRACE, SAMPLES, FINDINGS, AGAIN, LEDGERS, BATCHES, FUNDS)),
        Group(_("Read only"), (HOUSEHOLDS, ROSTERS, ACCEPTANCES, ENTITLEMENTS, NOTICES, POLICIES, HEATERS, ALERTS)),
        _SUPPLY, Group(_("Logs"), (HISTORY, QUESTIONS, JOBS)),
    ),
    "inspector": (Group("", (HOME, VISITS)), Group(_("Done"), (ACCEPTANCES, OWN_HAZARDS))),
    "panel": (
        Group("", (HOME, JOINT)), Group(_("Done"), (ACCEPTANCES,)), _SUPPLY,
        Group(_("Checks and measures"), (DUTIES, GIVEN_SAMPLES, HAZARDS, SAFETY, COAL, MEASURES)),
    ),
    "devices": (
        FIRST,
        Group(_("Heaters"), (HEATERS, ALERTS, GATEWAYS, PROFILES, DOCKING, COMMANDS)),
        Group(_("Works"), (TASKS, RECTIFICATIONS, ENTERPRISES, PRODUCTS)),
        Group(_("Service and safety"), (OWN_TICKETS, OWN_HAZARDS, SERVICE, PRODUCT_SAMPLES, DUTIES)),
    ),
    "company": (
        Group("", (HOME,)), _SUPPLY,
        Group(_("Service and safety"), (OWN_TICKETS, OWN_HAZARDS, OWN_NETWORKS, OWN_READINGS, DUTIES)),
    ),
    "city": (FIRST, Group(_("Programmes"), (COUNTIES, PROGRAMMES, PROJECTS, PERIODIC, EVALUATION))),
    "admin": (Group("", (HOME,)), Group(_("Administration"), (USERS, JOBS, UPWARDS, ADMIN_LOG))),
}  # fmt: skip

TABS: tuple[Item, ...] = (HOME, VISITS, HOUSEHOLDS, TASKS, ACCEPTANCES, BATCHES, HEATERS, ALERTS, USERS)
TAB_COUNT = 4  # the fifth place of the bar is “More”: everything else


@lru_cache(maxsize=256)
def page_address(url_name: str) -> str:
    """Address of a page, "" while no room offers it."""
    try:
        return reverse(url_name)
    except NoReverseMatch:
        return ""


def _shown(item: Item, user: Any, path: str) -> Item | None:
    address = page_address(item.url_name)
    if not address or (item.right and not user.has_right(item.right)):
        return None
    reach = max(_reach(one, path) for one in (address, *map(page_address, item.also)))
    return replace(item, address=address, reach=reach, current=reach > 0)


def _reach(address: str, path: str) -> int:
    """Letters of the address if the path is it or below it, else 0; nothing is below the home page."""
    return len(address) if path == address or (address not in ("", "/") and path.startswith(address)) else 0


def shown_items(items: Iterable[Item], user: Any, path: str) -> tuple[Item, ...]:
    """Those of `items` that exist and that this person may open."""
    return tuple(shown for item in items if (shown := _shown(item, user, path)))


def navigation_set(user: Any) -> str:
    """The set of the person's first role in the order of the rights table; county when there is none."""
    held = [role for role in ROLES if role in user.role_codes]
    return ROLES[held[0]].navigation if held else "county"


def groups_for(user: Any, path: str) -> list[Group]:
    """What this person sees in the side bar, empty groups left out; the current page is marked."""
    shown = [Group(g.title, shown_items(g.items, user, path)) for g in SETS[navigation_set(user)]]
    nearest = _nearest(item for group in shown for item in group.items)
    return [Group(g.title, _only_nearest(g.items, nearest)) for g in shown if g.items]


def _nearest(items: Iterable[Item]) -> int:
    return max((item.reach for item in items), default=0)


def _only_nearest(items: Iterable[Item], nearest: int) -> tuple[Item, ...]:
    """Of /dev/ and /dev/alerts/ only the nearer one is the current page."""
    return tuple(replace(item, current=False) if item.current and item.reach != nearest else item for item in items)


def with_numbers(groups: Iterable[Group], numbers: Mapping[str, int]) -> list[Group]:
    """The same groups with what waits behind each entry; nothing is written where nothing waits."""
    return [Group(g.title, tuple(_numbered(item, numbers.get(item.url_name)) for item in g.items)) for g in groups]


def _numbered(item: Item, number: int | None) -> Item:
    return replace(item, number=number) if number else item


def tabs_for(user: Any, path: str) -> tuple[Item, ...]:
    """The phone's bottom bar: the first pages this person has, beside "More"."""
    tabs = shown_items(TABS, user, path)[:TAB_COUNT]
    return _only_nearest(tabs, _nearest(tabs))
