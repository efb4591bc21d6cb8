from django.urls import path

from accounts import reveal_views
from accounts.views import log, saved, sign_in, users

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
    path("users/", users.user_list, name="user-list"),
    path("users/new/", users.user_create, name="user-create"),
    path("users/<int:pk>/", users.user_detail, name="user-detail"),
    path("users/<int:pk>/close/", users.user_close, name="user-close"),
    path("users/<int:pk>/reopen/", users.user_reopen, name="user-reopen"),
    path("users/<int:pk>/password/", users.user_password, name="user-password"),
    path("users/<int:pk>/second-factor/", users.user_second_factor, name="user-second-factor"),
    path("users/<int:pk>/grants/", users.grant_create, name="grant-create"),
    path("grants/<int:pk>/end/", users.grant_end, name="grant-end"),
    path("administrators-log/", log.admin_log, name="admin-log"),
    path("administrators-log/<int:pk>/", log.admin_entry, name="admin-entry"),
    path("views/", saved.view_save, name="view-save"),
    path("views/undo/<str:token>/", saved.view_undo, name="view-undo"),
    path("views/layout/", saved.layout_keep, name="layout-keep"),
    path("views/<int:pk>/", saved.view_open, name="view-open"),
    path("views/<int:pk>/delete/", saved.view_delete, name="view-delete"),
]
