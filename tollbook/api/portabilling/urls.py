"""The addresses of the API."""

from django.urls import re_path

from tollbook.api.portabilling.views import rest

urlpatterns = [re_path(r"(?s:^rest/.*)$", rest)]
