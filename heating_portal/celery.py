"""Celery carries hints; what has to be done stands in PostgreSQL (`jobs.Job`, due polls, unsealed history)."""

import os

from celery import Celery

from heating_portal.garbage import look_rarely

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "heating_portal.settings")

from heating_portal.timetable import CONFIGURATION

look_rarely()

app = Celery("heating_portal")
app.conf.update(CONFIGURATION)
app.autodiscover_tasks()
