from django.urls import path

from programmes import milestone_views, views

app_name = "programmes"
urlpatterns = [
    path("", views.programme_list, name="programme-list"),
    path("steps/<int:pk>/", milestone_views.milestone_change, name="milestone-change"),
    path("<slug:code>/", views.programme_detail, name="programme-detail"),
    path("<slug:code>/targets/", views.target_edit, name="target-edit"),
    path("<slug:code>/targets/import/", views.target_import, name="target-import"),
    path("<slug:code>/findings/", views.finding_decide, name="finding-decide"),
    path("<slug:code>/deadlines/", views.deadline_met, name="deadline-met"),
    path("<slug:code>/steps/", milestone_views.milestone_list, name="milestone-list"),
    path("<slug:code>/steps/new/", milestone_views.milestone_plan, name="milestone-plan"),
    path("<slug:code>/leads/", milestone_views.lead_set, name="lead-set"),
]
