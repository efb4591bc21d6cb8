from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class HeatsupplyConfig(AppConfig):
    name = "heatsupply"
    verbose_name = _("Heat supply")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from heatsupply.owning import declare
        from heatsupply.queries import credit  # noqa: F401  (its readings of a company's credit)

        declare()
