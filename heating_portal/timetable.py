"""How work is sent, and when what is asked for: for the workers, and for beat, which knows only the names of tasks."""

from __future__ import annotations

from typing import Any

from celery.schedules import crontab
from django.conf import settings

TIMETABLE: dict[str, dict[str, Any]] = {
    "sweep-jobs": {
        "task": "jobs.tasks.sweep",
        "schedule": settings.JOB_SWEEP_S,
        "options": {"expires": settings.JOB_SWEEP_S},
    },
    "seal-history": {
        "task": "accounts.tasks.seal_history",
        "schedule": settings.HISTORY_SEAL_S,
        "options": {"expires": settings.HISTORY_SEAL_S},
    },
    "watch-history": {"task": "accounts.tasks.watch_history", "schedule": 60.0, "options": {"expires": 60}},
    "anchor-history": {"task": "accounts.tasks.anchor_history", "schedule": settings.HISTORY_ANCHOR_S},
    "check-history": {"task": "accounts.tasks.check_history", "schedule": crontab(hour=2, minute=30)},
    "close-idle-accounts": {"task": "accounts.tasks.close_idle_accounts", "schedule": 86400.0},
    "plan-polls": {
        "task": "telemetry.tasks.plan_polls",
        "schedule": settings.POLL_TICK_S,
        "options": {"expires": settings.POLL_TICK_S},
    },
    "roll-up-hours": {"task": "telemetry.tasks.roll_up", "schedule": 300.0, "options": {"expires": 300}},
    "push-readings": {"task": "telemetry.tasks.push_readings", "schedule": 30.0, "options": {"expires": 30}},
    "make-partitions": {"task": "telemetry.tasks.make_partitions", "schedule": 3600.0},
    "expire-commands": {
        "task": "devices.tasks.expire_commands",
        "schedule": 5.0,  # the gap between two heaters of one village
        "options": {"expires": 5},
    },
    "watch-docking-days": {
        "task": "devices.tasks.watch_docking_days",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "find-duplicates": {
        "task": "households.tasks.find_duplicates_nightly",
        "schedule": crontab(hour=3, minute=10),
    },
    "refresh-summaries": {
        "task": "reports.tasks.refresh_summaries",
        "schedule": 20.0,
        "options": {"expires": 20},
    },
    "take-progress": {"task": "reports.tasks.take_progress", "schedule": 3600.0, "options": {"expires": 3600}},
    "send-household-codes": {
        "task": "reports.tasks.send_household_codes",
        "schedule": 10.0,
        "options": {"expires": 10},
    },
    "escalate-cases": {"task": "supervision.tasks.escalate", "schedule": 600.0, "options": {"expires": 600}},
    "settle-transmissions": {
        "task": "retrofits.tasks.settle_transmissions",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "assess-pending": {
        "task": "subsidies.tasks.assess_pending",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "take-counters": {"task": "subsidies.tasks.take_counters", "schedule": crontab(hour=2, minute=40)},
    "reserve-pending": {
        "task": "subsidies.tasks.reserve_pending",
        "schedule": 60.0,
        "options": {"expires": 60},
    },
    "close-notices": {
        "task": "subsidies.tasks.close_notices",
        "schedule": 300.0,
        "options": {"expires": 300},
    },
}

CONFIGURATION: dict[str, Any] = {
    "broker_url": settings.REDIS_URL,
    "result_backend": None,  # results live in PostgreSQL
    "task_ignore_result": True,
    "task_serializer": "json",
    "accept_content": ["json"],
    "task_acks_late": True,
    "task_reject_on_worker_lost": True,
    "worker_prefetch_multiplier": 1,
    "task_default_queue": "default",
    "task_routes": {"telemetry.tasks.poll_*": {"queue": "poll"}},
    "task_time_limit": 1800,
    "task_soft_time_limit": 1740,
    "broker_connection_retry_on_startup": True,
    "broker_connection_timeout": 2,
    "task_publish_retry": False,
    # kombu's sweep of unacknowledged messages runs every interval × throttle seconds: stock values are 100 s.
    "broker_transport_options": {
        "visibility_timeout": 3600,
        "unacked_restore_interval": 5,
        "unacked_restore_throttle": 1,
        "socket_timeout": 5,
        "socket_connect_timeout": 2,
        "max_retries": 1,
    },
    "worker_hijack_root_logger": False,
    "timezone": "Asia/Shanghai",
    "enable_utc": True,
    "beat_schedule": TIMETABLE,
    "beat_schedule_filename": str(settings.VAR_DIR / "run" / "beat-schedule"),
}
