"""`--lan`: the page for a whole room, over https with a certificate made on the spot, and a QR code to it.

Browsers give the camera only to a secure page, so plain http would do for everything but the webcam.
"""

import atexit
import ipaddress
import shutil
import socket
import tempfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from html import escape
from io import StringIO
from pathlib import Path

import segno
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


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
        address = escape(self.address)
        return f'<div class="invitation">{svg}<a href="{address}">{address}</a></div>'

    def terminal(self) -> str:
        """The QR code for a terminal, in half-block characters."""
        out = StringIO()
        segno.make(self.address, micro=False).terminal(out, compact=True)
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
