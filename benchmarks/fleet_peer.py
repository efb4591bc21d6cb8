"""The obvious way, as a peer: one Celery task per heater that connects, reads with pymodbus and writes by the ORM.

`python -m celery -A benchmarks.fleet_peer worker`; the far end's port stands in BENCH_PORT.
"""

from __future__ import annotations

import os

import django
from celery import Celery

QUEUE = "bench-peer"
app = Celery("fleet_peer", broker=os.environ["REDIS_URL"])
app.conf.update(task_ignore_result=True, task_default_queue=QUEUE, worker_prefetch_multiplier=50)
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "heating_portal.settings")
django.setup()


@app.task
def poll_heater(heater: int) -> None:
    from django.utils import timezone
    from pymodbus import FramerType
    from pymodbus.client import ModbusTcpClient

    from telemetry.models import LatestReading, Reading

    client = ModbusTcpClient("127.0.0.1", port=int(os.environ["BENCH_PORT"]), framer=FramerType.RTU, timeout=3)
    client.connect()
    words = client.read_holding_registers(0, count=12, device_id=1).registers
    client.close()
    values = {
        "supply_dc": words[0], "return_dc": words[1], "outdoor_dc": words[2], "room_dc": words[3],
        "set_room_dc": words[4], "running": bool(words[5] & 1), "mode": 1, "fault": 0, "power_w": words[8],
        "energy_dkwh": words[9], "flags": 0,
    }  # fmt: skip
    now = timezone.now()
    Reading.objects.create(heater_id=heater, at=now, **values)
    LatestReading.objects.update_or_create(
        heater_id=heater, defaults={"at": now, "asked_at": now, "misses": 0, **values}
    )
