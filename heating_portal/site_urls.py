"""Addresses of the site itself."""

from django.urls import path

from heating_portal import health

urlpatterns = [
    path("healthz", health.alive, name="health-alive"),
    path("readyz", health.ready, name="health-ready"),
]
