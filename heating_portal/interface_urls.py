"""Addresses of the shell itself: switches of the top bar and the style guide."""

from django.urls import path

from heating_portal import demo_files, preferences, styleguide

urlpatterns = [
    path("shell/scope/", preferences.set_scope, name="shell-scope"),
    path("shell/theme/", preferences.set_theme, name="shell-theme"),
    path("shell/language/", preferences.set_language, name="shell-language"),
    path("demonstration/roster/", demo_files.demo_file, name="demo-roster"),
    path("styleguide/", styleguide.show, name="styleguide"),
]
