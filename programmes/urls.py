from django.urls import path

from programmes import views

app_name = "programmes"
urlpatterns = [
    path("", views.programme_list, name="programme-list"),
    path("<slug:code>/", views.programme_detail, name="programme-detail"),
    path("<slug:code>/targets/", views.target_edit, name="target-edit"),
    path("<slug:code>/targets/import/", views.target_import, name="target-import"),
    path("<slug:code>/findings/", views.finding_decide, name="finding-decide"),
    path("<slug:code>/deadlines/", views.deadline_met, name="deadline-met"),
]
