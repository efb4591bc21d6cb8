"""Addresses below /dev/ that are not about one heater."""

from django.urls import path

from devices.views import docking, orders, profiles

app_name = "devices"
urlpatterns = [
    path("profiles/", profiles.profile_list, name="profile-list"),
    path("profiles/new/", profiles.profile_new, name="profile-new"),
    path("profiles/<int:pk>/", profiles.profile_detail, name="profile-detail"),
    path("profiles/<int:pk>/act/", profiles.profile_act, name="profile-act"),
    path("docking/", docking.docking_list, name="docking-list"),
    path("docking/<slug:number>/", docking.docking_detail, name="docking-detail"),
    path("docking/<slug:number>/act/", docking.docking_act, name="docking-act"),
    path("confirmations/<slug:number>/", docking.certificate_print, name="certificate-print"),
    path("confirmations/<slug:number>/<slug:code>/", docking.certificate_verify, name="certificate-verify"),
    path("commands/", orders.command_list, name="command-list"),
    path("commands/new/", orders.order_new, name="order-new"),
    path("commands/<int:pk>/act/", orders.order_act, name="order-act"),
]
