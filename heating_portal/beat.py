"""`celery -A heating_portal.beat beat`: sends the names of tasks at their times and loads neither tasks nor models."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "heating_portal.settings")

from django.conf import settings
from django.utils.log import configure_logging

from heating_portal.timetable import CONFIGURATION

configure_logging(settings.LOGGING_CONFIG, settings.LOGGING)  # Django's own set-up would load every model as well

app = Celery("heating_portal", fixups=[])
app.conf.update(CONFIGURATION)
