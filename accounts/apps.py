from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccountsConfig(AppConfig):
    name = "accounts"
    verbose_name = _("Accounts")
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts import checks, sessions  # noqa: F401  (registers the start-up checks)
        from accounts.history import checks as history_checks  # noqa: F401
        from accounts.queries import kept_for
        from core.table_layouts import keep_with

        sessions.connect()
        keep_with(kept_for)
