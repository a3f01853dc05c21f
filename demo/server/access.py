"""Who asks: whether a visitor sits at this machine, and which key is given."""

from ipaddress import ip_address
from urllib.parse import urlsplit

import gradio as gr

from demo.server.environment import Place

PASSED_ON = ("forwarded", "via", "x-real-ip")  # headers that proxies add, beside those that begin with x-forwarded


def is_here(place: Place, request: gr.Request | None) -> bool:
    """Whether this visitor sits at this machine, and so may name its folders.

    The connection must come from the very address that it goes to, and nothing may say that a proxy passed it on: no
    header of one, and no page whose address is another machine's name.
    """
    if place.kind != "local" or place.is_proxied or request is None or request.client is None:
        return False
    headers = {name.lower(): value for name, value in dict(request.headers).items()}
    if any(name in PASSED_ON or name.startswith("x-forwarded") for name in headers):
        return False
    server = getattr(request.request, "scope", {}).get("server") or ("",)
    pages = [f"//{headers.get('host', '')}", *(headers[name] for name in ("origin", "referer") if name in headers)]
    names = [urlsplit(page).hostname or "" for page in pages]
    is_local = _is_loopback(request.client.host) or request.client.host == server[0]
    return is_local and all(_is_loopback(name) or name == server[0] for name in names)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host.removeprefix("::ffff:")).is_loopback
    except ValueError:
        return False


def key_of(place: Place, request: gr.Request | None, given: str | None) -> str:
    """The teacher's key that this visitor gives; one that was made for this start is not asked for at this machine."""
    return given or (place.key if place.is_key_made and is_here(place, request) else "")
