from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _

from core import trigger_registry

trigger_registry.use()  # the trigger library is made ready before this app, but not before its module is loaded


class CoreConfig(AppConfig):
    name = "core"
    verbose_name = _("Shared parts")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from core import checks  # noqa: F401  (registers the start-up checks)
