"""The first stream step by step through the public services, each step by the person whose duty it is."""

from __future__ import annotations

import datetime as dt
import uuid

from accounts.acting import acting
from heating_portal.demo import papers, works
from heating_portal.demo.progress import Progress
from heating_portal.demo.rosters import WrittenRoster
from households.models import Roster, RosterImport
from households.services.imports import request_apply, start_import
from households.services.rosters import draw_up_roster, seal_roster
from jobs.models import Job
from jobs.running import run_job
from retrofits.models import Task
from retrofits.services.tasks import open_tasks
from subsidies.models import BankReturn, Entitlement, Notice, PayoutBatch
from subsidies.services import bank, batches, entitlements, funds, notices
from subsidies.services.signatures import sign_batch
from tests.flows.village import AUGUST, NOVEMBER, VILLAGE, Village

SEALS = (("village", "village_staff"), ("town", "town_leader"), ("office", "office"))
SIGNERS = ("office", "finance_review", "finance_release")  # review, approve, release
ASSESSED_ON = dt.date(2021, 11, 20)
AT = dt.datetime(2021, 11, 20, 3, 0, tzinfo=dt.UTC)
NAMESPACE = uuid.UUID("a37c6d2e-0f0e-4a57-9f32-1df3a9b8f6aa")


def form(name: str) -> uuid.UUID:
    """The request id of a form: the same name is the same form sent again."""
    return uuid.uuid5(NAMESPACE, name)


def quiet() -> Progress:
    return Progress(1_000, lambda _words: None)


def upload(village: Village, roster: WrittenRoster) -> tuple[RosterImport, Job]:
    """The clerk's upload; nothing is read yet."""
    clerk = village.person("town_staff")
    with acting(clerk):
        return start_import(
            programme=village.programme, area=village.town, content=[roster.path.read_bytes()],
            file_name=roster.path.name, by=clerk,
        )  # fmt: skip


def ask_to_apply(village: Village, roster_import: RosterImport) -> Job:
    clerk = village.person("town_staff")
    with acting(clerk):
        return request_apply(roster_import=roster_import, by=clerk, leave_faulty=True)


def done(job: Job) -> Job:
    """Run a job here, as a worker would, and hand it back ended well."""
    run_job(job.pk)
    job.refresh_from_db()
    assert job.state == Job.State.DONE, (job.kind, job.state, job.error_code, job.error)
    return job


def import_roster(village: Village, roster: WrittenRoster) -> RosterImport:
    """Upload, read and store."""
    made, job = upload(village, roster)
    done(job)
    made.refresh_from_db()
    done(ask_to_apply(village, made))
    made.refresh_from_db()
    return made


def draw_up_and_seal(village: Village) -> Roster:
    """The town draws up the list; village, town and office seal it, three persons."""
    clerk = village.person("town_staff")
    with acting(clerk):
        roster = draw_up_roster(programme=village.programme, area=village.area, by=clerk)
    for number, (level, role) in enumerate(SEALS):
        signer = village.person(role)
        with acting(signer):
            at = AT - dt.timedelta(days=150 - number)
            seal_roster(roster=roster, level=level, by=signer, content_hash=roster.content_hash, now=at)
    return Roster.objects.get(pk=roster.pk)


def open_gates(village: Village) -> None:
    """What the preset's gates ask before the works: gas secured, the devices chosen by tender."""
    works.register_firms(dt.date(2021, 6, 20))
    papers.prepare_taishan(village.programme, dt.date(2021, 7, 5))


def works_done(village: Village, *, leave_out: int = 0) -> list[Task]:
    """Tasks opened, installed with their twelve items and accepted, all but the last `leave_out`."""
    office = village.person("office")
    with acting(office):
        open_tasks(programme=village.programme, area_codes=[VILLAGE], by=office)
    open_gates(village)
    works.install(works.tasks_in_order(village.programme, [VILLAGE]), AUGUST, quiet())
    tasks = works.tasks_in_order(village.programme, [VILLAGE])
    works.accept(tasks[: len(tasks) - leave_out], NOVEMBER, quiet())
    return works.tasks_in_order(village.programme, [VILLAGE])


def assess(village: Village) -> entitlements.Assessed:
    with acting("assessment"):
        return entitlements.assess_pending(programme=village.programme, on=ASSESSED_ON, by="assessment", now=AT)


def publish(village: Village) -> Notice:
    """Put up for the programme's days."""
    clerk = village.person("town_staff")
    with acting(clerk):
        return notices.publish_notice(programme=village.programme, area=village.area, by=clerk, now=AT)


def end_notices(at: dt.datetime) -> list[Notice]:
    with acting("notice clock"):
        return notices.close_notices(now=at)


def receive_funds(village: Village, fen: int = 20_000_000) -> None:
    """Enough money of both sources."""
    finance = village.person("finance")
    with acting(finance):
        for source in ("CENTRAL_MUNICIPAL", "DISTRICT"):
            funds.record_receipt(
                programme=village.programme, source=source, budget_year=2021, amount_fen=fen,
                document_no=f"演示 {source}", request_id=form(f"receipt {source}"), by=finance,
            )  # fmt: skip


def prepare_batch(village: Village) -> PayoutBatch:
    finance = village.person("finance")
    with acting(finance):
        return batches.create_batch(
            programme=village.programme, areas=[village.area], request_id=form("batch"), by=finance, title="第一批"
        )


def lock(village: Village, batch: PayoutBatch) -> PayoutBatch:
    finance = village.person("finance")
    with acting(finance):
        return batches.lock_for_signing(batch=batch, by=finance, now=AT + dt.timedelta(days=3))


def sign(village: Village, batch: PayoutBatch, step: int) -> PayoutBatch:
    """The step-th signature: review, approve or release."""
    signer = village.person(SIGNERS[step])
    with acting(signer):
        sign_batch(
            batch=batch, shown_hash=batch.content_hash, request_id=form(f"sign {step}"), by=signer,
            now=AT + dt.timedelta(days=4 + step),
        )  # fmt: skip
    return PayoutBatch.objects.get(pk=batch.pk)


def payable(village: Village) -> list[Entitlement]:
    return list(Entitlement.objects.filter(programme=village.programme, state=Entitlement.State.PAYABLE))


def up_to_batch(village: Village) -> PayoutBatch:
    """Everything before the money moves: from the clean roster to a draft batch with its funds received."""
    import_roster(village, village.roster())
    draw_up_and_seal(village)
    works_done(village)
    assess(village)
    publish(village)
    end_notices(AT + dt.timedelta(days=2))
    receive_funds(village)
    return prepare_batch(village)


def send_to_bank(village: Village, batch: PayoutBatch) -> bytes:
    """The payment file of a released batch, as it is handed out."""
    releaser = village.person("finance_release")
    with acting(releaser):
        made = bank.make_bank_file(batch=batch, by=releaser, now=AT + dt.timedelta(days=7))
        return bank.hand_out_bank_file(bank_file=made, by=releaser, reason="再次领取")


def enter_return(village: Village, batch: PayoutBatch, content: bytes) -> BankReturn:
    finance = village.person("finance")
    with acting(finance):
        return bank.read_return(
            batch=batch, content=content, file_name="回单.xlsx", by=finance, now=AT + dt.timedelta(days=8)
        )


def reconcile(village: Village, bank_return: BankReturn) -> BankReturn:
    finance = village.person("finance")
    with acting(finance):
        return bank.reconcile(bank_return=bank_return, by=finance, now=AT + dt.timedelta(days=8))
