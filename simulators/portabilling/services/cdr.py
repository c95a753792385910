"""CDR: recordings of calls."""

from collections.abc import Iterator

from simulators.portabilling.bulk import BulkXdrs
from simulators.portabilling.call import Call, Method
from simulators.portabilling.calls import RECORDED
from simulators.portabilling.refusals import Refusal
from simulators.web import Answer

SILENCE = (
    b"RIFF\x24\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00@\x1f\x00\x00@\x1f\x00\x00\x01\x00\x08\x00data"
)


def get_call_recording(call: Call) -> Answer:
    """A sound file, in pieces."""
    i_xdr = call.must_integer("i_xdr")
    xdrs = call.books.xdrs
    rows = [] if isinstance(xdrs, BulkXdrs) else xdrs.everything()
    xdr = next((one for one in rows if one["i_xdr"] == i_xdr), None)
    if xdr is None or not call.sees_customer(call.books.customers[int(xdr["i_customer"])]):
        raise Refusal("Server.CDR.xdr_not_found", f"There is no xDR {i_xdr}")
    if not xdr["bit_flags"] & RECORDED:
        raise Refusal("Server.CDR.invalid_call_recording_id", f"xDR {i_xdr} has no recording")
    return Answer.file(_sound(), name=f"recording-{i_xdr}.wav", content_type="audio/wav")


def _sound() -> Iterator[bytes]:
    yield SILENCE
    for _ in range(8):
        yield b"\x80" * 1000


METHODS: dict[str, Method] = {"get_call_recording": get_call_recording}
