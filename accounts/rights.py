"""One table: which role may do what. Read by `visible_to`, `@requires`, navigation, tests and the manual.

Roles follow requirements.md §7. A right ends in what is done: `.view`, `.edit`, `.approve` …
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

Label = str | Promise

RIGHTS: dict[str, Label] = {
    "overview.view": _("See the year overview"),
    "programmes.view": _("Read programmes, targets and documents"),
    "programmes.edit": _("Edit programmes and targets"),
    "milestones.edit": _("Plan the steps of the works in a place and say when they were reached"),
    "households.view": _("Read household files"),
    "households.edit": _("Enter and correct households"),
    "changes.approve": _("Decide changes of approved lists that towns ask for"),
    "changes.approve_office": _("Decide changes of approved lists that the office asks for"),
    "duplicates.decide": _("Decide and merge double entries"),
    "places.edit": _("Correct what is known of places"),
    "households.reveal": _("See full identity, phone and card numbers, with a reason"),
    "households.slip": _("Give out codes for a household's own page"),
    "rosters.import": _("Import rosters"),
    "rosters.seal_village": _("Seal a roster for the village"),
    "rosters.seal_town": _("Seal a roster for the town"),
    "rosters.approve": _("Approve rosters for the office"),
    "tasks.view": _("Read retrofit tasks"),
    "tasks.open": _("Open retrofit tasks from approved rosters"),
    "works.manage": _("Keep enterprises, products, gas supply, tenders and projects"),
    "enterprises.admit": _("Admit enterprises to the programme"),
    "installations.record": _("Record installations"),
    "acceptances.record": _("Accept or refuse an installation at the door"),
    "acceptances.dispatch": _("Give homes to inspectors, register their agencies"),
    "acceptances.review": _("Draw samples of acceptances and review them"),
    "panels.open": _("Open joint acceptances and record levels of acceptance"),
    "panels.sign": _("Sign a joint acceptance for a department"),
    "entitlements.view": _("Read what is due and why"),
    "entitlements.assess": _("Calculate what is due"),
    "readings.record": _("Enter and import meter readings"),
    "readings.decide": _("Decide held meter readings and splits of shared meters"),
    "clawbacks.decide": _("Decide what is claimed back"),
    "notices.publish": _("Publish notice lists"),
    "objections.decide": _("Decide objections"),
    "payouts.view": _("Read payout batches"),
    "payouts.prepare": _("Prepare payout batches"),
    "payouts.review": _("Review payout batches"),
    "payouts.approve": _("Approve payout batches"),
    "payouts.release": _("Release payment to the bank"),
    "payouts.reconcile": _("Enter bank returns"),
    "funds.view": _("Read funds"),
    "funds.record": _("Record money received"),
    "policies.view": _("Read policies"),
    "policies.draft": _("Draft policies"),
    "policies.release": _("Release policies"),
    "devices.view": _("Read heaters and their readings"),
    "devices.edit": _("Register heaters, lines and profiles"),
    "devices.command": _("Send commands to heaters"),
    "commands.approve": _("Approve commands for many heaters, or that switch heating off in the cold"),
    "profiles.release": _("Release register profiles and issue docking confirmations"),
    "alerts.handle": _("Acknowledge alerts"),
    "cases.own": _("Read and answer the repair tickets and hazards of one's own organisation"),
    "complaints.view": _("Read complaints and questions"),
    "complaints.handle": _("Take up and answer complaints and questions"),
    "complaints.sensitive": _("Read sensitive complaints"),
    "tickets.view": _("Read repair tickets and service outlets"),
    "tickets.handle": _("Keep repair tickets and service outlets"),
    "hazards.view": _("Read hazards, safety registers, coal relapse and alarms of networks"),
    "hazards.record": _("Record hazards, safety registers and visits about coal"),
    "networks.report": _("Report values of one's own points of a heat network"),
    "samples.record": _("Record results of product sampling"),
    "coal.view": _("Read clean-coal supply points, tests of batches and sales"),
    "coal.sell": _("Keep clean-coal supply points and their ledger of sales"),
    "heatsupply.view": _("Read heating companies with their sources, networks, fuel, fees and service"),
    "heatsupply.manage": _("Keep heating companies, accept facilities, approve plans, rate and score"),
    "heatsupply.own": _("Keep sources, networks, fuel and fees of one's own heating company"),
    "supervision.view": _("Read spot checks, orders, circulars and scores"),
    "supervision.act": _("Draw spot checks, give orders and circulars, score towns"),
    "supervision.answer": _("Answer orders and give written explanations"),
    "reports.write": _("Write and freeze periodic reports"),
    "ledgers.export": _("Export ledgers, masked"),
    "ledgers.export_full": _("Export ledgers with full numbers, with a reason"),
    "audit.trace": _("Trace amounts to their evidence"),
    "audit.find": _("Draw samples and record findings"),
    "audit.log": _("Read the log of changes and of looks"),
    "audit.admin_log": _("Read what the administrators did"),
    "jobs.view_all": _("See everybody's background work"),
    "users.view": _("See accounts"),
    "users.manage": _("Create and close accounts"),
    "grants.manage": _("Give and take roles"),
    "system.manage": _("Watch services, jobs and settings"),
    "api.read": _("Read over the API"),
}


@dataclass(frozen=True)
class Role:
    """`admin_kind`: 0 ordinary, 1 system, 2 security, 3 audit administrator; never two kinds in one person.

    `own_only`: the kind of organisation whose people see nothing but its own rows (accounts.owning).
    """

    label: Label
    rights: frozenset[str]
    second_factor: bool = False
    admin_kind: int = 0
    navigation: str = "county"
    own_only: str = ""


def _role(label: Label, rights: str, **more: Any) -> Role:
    return Role(label, frozenset(rights.split()), **more)


_READ_COUNTY = (
    "overview.view programmes.view households.view tasks.view entitlements.view payouts.view funds.view "
    "policies.view devices.view api.read"
)
_WATCHES = "complaints.view tickets.view hazards.view supervision.view coal.view heatsupply.view"

ROLES: dict[str, Role] = {
    "leading_group": _role(
        _("Leading group"),
        _READ_COUNTY
        + " audit.trace enterprises.admit changes.approve_office acceptances.review "
        + _WATCHES
        + " complaints.sensitive supervision.act",
        second_factor=True,
    ),
    "office": _role(
        _("Programme office"),
        _READ_COUNTY + " programmes.edit households.edit households.reveal rosters.approve tasks.open notices.publish "
        "works.manage milestones.edit "
        "objections.decide entitlements.assess readings.record readings.decide policies.draft payouts.review "
        "ledgers.export ledgers.export_full audit.trace devices.command alerts.handle changes.approve "
        "commands.approve profiles.release "
        "duplicates.decide places.edit acceptances.dispatch acceptances.review panels.open " + _WATCHES + " "
        "complaints.handle complaints.sensitive tickets.handle hazards.record samples.record supervision.act "
        "reports.write coal.sell households.slip heatsupply.manage",
        second_factor=True,
    ),
    "town_staff": _role(
        _("Town staff"),
        "overview.view programmes.view households.view households.edit households.reveal rosters.import tasks.view "
        "milestones.edit "
        "installations.record entitlements.view readings.record notices.publish devices.view ledgers.export api.read "
        "duplicates.decide " + _WATCHES + " complaints.handle tickets.handle hazards.record supervision.answer "
        "reports.write coal.sell households.slip",
        navigation="town",
    ),
    "town_leader": _role(
        _("Town leader"),
        "overview.view programmes.view households.view rosters.seal_town tasks.view entitlements.view payouts.view "
        "devices.view ledgers.export supervision.answer " + _WATCHES,
        second_factor=True,
        navigation="town",
    ),
    "village_staff": _role(
        _("Village staff"),
        "households.view rosters.seal_village tasks.view entitlements.view overview.view programmes.view "
        "hazards.view hazards.record coal.view coal.sell households.slip",
        navigation="town",
    ),
    "finance": _role(
        _("Finance, maker"),
        "overview.view programmes.view households.view tasks.view entitlements.view entitlements.assess payouts.view "
        "payouts.prepare payouts.reconcile funds.view funds.record policies.view policies.draft ledgers.export "
        "audit.trace",
        second_factor=True,
        navigation="finance",
    ),
    "finance_review": _role(
        _("Finance, reviewer"),
        "overview.view programmes.view households.view tasks.view entitlements.view payouts.view payouts.approve "
        "clawbacks.decide funds.view policies.view policies.release ledgers.export audit.trace",
        second_factor=True,
        navigation="finance",
    ),
    "finance_release": _role(
        _("Finance, releaser"),
        "overview.view programmes.view households.view tasks.view entitlements.view payouts.view payouts.release "
        "funds.view policies.view ledgers.export audit.trace",
        second_factor=True,
        navigation="finance",
    ),
    "auditor": _role(
        _("Auditor"),
        _READ_COUNTY + " audit.trace audit.find audit.log ledgers.export ledgers.export_full households.reveal "
        "jobs.view_all " + _WATCHES,
        second_factor=True,
        navigation="audit",
    ),
    "inspector": _role(
        _("Third-party inspector"),
        "households.view tasks.view acceptances.record devices.view cases.own",
        navigation="inspector",
        own_only="agency",
    ),
    "panel_member": _role(
        _("Department in the acceptance panel"),
        "programmes.view households.view tasks.view panels.sign hazards.view supervision.view samples.record "
        "coal.view heatsupply.view",
        navigation="panel",
    ),
    "supplier": _role(
        _("Supplier, installer"),
        "tasks.view installations.record devices.view devices.edit cases.own",
        navigation="devices",
        own_only="firm",
    ),
    "heating_company": _role(
        _("Heating company"),
        "cases.own networks.report api.read heatsupply.view heatsupply.own",
        navigation="company",
        own_only="heating",
    ),
    "energy_company": _role(
        _("Energy company"),
        "cases.own networks.report api.read readings.record",
        navigation="company",
        own_only="energy",
    ),
    "ops": _role(
        _("Platform operator"),
        "overview.view devices.view devices.edit devices.command alerts.handle tasks.view "
        "commands.approve profiles.release",
        second_factor=True,
        navigation="devices",
    ),
    "city_viewer": _role(_("City, read only"), "overview.view programmes.view", navigation="city"),
    "system_admin": _role(
        _("System administrator"),
        "users.view users.manage system.manage jobs.view_all",
        second_factor=True,
        admin_kind=1,
        navigation="admin",
    ),
    "security_admin": _role(
        _("Security administrator"),
        "users.view grants.manage",
        second_factor=True,
        admin_kind=2,
        navigation="admin",
    ),
    "audit_admin": _role(
        _("Audit administrator"),
        "users.view audit.admin_log",
        second_factor=True,
        admin_kind=3,
        navigation="admin",
    ),
}

ROLE_CHOICES = [(code, role.label) for code, role in ROLES.items()]


def roles_with(right: str) -> list[str]:
    """Codes of the roles that hold `right`."""
    return [code for code, role in ROLES.items() if right in role.rights]
