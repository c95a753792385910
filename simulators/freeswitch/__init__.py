"""A stand-in for FreeSWITCH as a sender of CDRs: mod_xml_cdr and mod_json_cdr over HTTP, mod_cdr_csv as files.

It has no server: a switch asks nobody to fetch. `make_month` gives calls, the `send` functions send them.
"""

from simulators.freeswitch.calls import Call, Leg
from simulators.freeswitch.csv_files import csv_files
from simulators.freeswitch.month import make_month
from simulators.freeswitch.send import Delivery, send_json, send_xml
from simulators.freeswitch.stream import Streamed, stream

__all__ = ["Call", "Delivery", "Leg", "Streamed", "csv_files", "make_month", "send_json", "send_xml", "stream"]
