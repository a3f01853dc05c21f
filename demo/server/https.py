"""`--lan`: the page for a whole room, over https with a certificate made on the spot, and a QR code to it.

Browsers give the camera only to a secure page, so plain http would do for everything but the webcam.
"""

import atexit
import ipaddress
import re
import shutil
import socket
import ssl
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import urlsplit

import segno
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from markupsafe import Markup

from demo.ui.templates import macros

HTML = macros(__file__)
HANDSHAKE = b"\x16"  # the first byte of a TLS connection
LONGEST = 16_384  # bytes of a plain request that are waited for


@dataclass(frozen=True)
class Invitation:
    """The address that a room may open, with the certificate and key files that serve it."""

    address: str
    certificate: Path
    key: Path

    def launch_options(self) -> dict:
        """What `launch` must be told to serve https with this certificate, which nobody can verify."""
        return {
            "ssl_certfile": str(self.certificate),
            "ssl_keyfile": str(self.key),
            "ssl_verify": False,
        }

    def card(self) -> str:
        """The address as HTML: a QR code (inline SVG, black on white in any theme) and a link."""
        svg = segno.make(self.address, micro=False).svg_inline(scale=10, border=3, light="#fff", title=self.address)
        return HTML.card(Markup(svg), self.address)

    def terminal(self, stream: TextIO) -> str:
        """The QR code for a stream: in half-block characters, or, where its encoding has none, wider and in ASCII."""
        code, out = segno.make(self.address, micro=False), StringIO()
        try:
            "▀▄█".encode(stream.encoding or "ascii")
        except (UnicodeError, LookupError):
            if stream.isatty():  # blanks in reversed colours
                code.terminal(out)
                return out.getvalue()
            return "".join("".join("  " if cell else "##" for cell in row) + "\n" for row in code.matrix_iter(border=4))
        code.terminal(out, compact=True)
        return out.getvalue()


def invite(port: int) -> Invitation:
    """Make a certificate for this machine's addresses, in a folder that is gone when the program ends."""
    addresses = own_addresses()
    folder = Path(tempfile.mkdtemp(prefix="spear-and-shield-"))  # readable by this user alone
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    certificate_pem, key_pem = self_signed(addresses)
    certificate.write_bytes(certificate_pem)
    key.write_bytes(key_pem)
    return Invitation(f"https://{addresses[0]}:{port}/", certificate, key)


def answer_plain_http(context: ssl.SSLContext, address: str) -> None:
    """Let a server with this context send who asks it in plain http to the same page over https.

    So asks whoever types the address without https://. A request that names no host is sent to `address`.
    """

    def wrap_bio(incoming: ssl.MemoryBIO, outgoing: ssl.MemoryBIO, *args: Any, **options: Any) -> ssl.SSLObject:
        tls = ssl.SSLContext.wrap_bio(context, incoming, outgoing, *args, **options)
        asked, is_answered = b"", False

        def do_handshake() -> None:
            nonlocal asked, is_answered
            asked += incoming.read()
            if asked[:1] in (b"", HANDSHAKE):
                if asked:
                    del tls.do_handshake  # from here on it is TLS's own
                incoming.write(asked)
                ssl.SSLObject.do_handshake(tls)
                return
            if not is_answered and (b"\r\n\r\n" in asked or len(asked) > LONGEST):
                outgoing.write(redirect(asked, address))
                is_answered = True
            if is_answered:
                asked = asked[:1]
            raise ssl.SSLWantReadError  # sends what there is; who was answered hangs up, or is cut off after a minute

        tls.do_handshake = do_handshake
        return tls

    context.wrap_bio = wrap_bio


def redirect(asked: bytes, address: str) -> bytes:
    """The answer to a plain http request: the same over https, on the host that it names, else on that of `address`."""
    path = re.match(rb"[A-Z]+ (/\S*) HTTP/", asked)
    host = re.search(rb"\r\nhost:[ \t]*([\w.:\[\]-]+)[ \t]*\r\n", asked, re.IGNORECASE)
    where = (host[1].decode() if host else urlsplit(address).netloc) + (path[1].decode("latin-1") if path else "/")
    lines = [
        "HTTP/1.1 307 Temporary Redirect",
        f"Location: https://{where}",
        "Content-Length: 0",
        "Connection: close",
        "",
        "",
    ]
    return "\r\n".join(lines).encode("latin-1")


def own_addresses() -> list[str]:
    """This machine's IPv4 addresses, the one that the room most likely reaches first, 127.0.0.1 last."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe, suppress(OSError):
        probe.connect(("10.255.255.255", 1))  # sends nothing: it only asks which way out would be taken
        found.append(probe.getsockname()[0])
    with suppress(OSError):  # the machine may not know its own name
        found += socket.gethostbyname_ex(socket.gethostname())[2]
    reachable = [a for a in dict.fromkeys(found) if not ipaddress.ip_address(a).is_loopback]
    return [*reachable, "127.0.0.1"]


def self_signed(addresses: list[str], days: int = 90) -> tuple[bytes, bytes]:
    """A certificate for `localhost` and these IP addresses, and its private key (EC P-256), both as PEM."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Spear & Shield")])
    names = [x509.DNSName("localhost"), *(x509.IPAddress(ipaddress.ip_address(a)) for a in addresses)]
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))  # the clocks of a room differ
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM), key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
