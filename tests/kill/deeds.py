"""What the stage can do: make the village, the steps under test, what is done after a death, and the accounts of it.

Every deed runs in a process of its own and hands plain data back.
"""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.db import connection
from django.test import Client

from accounts.acting import acting
from accounts.history.sealing import seal_history
from accounts.history.verify import verify_chain
from accounts.models import TOTPDevice, User
from core import clock
from core.checks import own_models
from core.refusals import Refused
from heatsupply.models import HeatingCompany
from heatsupply.services import files as heat_files
from households.models import MeterReading
from jobs import services as job_services
from jobs.models import Job
from jobs.running import run_job
from programmes.models import Programme
from retrofits.models import Task
from subsidies import invariants
from subsidies.models import BankReturn, Fund, PayoutBatch
from subsidies.services.entitlements import assess_pending
from subsidies.services.policies import draft_policy
from subsidies.tasks import TRY_OUT
from tests.flows import bank, story
from tests.flows.village import Village, load_village

SPRING = dt.date(2022, 4, 5)
SMALL = (("ELECTRIC", 3), ("GAS", 1))
JOURNAL = ("jobs_job", "accounts_auditentry", "accounts_accesslog", "subsidies_bankfileissue")
"""Tables that note every attempt; what attempts achieve stands in the others."""
BESIDE = (
    "telemetry_pollcycle", "reports_refreshmark", "reports_dwellingsummary", "reports_summarytotal",
    "reports_towntotal", "reports_boardtotal",
)  # fmt: skip
"""What beat's other tasks write all the time: turns of polling, and sums that are made anew from the others."""


def village(folder: str) -> Village:
    return Village(Programme.objects.get(), Path(folder))


# --- before ------------------------------------------------------------------------------------------


def migrate() -> None:
    call_command("migrate", verbosity=0)


def uploaded(folder: str) -> int:
    """The village, and its clean roster waiting to be stored; number of the job that stores it."""
    with acting("tests"):
        made = load_village(Path(folder), SMALL)
        roster_import, job = story.upload(made, made.roster())
        story.done(job)
        roster_import.refresh_from_db()
        return story.ask_to_apply(made, roster_import).pk


def drafted(folder: str) -> int:
    """From where `uploaded` ends to a draft batch with its funds received."""
    here = village(folder)
    with acting("tests"):
        story.done(Job.objects.latest("id"))
        story.draw_up_and_seal(here)
        story.works_done(here)
        story.assess(here)
        story.publish(here)
        story.end_notices(story.AT + dt.timedelta(days=2))
        story.receive_funds(here)
        return story.prepare_batch(here).pk


def desk_ready(folder: str) -> int:
    """From where `drafted` ends: a season read and not computed yet, and a draft version; number of its trial's job."""
    here = village(folder)
    drafter = here.person("office")
    with acting(drafter):
        for task in Task.objects.filter(state__in=Task.PASSED, technology__family="ELECTRIC"):
            MeterReading.objects.create(
                dwelling=task.dwelling, area_id=task.area_id, carrier="electricity", starts_on="2021-11-01",
                ends_on="2022-03-31", quantity=1500,
            )  # fmt: skip
        policy = draft_policy(
            programme=here.programme, document=here.policy.document, options={"Q1": "flat"}, by=drafter
        )
        asked = job_services.enqueue(kind=TRY_OUT, args={"policy_id": policy.pk}, by=drafter, area=policy.area_id)
    return asked.pk


def fees_ready(folder: str) -> int:
    """A company's file of ten fees, tried and waiting to be stored; number of the job that stores it."""
    here = village(folder)
    office = here.person("office")
    head = "用户编号,户名,用户类别,小区,供热面积,应收热费,已收热费,缴费渠道,缴费日期"
    lines = [head, *(f"R{n:03d},张示例,居民,和苑,100,2300,{n + 1}00,微信,2021-11-15" for n in range(10))]
    with acting(office):
        company = HeatingCompany.objects.create(area=here.programme.area, name="示例热力（虚构）", kind="boiler")
        made, _fresh = heat_files.send_file(
            kind="fees", company=company, content=["\n".join(lines).encode()], file_name="热费.csv", by=office,
            now=story.AT, programme=here.programme, season="2021-2022",
        )  # fmt: skip
        story.done(made.job)
        made.refresh_from_db()
        return heat_files.ask_to_store(made=made, digest=made.plan_digest, in_spite=False, by=office).pk


# --- the steps under test; each may be asked for again, as a person presses a button again ---------------


def work(job: int) -> str:
    """One run of a job, as a worker does it."""
    return run_job(job)


def work_in_pieces(job: int) -> str:
    """The same with a file of a company in pieces of three rows, each a transaction of its own."""
    heat_files.PIECE = 3
    return run_job(job)


def assess_season(folder: str) -> None:
    with acting("assessment"):
        assess_pending(programme=village(folder).programme, on=SPRING, by="assessment", now=story.AT)


def lock(folder: str) -> None:
    _once(lambda: story.lock(village(folder), _batch()))


def sign(folder: str, step: int) -> None:
    story.sign(village(folder), _batch(), step)


def hand_out(folder: str) -> None:
    story.send_to_bank(village(folder), _batch())


def enter_return(folder: str) -> None:
    """The bank paid all but the second line. A return that was entered before is refused and stays."""
    here, batch = village(folder), _batch()
    orders = bank.read_orders(story.send_to_bank(here, batch))
    _once(lambda: story.enter_return(here, batch, _same_bytes(folder, orders)))


def reconcile(folder: str) -> None:
    story.reconcile(village(folder), BankReturn.objects.get())


def _same_bytes(folder: str, orders: list[bank.Order]) -> bytes:
    """The file the bank sent is one file, however often it is entered."""
    path = Path(folder) / "return.xlsx"
    if not path.exists():
        path.write_bytes(bank.answer(orders, failed={orders[1].ref}))
    return path.read_bytes()


def _batch() -> PayoutBatch:
    return PayoutBatch.objects.get()


def _once(step: Any) -> None:
    """Pressed again after it had worked: told so, and nothing happens."""
    try:
        step()
    except Refused as refusal:
        if refusal.code not in ("BATCH_STATE", "SAME_FILE"):
            raise


def signed_in(username: str, subject: str) -> str:
    """A session of that person with both factors, and a fresh one-time code given for `subject`; its key."""
    user, client = User.objects.get(username=username), Client()
    with acting(user):
        client.force_login(user)
        session = client.session
        session["otp_device_id"] = TOTPDevice.objects.get(user=user).persistent_id
        session["step_up"] = {"subject": subject, "at": time.time()}
        session.save()
    return str(session.session_key)


def waiting_batch() -> dict[str, str]:
    """What a signer is shown of the batch."""
    batch = _batch()
    return {"number": batch.number, "content_hash": batch.content_hash}


# --- after ---------------------------------------------------------------------------------------------


def leases_lapse() -> None:
    """Time passes for the jobs of the dead, and the sweeper comes by."""
    with acting("tests"):
        Job.objects.filter(state=Job.State.RUNNING).update(lease_until=clock.now() - dt.timedelta(seconds=1))
        job_services.sweep()


def accounts() -> dict[str, Any]:
    """What is there: rows per table, money, states, history per table and kind of change."""
    with connection.cursor() as cursor:
        return {"rows": dict(_rows(cursor)), "states": _states(cursor), "funds": _funds(), "history": _history(cursor)}


def health() -> dict[str, Any]:
    """What must hold at any time: invariants, chain, no job in between."""
    seal_history()
    verdict = verify_chain()
    return {
        "invariants": invariants.broken(),
        "chain": str(verdict.broken or ""),
        "unsealed": verdict.unsealed,
        "open jobs": Job.objects.open().count(),
        "failed jobs": Job.objects.filter(state=Job.State.FAILED).count(),
    }


def _rows(cursor: Any) -> Iterator[tuple[str, int]]:
    for model in own_models():
        table = model._meta.db_table
        if model._meta.managed and table not in (*JOURNAL, *BESIDE):
            cursor.execute(f'SELECT count(*) FROM "{table}"')
            yield table, cursor.fetchone()[0]


def _states(cursor: Any) -> dict[str, int]:
    found = {}
    for table in ("households_importrow", "subsidies_entitlement", "subsidies_payoutline", "subsidies_payoutbatch"):
        cursor.execute(f"SELECT state, count(*) FROM {table} GROUP BY state")
        found.update({f"{table} {state}": count for state, count in cursor.fetchall()})
    return found


def _funds() -> dict[str, list[int]]:
    return {str(fund): [fund.received_fen, fund.reserved_fen, fund.paid_fen] for fund in Fund.objects.order_by("id")}


def _history(cursor: Any) -> dict[str, int]:
    cursor.execute('SELECT "table", operation, count(*) FROM accounts_auditentry GROUP BY 1, 2')
    return {f"{table} {what}": count for table, what, count in cursor.fetchall() if table not in JOURNAL}


# --- heaters on line ---------------------------------------------------------------------------------


def heaters(lines: list[str], profile: str, period_s: int) -> list[int]:
    """A programme that polls, and a heater as unit 1 of each of these lines; their keys."""
    from telemetry.partitions import ensure_partitions
    from tests import people
    from tests.telemetry.plant import register

    with acting("tests"):
        people.programme("370999", poll_period_s=period_s)
        ensure_partitions(clock.now())
        return [register(line, 1, profile, "370999001001").pk for line in lines]


def ask_for_water(degrees: int) -> int:
    """An operator wants the first heater's water at this temperature; key of the command. Readings don't show it."""
    import uuid
    from decimal import Decimal

    from devices.models import Heater
    from devices.services.commands import request_command
    from tests import people

    with acting("tests"):
        operator = people.user("ops", "370999")
    with acting(operator):
        command = request_command(
            heater=Heater.objects.order_by("pk")[0], point="set_water_t", asked=Decimal(degrees), reason="测试",
            request_id=uuid.uuid4(), by=operator, now=clock.now(),
        )  # fmt: skip
    return command.pk
