"""Addresses below /hh/."""

from django.urls import path

from households import register_urls
from households.views import columns, documents, households, import_results, imports, review_steps, rosters, stamped

app_name = "households"
urlpatterns = [
    path("imports/", imports.import_list, name="import-list"),
    path("imports/<int:pk>/", imports.import_review, name="import-review"),
    path("imports/<int:pk>/merged/", imports.import_rows, {"state": "merged"}, name="import-merged"),
    path("imports/<int:pk>/skipped/", imports.import_rows, {"state": "skipped"}, name="import-skipped"),
    path("imports/<int:pk>/columns/", columns.import_columns, name="import-columns"),
    path("imports/<int:pk>/header/", columns.import_header, name="import-header"),
    path("imports/<int:pk>/rows/<int:row_id>/", imports.import_row, name="import-row"),
    path("imports/<int:pk>/repairs/<slug:code>/", imports.import_repair, name="import-repair"),
    path("imports/<int:pk>/take-back/", review_steps.import_take_back, name="import-take-back"),
    path("imports/<int:pk>/attention/", review_steps.import_attention, name="import-attention"),
    path("imports/<int:pk>/apply/", imports.import_apply, name="import-apply"),
    path("imports/<int:pk>/void/", import_results.import_void, name="import-void"),
    path("imports/<int:pk>/marked/", import_results.import_marked, name="import-marked"),
    path("conflicts/", import_results.conflict_list, name="conflict-list"),
    path("conflicts/<int:pk>/", import_results.conflict_decide, name="conflict-decide"),
    path("rosters/", rosters.roster_list, name="roster-list"),
    path("rosters/draw-up/", rosters.roster_draw_up, name="roster-draw-up"),
    path("rosters/approve/", rosters.roster_approve, name="roster-approve"),
    path("rosters/<int:pk>/", rosters.roster_detail, name="roster-detail"),
    path("rosters/<int:pk>/print/", stamped.roster_print, name="roster-print"),
    path("rosters/<int:pk>/scans/", stamped.roster_scans, name="roster-scans"),
    path("rosters/<int:pk>/submit/", stamped.roster_submit, name="roster-submit"),
    path("rosters/scans/<int:pk>/", stamped.roster_scan_show, name="roster-scan-show"),
    path("rosters/scans/<int:pk>/place/", stamped.roster_scan_place, name="roster-scan-place"),
    path("rosters/<int:pk>/seal/", rosters.roster_seal, name="roster-seal"),
    path("rosters/<int:pk>/return/", rosters.roster_return, name="roster-return"),
    path("dwellings/<slug:dwelling_no>/papers/", documents.paper_add, name="paper-add"),
    path("papers/<int:pk>/open/", documents.paper_open, name="paper-open"),
    path("papers/<int:pk>/withdraw/", documents.paper_withdraw, name="paper-withdraw"),
    path("new/", households.household_new, name="household-new"),
    path("dwellings/<slug:dwelling_no>/edit/", households.household_edit, name="household-edit"),
    *register_urls.urlpatterns,
]
