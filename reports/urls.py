"""Addresses of the pages that show several rooms."""

from django.urls import include, path, register_converter

from reports.pages import (
    audit,
    audit_log,
    boards,
    bulk,
    evaluation,
    home,
    household_file,
    households,
    ledgers,
    list_exports,
    overview,
    periodic,
    progress,
    searching,
    selections,
    trace,
)
from reports.public import views as own


class DwellingNumber:
    """QJD-03-0147-1: letters and figures with dashes."""

    regex = "[0-9A-Za-z]+(?:-[0-9A-Za-z]+)+"

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return str(value)


register_converter(DwellingNumber, "dwelling")

pages = [
    path("home/part/", home.home_part, name="home-part"),
    path("overview/", overview.overview, name="overview"),
    path("overview/part/", overview.overview_part, name="overview-part"),
    path("overview/curve/", overview.overview_curve, name="overview-curve"),
    path("counties/", boards.county_board, name="county-board"),
    path("counties/<slug:code>/", boards.county_open, name="county-open"),
    path("wall/", boards.wall, name="wall"),
    path("evaluation/", evaluation.evaluation, name="evaluation"),
    path("overview/online/", overview.overview_online, name="overview-online"),
    path("progress/", progress.progress, name="progress"),
    path("progress/<slug:code>/part/", progress.progress_part, name="progress-part"),
    path("reports/", periodic.report_list, name="periodic-list"),
    path("reports/<int:pk>/", periodic.periodic_detail, name="periodic-detail"),
    path("search/", searching.search, name="search"),
    path("households/", households.household_list, name="household-list"),
    path("households/<dwelling:dwelling_no>/", household_file.household_detail, name="household-detail"),
    path("households/<dwelling:dwelling_no>/peek/", households.household_peek, name="household-peek"),
    path("households/<dwelling:dwelling_no>/print/", household_file.household_print, name="household-print"),
    path("households/<dwelling:dwelling_no>/zip/", household_file.household_zip, name="household-zip"),
    path("households/<dwelling:dwelling_no>/slip/", own.household_slip, name="household-slip"),
    path("households/<dwelling:dwelling_no>/heater/", household_file.household_heater, name="household-heater"),
    path("selections/", selections.selection_create, name="selection-create"),
    path("selections/<uuid:token>/", selections.selection_detail, name="selection-detail"),
    path("selections/<uuid:token>/act/<slug:deed>/", bulk.selection_act, name="selection-act"),
    path("bulk/<int:pk>/", bulk.bulk_detail, name="bulk-detail"),
    path("bulk/<int:pk>/undo/", bulk.bulk_undo, name="bulk-undo"),
    path("selections/<uuid:token>/export/", selections.selection_export, name="selection-export"),
    path("ledgers/", ledgers.ledger_list, name="ledger-list"),
    path("ledgers/<slug:kind>/", ledgers.ledger_detail, name="ledger-detail"),
    path("ledgers/<slug:kind>/export/", ledgers.ledger_export, name="ledger-export"),
    path("ledgers/<slug:kind>/template/", ledgers.ledger_template, name="ledger-template"),
    path("lists/<str:name>/export/", list_exports.list_export, name="list-export"),
    path("exports/<int:pk>/", ledgers.export_detail, name="export-detail"),
    path("exports/<int:pk>/file/", ledgers.export_download, name="export-download"),
    path("trace/", trace.audit_trace, name="audit-trace"),
    path("trace/samples/", audit.sample_list, name="sample-list"),
    path("trace/samples/<int:pk>/", audit.sample_detail, name="sample-detail"),
    path("trace/findings/", audit.finding_list, name="finding-list"),
    path("trace/findings/<int:pk>/", audit.finding_detail, name="finding-detail"),
    path("trace/again/", audit.recompute_page, name="recompute"),
    path("trace/questions/", audit.query_log, name="query-log"),
    path("my-home/", own.own_page, name="own-page"),
    path("log/", audit_log.audit_log, name="audit-log"),
    path("log/looks/", audit_log.look_log, name="look-log"),
]

urlpatterns = [path("", home.home, name="home"), path("", include((pages, "reports")))]
