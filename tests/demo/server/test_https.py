"""Serving a room: the certificate is one that TLS accepts, the QR code says the address."""

import asyncio
import io
import ipaddress
import re
import socket
import ssl
import stat
import sys
import threading

import pytest
import segno

from demo.server.https import Invitation, answer_plain_http, invite, own_addresses, redirect, self_signed
from tests.browser import in_a_thread


def test_the_certificate_serves_tls_for_every_address_it_was_made_for(tmp_path):
    certificate, key = self_signed(["192.168.7.7", "127.0.0.1"])
    (tmp_path / "c.pem").write_bytes(certificate)
    (tmp_path / "k.pem").write_bytes(key)
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.load_cert_chain(tmp_path / "c.pem", tmp_path / "k.pem")

    def shake(name):
        theirs = ssl.create_default_context(cafile=tmp_path / "c.pem")
        here, there = socket.socketpair()

        def answer():
            try:
                ours.wrap_socket(there, server_side=True).close()
            except OSError:
                there.close()

        thread = threading.Thread(target=answer)
        thread.start()
        try:
            with theirs.wrap_socket(here, server_hostname=name) as secure:
                return secure.version()
        finally:
            thread.join(5)

    for name in ("192.168.7.7", "127.0.0.1", "localhost"):
        assert shake(name).startswith("TLS")
    with pytest.raises(ssl.SSLCertVerificationError):
        shake("192.168.7.8")


def test_two_certificates_share_nothing():
    assert self_signed(["127.0.0.1"])[1] != self_signed(["127.0.0.1"])[1]


def test_own_addresses_are_addresses_and_loopback_comes_last():
    addresses = own_addresses()
    assert addresses[-1] == "127.0.0.1"
    assert not any(ipaddress.ip_address(address).is_loopback for address in addresses[:-1])


def test_an_invitation_keeps_its_key_to_this_user():
    invitation = invite(7861)
    assert invitation.address == f"https://{own_addresses()[0]}:7861/"
    assert b"PRIVATE KEY" in invitation.key.read_bytes()
    if sys.platform != "win32":
        assert stat.S_IMODE(invitation.key.parent.stat().st_mode) == 0o700


def test_the_qr_code_in_the_terminal_is_the_address(tmp_path):
    invitation = Invitation("https://192.168.7.7:7860/", tmp_path, tmp_path)
    light = {" ": (0, 0), "▀": (1, 0), "▄": (0, 1), "█": (1, 1)}  # drawn light on dark
    drawn = []
    for line in invitation.terminal(io.TextIOWrapper(io.BytesIO(), "utf-8")).splitlines():
        cells = [light[c] for c in line if c in light]
        drawn += [[upper for upper, _ in cells], [lower for _, lower in cells]]
    expected = [
        [0 if cell else 1 for cell in row] for row in segno.make(invitation.address, micro=False).matrix_iter(border=4)
    ]
    assert [row[: len(expected[0])] for row in drawn[: len(expected)]] == expected


def test_the_card_shows_the_address_without_trusting_it(tmp_path):
    card = Invitation("https://192.168.7.7:7860/?a=<b>", tmp_path, tmp_path).card()
    assert "<svg" in card
    assert "<b>" not in card
    assert 'href="https://192.168.7.7:7860/?a=&lt;b&gt;"' in card


@pytest.mark.parametrize("encoding", ["cp949", "ascii", "latin-1", "cp1252"])
@pytest.mark.parametrize("is_terminal", [True, False])
def test_where_blocks_cannot_be_printed_the_qr_code_is_drawn_otherwise(tmp_path, encoding, is_terminal):
    invitation = Invitation("https://192.168.7.7:7860/", tmp_path, tmp_path)
    stream = io.TextIOWrapper(io.BytesIO(), encoding)
    stream.isatty = lambda: is_terminal
    text = invitation.terminal(stream)
    print(text, file=stream)  # raises where it cannot be said
    if is_terminal:  # light is reversed video, dark is not
        rows = [re.findall(r"\x1b\[(7|49)m( +)", line) for line in text.splitlines()]
        drawn = [[0 if colour == "7" else 1 for colour, blanks in row for _ in blanks[::2]] for row in rows if row]
    else:
        drawn = [[0 if line[at] == "#" else 1 for at in range(0, len(line), 2)] for line in text.splitlines()]
    expected = [
        [int(bool(cell)) for cell in row] for row in segno.make(invitation.address, micro=False).matrix_iter(border=4)
    ]
    assert drawn == expected


def answers(requests: list[tuple[bytes, ...]], folder) -> list[bytes]:
    """What a TLS server that says "secure" answers to each of these, sent in pieces; b"tls" asks over TLS."""
    certificate, key = self_signed(["127.0.0.1"])
    (folder / "c.pem").write_bytes(certificate)
    (folder / "k.pem").write_bytes(key)
    ours = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    ours.load_cert_chain(folder / "c.pem", folder / "k.pem")
    answer_plain_http(ours, "https://192.168.7.7:7860/")
    theirs = ssl.create_default_context(cafile=folder / "c.pem")

    async def say_so(_, writer):
        writer.write(b"secure")
        writer.close()

    async def ask(port, pieces):
        secure = {"ssl": theirs} if pieces == (b"tls",) else {}
        reader, writer = await asyncio.open_connection("127.0.0.1", port, **secure)
        for piece in pieces if not secure else ():
            writer.write(piece)
            await asyncio.sleep(0.02)
        answer = await reader.read(1000)
        writer.close()
        return answer

    async def everyone():
        async with await asyncio.start_server(say_so, "127.0.0.1", 0, ssl=ours) as server:
            port = server.sockets[0].getsockname()[1]
            return await asyncio.wait_for(asyncio.gather(*(ask(port, pieces) for pieces in requests)), 20)

    return in_a_thread(everyone())


def test_plain_http_is_sent_to_https_on_the_same_port_and_tls_is_served_as_ever(tmp_path):
    get = b"GET /?lang=ko HTTP/1.1\r\nHost: 192.168.7.9:7861\r\nUser-Agent: a phone\r\n\r\n"
    whole, tls, pieces, again, post = answers(
        [(get,), (b"tls",), (get[:3], get[3:30], get[30:]), (b"tls",), (b"POST /gradio_api/x HTTP/1.0\r\n\r\n",)],
        tmp_path,
    )
    assert tls == again == b"secure"
    assert whole == pieces
    assert whole.startswith(b"HTTP/1.1 307 ")
    assert b"\r\nLocation: https://192.168.7.9:7861/?lang=ko\r\n" in whole
    assert b"\r\nLocation: https://192.168.7.7:7860/gradio_api/x\r\n" in post


@pytest.mark.parametrize(
    "asked", [b"\0" * 20_000, b"GET / HTTP/1.1\r\nHost: evil\nSet-Cookie: a\r\n\r\n", b"x\r\n\r\n"]
)
def test_whatever_is_asked_the_answer_is_one_redirect_with_nothing_of_a_strangers_in_it(asked):
    lines = redirect(asked, "https://192.168.7.7:7860/").split(b"\r\n")
    assert lines[1] == b"Location: https://192.168.7.7:7860/"
    assert len(lines) == 6
