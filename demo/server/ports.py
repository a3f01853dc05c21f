"""Where the page is served: address, port and prefix, each looked at before it is used."""

import argparse
import errno
import socket
import sys
from collections.abc import Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit

from demo.ui.refusals import Refused

LAST = 65535


def port(text: str) -> int:
    """A port number as it was typed; raises ArgumentTypeError for what is none."""
    if not text.strip().isdecimal() or int(text) > LAST:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port: give a number from 1 to {LAST}, or 0 for any")
    return int(text)


def prefix(path: str) -> str:
    """The path under which a proxy shows the page ("/user/ada/proxy/7860"), or its address, without a last "/"."""
    path = path.strip().rstrip("/")
    return path if not path or urlsplit(path).scheme in ("http", "https") else f"/{path.lstrip('/')}"


def is_reached_by_others(host: str) -> bool:
    """Whether other machines reach what listens on this address."""
    try:
        return not ip_address(host).is_loopback
    except ValueError:
        return host != "localhost"


def free_port(host: str, ports: Sequence[int]) -> int:
    """The first of these ports that nobody listens on (0 means any).

    Raises UserError where all are taken, or may not be had, and where the address is not this machine's.
    """
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        found = []
    why = errno.EADDRNOTAVAIL
    for number in ports if found else ():
        family, kind, protocol, _, address = found[0]
        try:
            with socket.socket(family, kind, protocol) as probe:
                if sys.platform != "win32":  # there it would share a port that is in use
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                probe.bind((address[0], number, *address[2:]))
                return probe.getsockname()[1]
        except OSError as error:
            why = error.errno
            if why != errno.EADDRINUSE:
                break
    if why == errno.EADDRINUSE:
        raise Refused("refused.port_taken", port=ports[0], host=host)
    if why == errno.EACCES:
        raise Refused("refused.port_low", port=number)
    raise Refused("refused.address", host=host)
