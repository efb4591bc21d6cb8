from django.apps import AppConfig


class PortalConfig(AppConfig):
    name = "heating_portal"

    def ready(self) -> None:
        from heating_portal import celery, checks  # noqa: F401  (registers tasks' app and start-up checks)
