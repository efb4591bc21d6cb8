import os

from django.core.wsgi import get_wsgi_application

from heating_portal.garbage import forget_what_is_loaded, look_rarely

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "heating_portal.settings")
look_rarely()
application = get_wsgi_application()
forget_what_is_loaded()
