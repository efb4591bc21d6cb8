from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class RetrofitsConfig(AppConfig):
    name = "retrofits"
    verbose_name = _("Retrofits")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from retrofits.owning import declare

        declare()
