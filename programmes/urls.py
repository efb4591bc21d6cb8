from django.urls import path

from programmes import views

app_name = "programmes"
urlpatterns = [
    path("", views.programme_list, name="programme-list"),
    path("<slug:code>/", views.programme_detail, name="programme-detail"),
]
