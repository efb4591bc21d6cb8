"""The auditor's bench and the reports of a week: a sealed and drawn sample, a finding with its answer, one report."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django.conf import settings
from django.utils import translation

from accounts.models import User
from core import clock
from heating_portal.demo.people import person
from programmes.models import Programme
from reports.models import AuditFinding, AuditSample, PeriodicReport
from reports.queries.periodic import latest
from reports.services import findings, periodic, sampling
from subsidies.models import PayoutLine

SEED = "2021-示例-07"


def load(programme: Programme) -> None:
    """Once per programme, a sample where something has been paid; what is there stays."""
    auditor, office = person("auditor", programme.area_id), person("office", programme.area_id)
    paid = PayoutLine.objects.filter(batch__programme=programme, state=PayoutLine.State.PAID)
    if paid.exists() and not AuditSample.objects.filter(programme=programme).exists():
        _sample(programme, auditor)
    if not AuditFinding.objects.filter(programme=programme).exists():
        _finding(programme, auditor, office)
    if not PeriodicReport.objects.filter(programme=programme).exists():
        with translation.override(settings.LANGUAGE_CODE):  # what is frozen stays as it was written
            report = periodic.open_report(
                programme=programme, area_code=programme.area_id, period=latest("week"), by=office
            )
            periodic.freeze_report(report=report, by=office)


def _sample(programme: Programme, auditor: User) -> None:
    wish = sampling.Wish(
        programme, programme.area_id, "设备补贴拨付抽查", margin=Decimal(10), expected=Decimal(5), seed=SEED
    )
    sample = sampling.draw_sample(sample=sampling.seal_sample(wish=wish, by=auditor), by=auditor)
    first, *_others = sampling.in_use(sample)
    sampling.judge_line(line=first, verdict="right", words="户、机、卡三者相符", by=auditor)


def _finding(programme: Programme, auditor: User, office: User) -> None:
    found = findings.Found(
        programme, programme.area_id, "公示照片缺拍摄日期", "抽查的公示照片两张没有拍摄日期，请补充说明。",
        "区清洁取暖办公室", clock.today() + timedelta(days=15), weight="note",
    )  # fmt: skip
    one = findings.open_finding(found=found, by=auditor)
    findings.answer_finding(finding=one, words="照片由村里补拍，已附村委证明。", by=office)
