"""What a web server calls. `tollbook up` has one; any other that speaks WSGI will do."""

import os

from django.core.wsgi import get_wsgi_application

from tollbook.up.logs import set_up_logs
from tollbook.up.web import end_with_server

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tollbook.config.settings")
end_with_server()
application = get_wsgi_application()
set_up_logs("web")
