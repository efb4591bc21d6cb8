"""Addresses of the room: /care/ … for people with an account, /ask/ for the world."""

from django.urls import path

from supervision.views import cases, checks, duties, network, public, registers, samples, scores, service

app_name = "supervision"
urlpatterns = [
    path("ask/", public.ask, name="public-ask"),
    path("ask/answer/", public.answer, name="public-answer"),
    path("care/complaints/", cases.complaint_list, name="complaint-list"),
    path("care/tickets/", cases.ticket_list, name="ticket-list"),
    path("care/hazards/", cases.hazard_list, name="hazard-list"),
    path("care/coal/", cases.coal_list, name="coal-list"),
    path("care/measures/", cases.measure_list, name="measure-list"),
    path("care/<slug:group>/new/", cases.case_new, name="case-new"),
    path("care/cases/<int:pk>/", cases.case_detail, name="case-detail"),
    path("care/cases/<int:pk>/act/", cases.case_act, name="case-act"),
    path("care/cases/<int:pk>/photos/<int:step>/", cases.case_photo, name="case-photo"),
    path("care/safety/", registers.safety_list, name="safety-year"),
    path("care/network/", network.network_list, name="network-board"),
    path("care/registers/act/", registers.register_act, name="register-act"),
    path("care/samples/", samples.sample_list, name="sample-list"),
    path("care/samples/act/", samples.sample_act, name="sample-act"),
    path("care/service/", service.service_list, name="service-board"),
    path("care/service/act/", service.service_act, name="service-act"),
    path("care/checks/", checks.check_list, name="check-list"),
    path("care/checks/seal/", checks.check_seal, name="check-seal"),
    path("care/checks/<int:pk>/", checks.check_detail, name="check-detail"),
    path("care/checks/<int:pk>/act/", checks.check_act, name="check-act"),
    path("care/scores/", scores.score_list, name="score-list"),
    path("care/scores/act/", scores.score_act, name="score-act"),
    path("care/duties/", duties.duty_list, name="duty-board"),
    path("care/duties/<int:pk>/act/", duties.duty_act, name="duty-act"),
]
