"""Addresses below /hh/ of venues, meters, places, change requests and double entries."""

from django.urls import path

from households.views import changes, duplicates, meters, places, venues

urlpatterns = [
    path("changes/", changes.change_list, name="change-list"),
    path("changes/<int:pk>/", changes.change_detail, name="change-detail"),
    path("changes/<int:pk>/print/", changes.change_print, name="change-print"),
    path("changes/<int:pk>/decide/", changes.change_decide, name="change-decide"),
    path("changes/<int:pk>/withdraw/", changes.change_withdraw, name="change-withdraw"),
    path("changes/<int:pk>/papers/<int:paper>/", changes.change_paper, name="change-paper"),
    path("dwellings/<slug:dwelling_no>/change/", changes.change_new, name="change-new"),
    path("duplicates/", duplicates.duplicate_list, name="duplicate-list"),
    path("duplicates/elsewhere/", duplicates.elsewhere_list, name="elsewhere-list"),
    path("duplicates/search/", duplicates.duplicate_search, name="duplicate-search"),
    path("duplicates/<int:pk>/", duplicates.duplicate_detail, name="duplicate-detail"),
    path("duplicates/<int:pk>/decide/", duplicates.duplicate_decide, name="duplicate-decide"),
    path("venues/", venues.venue_list, name="venue-list"),
    path("venues/new/", venues.venue_new, name="venue-new"),
    path("venues/<slug:venue_no>/", venues.venue_detail, name="venue-detail"),
    path("venues/<slug:venue_no>/edit/", venues.venue_edit, name="venue-edit"),
    path("meters/", meters.meter_list, name="meter-list"),
    path("meters/connect/", meters.meter_connect, name="meter-connect"),
    path("meters/<int:pk>/", meters.meter_detail, name="meter-detail"),
    path("meters/<int:pk>/disconnect/", meters.meter_disconnect, name="meter-disconnect"),
    path("places/", places.place_list, name="place-list"),
    path("places/<slug:code>/", places.place_detail, name="place-detail"),
    path("places/<slug:code>/edit/", places.place_edit, name="place-edit"),
]
