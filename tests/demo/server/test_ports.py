"""Where the page is served: what a person may name, and what becomes of it."""

import errno
import socket

import pytest

from demo.server import ports
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


@pytest.fixture
def started(monkeypatch, tmp_path):
    """`told = started("--lan")`: what `main` told the app, which is not really there."""
    from types import SimpleNamespace

    from demo import app as shell

    for name in ("GAN_KEY", "GRADIO_SERVER_NAME", "GRADIO_SERVER_PORT", "GRADIO_ROOT_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GAN_RUNS", str(tmp_path))
    monkeypatch.setattr(shell, "warm_up", lambda *_: None)
    told = {}

    def build_app(place, invitation):
        told["place"] = place
        server = SimpleNamespace(config=SimpleNamespace(ssl=SimpleNamespace()))
        return SimpleNamespace(share_url=None, local_url="http://x/", server=server, block_thread=lambda: None)

    monkeypatch.setattr(shell, "build_app", build_app)
    monkeypatch.setattr(shell, "serve", lambda app, host, number, **options: told.update(options, host=host))

    def start(*arguments):
        told.clear()
        shell.main([*arguments, "--port", "0"])
        return told

    return start


def test_a_key_is_made_and_told_where_others_reach_the_page_and_only_there(started, capsys, monkeypatch):
    assert not started()["place"].key
    assert "key" not in capsys.readouterr().out
    for arguments in (["--lan"], ["--share"], ["--host", "0.0.0.0"]):
        place = started(*arguments)["place"]
        assert place.is_key_made
        said = capsys.readouterr().out
        assert f"Teacher's key: {place.key} " in said
        assert f"선생님 키: {place.key} " in said
    monkeypatch.setenv("GAN_KEY", "")
    assert not started("--lan")["place"].key


def test_without_a_network_no_public_address_is_promised(started, capsys):
    told = started("--share")
    assert told["share"]
    assert told["place"].is_proxied
    assert "There is no public address" in capsys.readouterr().out
    assert started()["share"] is False
    assert "public" not in capsys.readouterr().out


def test_the_prefix_is_the_one_named_or_that_of_the_environment(started, monkeypatch):
    assert started("--root-path", "gan/")["root_path"] == "/gan"
    assert started()["root_path"] == ""
    monkeypatch.setenv("GRADIO_ROOT_PATH", "/user/ada/proxy/7860/")
    told = started()
    assert told["root_path"] == "/user/ada/proxy/7860"
    assert told["place"].is_proxied


def test_an_address_of_ipv6_is_one_that_gradio_can_ask_and_a_failed_start_a_sentence(monkeypatch):
    from types import SimpleNamespace

    from demo import app as shell

    asked = {}
    shell.serve(SimpleNamespace(launch=lambda **options: asked.update(options)), "::1", 7860)
    assert (asked["server_name"], asked["server_port"]) == ("[::1]", 7860)

    def launch(**_):
        raise OSError("Cannot find empty port")

    with pytest.raises(UserError, match="Cannot find empty port"):
        shell.serve(SimpleNamespace(launch=launch), "127.0.0.1", 7860)
