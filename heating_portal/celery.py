"""Celery carries hints; what has to be done stands in PostgreSQL (`jobs.Job`, due polls, unsealed history)."""

import os
from typing import Any

from celery import Celery, Task

from heating_portal.deep_calls import with_room
from heating_portal.garbage import look_rarely

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "heating_portal.settings")

from heating_portal.timetable import CONFIGURATION

look_rarely()


class RoomyTask(Task):
    """Every task of ours."""

    @with_room
    def __call__(self, *args: Any, **options: Any) -> Any:
        return self.run(*args, **options)


app = Celery("heating_portal", task_cls=RoomyTask)
app.conf.update(CONFIGURATION)
app.autodiscover_tasks()
