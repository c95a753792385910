"""The addresses of the API."""

from django.urls import path, re_path

from tollbook.api.portabilling.views import description, rest

urlpatterns = [
    re_path(r"(?s:^rest/.*)$", rest),
    path("doc/api/<str:interface>.json", description),
]
