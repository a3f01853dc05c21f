"""Serving a room: the certificate is one that TLS accepts, the QR code says the address."""

import ipaddress
import socket
import ssl
import stat
import sys
import threading

import pytest
import segno

from demo.lan import Invitation, invite, own_addresses, self_signed


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
    for line in invitation.terminal().splitlines():
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
