"""Routes of the console."""

from django.contrib import admin
from django.contrib.auth.views import LogoutView
from django.urls import path

from console.views import account, home

urlpatterns = [
    path("", home.home, name="home"),
    path("login/", account.SignIn.as_view(), name="login"),
    path("logout/", LogoutView.as_view(), name="logout"),
    path("settings/", account.settings, name="settings"),
    path("help/keys/", account.keys, name="keys"),
    path("admin/login/", account.admin_sign_in),
    path("admin/", admin.site.urls),
]
