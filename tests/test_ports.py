"""Where the page is served: what a person may name, and what becomes of it."""

import errno
import socket

import pytest

from demo import ports
from gan.errors import UserError


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("", ""),
        ("/", ""),
        ("user/ada/proxy/7860", "/user/ada/proxy/7860"),
        (" /gan/ ", "/gan"),
        ("https://class.school.org/gan/", "https://class.school.org/gan"),
    ],
)
def test_a_prefix_is_taken_as_it_is_meant(typed, meant):
    assert ports.prefix(typed) == meant


@pytest.mark.parametrize(
    ("host", "others"),
    [
        ("127.0.0.1", False),
        ("127.0.0.7", False),
        ("::1", False),
        ("localhost", False),
        ("0.0.0.0", True),
        ("::", True),
        ("192.168.0.5", True),
        ("class.school.org", True),
    ],
)
def test_whether_others_reach_an_address(host, others):
    assert ports.is_reached_by_others(host) is others


def test_a_port_is_found_on_every_kind_of_address():
    for host in ("127.0.0.1", "localhost", *(["::1"] if has_ipv6() else [])):
        assert 0 < ports.free_port(host, [0]) <= ports.LAST


def has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
            return True
    except OSError:
        return False


def test_a_port_that_only_the_administrator_may_have_is_told(monkeypatch):
    class Probe(socket.socket):
        def bind(self, address):
            raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(ports.socket, "socket", Probe)
    with pytest.raises(UserError, match="Port 80 is not for every user"):
        ports.free_port("127.0.0.1", [80])
