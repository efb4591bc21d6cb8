import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from heating_portal.garbage import forget_what_is_loaded, look_rarely

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "heating_portal.settings")
look_rarely()
application = get_wsgi_application()
get_resolver().url_patterns  # noqa: B018  (all pages, before the web server's processes part and each loads its own)
forget_what_is_loaded()
