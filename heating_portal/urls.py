"""The address book. Readable, stable addresses: /hh/, /works/, /pay/, /dev/, /api/."""

from importlib.util import find_spec

from django.urls import include, path

ROOMS = [
    ("", "reports.urls"),
    ("account/", "accounts.urls"),
    ("jobs/", "jobs.urls"),
    ("programmes/", "programmes.urls"),
    ("hh/", "households.urls"),
    ("dev/", "devices.urls"),
    ("dev/", "telemetry.urls"),
    ("works/", "retrofits.urls"),
    ("pay/", "subsidies.urls"),
    ("heat/", "heatsupply.urls"),
    ("", "supervision.urls"),
    ("api/", "heating_portal.api_urls"),
    ("", "heating_portal.interface_urls"),
    ("", "heating_portal.site_urls"),
]
urlpatterns = [path(prefix, include(module)) for prefix, module in ROOMS if find_spec(module)]

handler400 = "heating_portal.errors.bad_request"
handler403 = "heating_portal.errors.forbidden"
handler404 = "heating_portal.errors.not_found"
handler500 = "heating_portal.errors.server_error"
