"""Addresses of the room: /heat/ …"""

from django.urls import path

from heatsupply.views import acts, board

app_name = "heat"
urlpatterns = [
    path("", board.home, name="home"),
    path("companies/<int:pk>/", board.company_detail, name="company-detail"),
    path("pipes/", board.segment_list, name="segment-list"),
    path("compounds/", board.compound_list, name="compound-list"),
    path("papers/<int:pk>/", board.paper_file, name="paper-file"),
    path("act/", acts.act, name="act"),
]
