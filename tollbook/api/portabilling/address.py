"""Where a request came from."""

from ipaddress import IPv6Address, ip_address

from django.http import HttpRequest

from tollbook.access.options import options


def address_of(request: HttpRequest) -> str:
    """The address of who called; "" when nobody can know.

    Behind a proxy of ours it is the last address that the proxy wrote into X-Forwarded-For.
    """
    chain = [str(request.META.get("REMOTE_ADDR", ""))]
    if options().proxies:
        chain += reversed(request.headers.get("X-Forwarded-For", "").split(","))
    nearest = ""
    for text in chain:
        try:
            address = ip_address(text.strip())
        except ValueError:
            break
        nearest = str((address.ipv4_mapped or address) if isinstance(address, IPv6Address) else address)
        if not any(ip_address(nearest) in network for network in options().proxies):
            break
    return nearest
