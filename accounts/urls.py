from django.urls import path

from accounts import reveal_views, views

app_name = "accounts"
urlpatterns = [
    path("login/", views.log_in, name="login"),
    path("login/demo/<slug:username>/", views.log_in_demo, name="login-demo"),
    path("logout/", views.log_out, name="logout"),
    path("second-factor/", views.second_factor, name="second-factor"),
    path("second-factor/enrol/", views.enrol, name="second-factor-enrol"),
    path("password/", views.change_password, name="change-password"),
    path("reveal/", reveal_views.reveal, name="reveal"),
    path("idle/", views.logged_out_for_idle, name="idle"),
]
