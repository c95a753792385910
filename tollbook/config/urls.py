"""Where what is, on the web."""

from django.urls import path

from tollbook.up.health import health

urlpatterns = [path("health", health)]
