"""Where what is, on the web."""

from django.urls import include, path

from tollbook.up.health import health

urlpatterns = [
    path("health", health),
    path("push/", include("tollbook.api.push.urls")),
    path("", include("tollbook.api.portabilling.urls")),
]
