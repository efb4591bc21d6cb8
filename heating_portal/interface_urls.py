"""Address of the interface's own page."""

from django.urls import path

from heating_portal import styleguide

urlpatterns = [path("styleguide/", styleguide.show, name="styleguide")]
