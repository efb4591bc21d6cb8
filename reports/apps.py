from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReportsConfig(AppConfig):
    name = "reports"
    verbose_name = _("Reports")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from core.tables import export_with
        from reports.owning import declare
        from reports.pages.list_exports import export_url
        from reports.public import senders  # noqa: F401  (its start-up check)

        declare()
        export_with(export_url)
