"""Addresses below /dev/."""

from django.urls import path

from telemetry.views import alert, alerts, commands, gateways, heaters, parts, stream, webhooks

app_name = "telemetry"
urlpatterns = [
    path("", heaters.heater_list, name="heater-list"),
    path("stream/", stream.heater_stream, name="stream"),
    path("lines/", gateways.gateway_list, name="gateway-list"),
    path("lines/claim/", gateways.gateway_claim, name="gateway-claim"),
    path("webhooks/", webhooks.webhook_list, name="webhook-list"),
    path("alerts/", alerts.alert_list, name="alert-list"),
    path("alerts/<int:pk>/", alert.alert_detail, name="alert-detail"),
    path("alerts/acknowledge/", alerts.alert_acknowledge, name="alert-acknowledge"),
    path("<slug:platform_no>/", heaters.heater_detail, name="heater-detail"),
    path("<slug:platform_no>/now/", parts.heater_now, name="heater-now"),
    path("<slug:platform_no>/band/", parts.heater_band, name="heater-band"),
    path("<slug:platform_no>/state/", parts.heater_state, name="heater-state"),
    path("<slug:platform_no>/series/", parts.heater_series, name="heater-series"),
    path("<slug:platform_no>/table/", parts.heater_table, name="heater-table"),
    path("<slug:platform_no>/commands/", parts.heater_commands, name="heater-commands"),
    path("<slug:platform_no>/read/", heaters.heater_read, name="heater-read"),
    path("<slug:platform_no>/command/", commands.heater_command, name="heater-command"),
]
