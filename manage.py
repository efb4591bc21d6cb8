#!/usr/bin/env python
"""Django's command line. `./portal manage CMD` runs it inside the environment with the servers' addresses."""

import os
import sys

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "heating_portal.settings")
    from django.core.management import execute_from_command_line

    from heating_portal.deep_calls import with_room
    from heating_portal.garbage import look_rarely

    look_rarely()

    with_room(execute_from_command_line)(sys.argv)
