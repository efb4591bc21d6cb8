from django.urls import path

from accounts import reveal_views
from accounts.views import sign_in

app_name = "accounts"
urlpatterns = [
    path("login/", sign_in.log_in, name="login"),
    path("login/demo/<slug:username>/", sign_in.log_in_demo, name="login-demo"),
    path("logout/", sign_in.log_out, name="logout"),
    path("second-factor/", sign_in.second_factor, name="second-factor"),
    path("second-factor/enrol/", sign_in.enrol, name="second-factor-enrol"),
    path("password/", sign_in.change_password, name="change-password"),
    path("reveal/", reveal_views.reveal, name="reveal"),
    path("idle/", sign_in.logged_out_for_idle, name="idle"),
]
