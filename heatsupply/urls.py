"""Addresses of the room: /heat/ …"""

from django.urls import path

from heatsupply.views import acts, board, coal, fee_acts, fees, files, service, suspending

app_name = "heat"
urlpatterns = [
    path("", board.home, name="home"),
    path("companies/<int:pk>/", board.company_detail, name="company-detail"),
    path("pipes/", board.segment_list, name="segment-list"),
    path("compounds/", board.compound_list, name="compound-list"),
    path("papers/<int:pk>/", board.paper_file, name="paper-file"),
    path("act/", acts.act, name="act"),
    path("coal/", coal.coal_list, name="coal-list"),
    path("coal/act/", coal.coal_act, name="coal-act"),
    path("coal/points/", coal.coal_public, name="coal-public"),
    path("fees/", fees.fee_list, name="fee-list"),
    path("files/<int:pk>/", files.file_detail, name="file-detail"),
    path("fees/act/", fee_acts.fee_act, name="fee-act"),
    path("fees/<int:pk>/", fees.account_detail, name="account-detail"),
    path("indicators/", service.indicator_board, name="indicator-board"),
    path("indicators/act/", service.indicator_act, name="indicator-act"),
    path("suspend/", suspending.suspend, name="public-suspend"),
]
