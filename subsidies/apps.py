from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class SubsidiesConfig(AppConfig):
    name = "subsidies"
    verbose_name = _("Subsidies")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Clawbacks say what payments keep back (`services.offsets`); readings bring their background work;
        the rules on counting reach the registers (`programmes.counting`)."""
        from subsidies import counting, reading_tasks  # noqa: F401
        from subsidies.services import clawbacks  # noqa: F401
