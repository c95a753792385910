"""The addresses below `/push`."""

from django.urls import path, re_path

from tollbook.api.push.views import elsewhere, with_login, with_secret

urlpatterns = [
    path("<str:name>", with_login),
    path("<str:name>/<str:secret>", with_secret),
    re_path("", elsewhere),
]
