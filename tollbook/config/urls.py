"""Where what is, on the web."""

from django.urls import include, path

from tollbook.api.portabilling.authenticate import realm_of_this_port
from tollbook.up.health import health

urlpatterns = [path("health", health), path("", include("tollbook.api.portabilling.urls"))]
if realm_of_this_port() is None:  # a realm's own port may stand open to its users, and takes nothing else
    urlpatterns.append(path("push/", include("tollbook.api.push.urls")))
