"""The API: the same rows under the same rights as the pages, with its description at /api/schema/.

All is read only but cases, which can be opened, and values of network points, which can be sent.
"""

from functools import lru_cache

from django.http import HttpResponse
from django.urls import include, path
from django.utils.translation import get_language
from drf_spectacular.renderers import OpenApiJsonRenderer
from drf_spectacular.views import SpectacularJSONAPIView
from rest_framework.request import Request
from rest_framework.routers import SimpleRouter

from accounts.api import HasRight
from households.api import DwellingRows, MeterRows, VenueRows
from programmes.api import ProgrammeRows
from reports.api import HouseholdFileView, HouseholdRevealView
from retrofits.api import EnterpriseRows, ProjectRows, TaskRows, TransitionalRows
from subsidies.api import EntitlementRows
from subsidies.reading_api import ReadingRows
from supervision.api import CaseRows, NetworkValues
from telemetry.api import HeaterFeed, HeaterRows

app_name = "api"
router = SimpleRouter()
router.register("programmes", ProgrammeRows, "programme")
router.register("dwellings", DwellingRows, "dwelling")
router.register("venues", VenueRows, "venue")
router.register("meters", MeterRows, "meter")
router.register("tasks", TaskRows, "task")
router.register("projects", ProjectRows, "project")
router.register("transitional-homes", TransitionalRows, "transitional")
router.register("enterprises", EnterpriseRows, "enterprise")
router.register("entitlements", EntitlementRows, "entitlement")
router.register("readings", ReadingRows, "reading")
router.register("heaters", HeaterRows, "heater")
router.register("cases", CaseRows, "case")


class Schema(SpectacularJSONAPIView):
    """OpenAPI description; for everybody who may read over the API."""

    required_right = "api.read"
    permission_classes = [HasRight]  # the library's own setting would let in everybody with an account

    def _get_schema_response(self, request: Request) -> HttpResponse:
        """It says the same to everybody, and composing it takes as long as ten pages."""
        name = f'inline; filename="{self._get_filename(request, "")}"'
        described = _described(get_language() or "")
        return HttpResponse(described, self.renderer_classes[0].media_type, headers={"Content-Disposition": name})


@lru_cache(maxsize=4)
def _described(language: str) -> bytes:
    return bytes(OpenApiJsonRenderer().render(Schema.generator_class().get_schema(public=True)))


urlpatterns = [
    path("schema/", Schema.as_view(), name="schema"),
    path("network-values/", NetworkValues.as_view(), name="network-values"),
    path("heater-readings/", HeaterFeed.as_view(), name="heater-feed"),
    path("households/<slug:dwelling_no>/file/", HouseholdFileView.as_view(), name="household-file"),
    path("households/<slug:dwelling_no>/reveal/", HouseholdRevealView.as_view(), name="household-reveal"),
    path("", include(router.urls)),
]
