"""The edge: the machine's nginx in front of the site, as a child of `bacao up --edge` (docs/guide/edge.md).

Nothing of the system is touched: configuration, certificate, cache, temporary files and logs live under `var/`. What
is written is tested by nginx itself before it counts; a change that fails the test leaves the old one running.
"""

import ipaddress
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bacao.cli.processes import Child, start
from bacao.cli.say import warn
from bacao.kit.paths import ROOT, VAR
from bacao.kit.text import Refused, Text

DEPLOY = ROOT / "deploy" / "nginx"
FOLDER = VAR / "edge"
LOCAL = ("localhost", "127.0.0.1", "[::1]")
CERTIFICATE_DAYS = 397
LOOK_SECONDS = 2.0
PAGES = {  # what nginx says itself, by status: a heading and what to do
    413: (
        Text("太大了", "Too large"),
        Text("这次上传的内容太大，请换小一点的图片。", "What was sent is too large: choose smaller pictures."),
    ),
    429: (
        Text("请慢一点", "Too many at once"),
        Text("这个网络刚才来了太多次，请过几秒再试。", "This network asked too often: try again in a few seconds."),
    ),
    502: (
        Text("马上回来", "Back in a moment"),
        Text(
            "服务正在重启，通常只要几秒。已付的钱和已买的券都在。",
            "The service is restarting, which takes seconds. What you paid for is safe.",
        ),
    ),
}


class BadConfiguration(Refused):
    """nginx refuses the configuration."""

    code = "edge_configuration"


@dataclass(frozen=True)
class Edge:
    """Where the edge listens and whom it asks. `certificate` and `key` are files; made by us if both are missing."""

    upstream: str
    https_port: int
    http_port: int
    address: str = "127.0.0.1"
    hosts: tuple[str, ...] = LOCAL
    certificate: Path = FOLDER / "localhost.crt"
    key: Path = FOLDER / "localhost.key"
    folder: Path = FOLDER
    static: Path = VAR / "static"
    media: Path = VAR / "media"
    login_rate: str = "30r/m"
    login_burst: int = 20
    changes: dict[str, dict[str, str]] = field(default_factory=dict)  # by file: other words for some of its words

    def words(self) -> dict[str, str]:
        """Return what stands for each @WORD@ of the templates."""
        return {
            "EDGE": str(self.folder), "DEPLOY": str(self.folder / "deploy"), "LOG": str(VAR / "log"),
            "UPSTREAM": self.upstream, "HTTPS_LISTEN": f"{self.address}:{self.https_port}",
            "HTTP_LISTEN": f"{self.address}:{self.http_port}", "HTTPS_PORT": str(self.https_port),
            "HOSTS": " ".join(self.hosts), "CERTIFICATE": str(self.certificate), "KEY": str(self.key),
            "STATIC": str(self.static), "MEDIA": str(self.media),
            "LOGIN_RATE": self.login_rate, "LOGIN_BURST": str(self.login_burst),
        }  # fmt: skip


def prepare(port: int, address: str, *, https_port: int, http_port: int) -> Edge:
    """Write the configuration for a site on `port`, and tell the site by its environment that the edge is in front.

    :raises BadConfiguration: nginx refuses it
    """
    base = os.environ.setdefault("BACAO_BASE_URL", f"https://localhost:{https_port}")
    edge = Edge(f"127.0.0.1:{port}", https_port, http_port, address, hosts_of(base))
    certificate, key = os.environ.get("BACAO_EDGE_CERTIFICATE"), os.environ.get("BACAO_EDGE_KEY")
    if certificate and key:
        edge = replace(edge, certificate=Path(certificate), key=Path(key))
    write(edge)
    os.environ.update(BACAO_PROXIES="1", BACAO_EDGE="1")
    os.environ.setdefault("BACAO_SANDBOX_URL", f"http://127.0.0.1:{port}/sandbox")
    if not certificate:
        os.environ.setdefault("SSL_CERT_FILE", str(edge.certificate))  # the sandbox calls this very site
    return edge


def find_nginx() -> str | None:
    """Return the machine's nginx, None where it has none."""
    return shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin:/usr/local/sbin")


def write(edge: Edge) -> Path:
    """Write the configuration beside the one that counts, let nginx test it, then let it count; return the file.

    :raises BadConfiguration: nginx refuses it; what was there before is untouched
    """
    edge.folder.mkdir(parents=True, exist_ok=True)
    (VAR / "log").mkdir(parents=True, exist_ok=True)
    (edge.folder / "tmp").mkdir(exist_ok=True)
    make_certificate(edge)
    for name in ("static", "media"):
        getattr(edge, name).mkdir(parents=True, exist_ok=True)
    fresh = edge.folder / "fresh"
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    _fill(edge, fresh, {"EDGE": str(fresh), "DEPLOY": str(fresh / "deploy")})
    test(fresh / "nginx.conf", edge.folder)
    _fill(edge, edge.folder, {})
    shutil.rmtree(fresh)
    return edge.folder / "nginx.conf"


def _fill(edge: Edge, folder: Path, others: dict[str, str]) -> None:
    """Write the templates into a folder with their words filled in."""
    words = edge.words() | others
    (folder / "tmp").mkdir(exist_ok=True)
    shutil.copytree(DEPLOY, folder / "deploy", dirs_exist_ok=True)
    (folder / "deploy" / "pages").mkdir(exist_ok=True)
    frame = (DEPLOY / "page.html").read_text()
    for status, (head, more) in PAGES.items():
        said = {"@ZH@": head.zh, "@EN@": head.en, "@ZH_MORE@": more.zh, "@EN_MORE@": more.en}
        (folder / "deploy" / "pages" / f"{status}.html").write_text(_put(frame, said))
    targets = {"edge.conf": folder / "nginx.conf", "site.conf": folder / "site.conf"}
    for source in DEPLOY.glob("*.conf"):
        text = source.read_text()
        for old, new in edge.changes.get(source.name, {}).items():
            assert old in text, f"{source.name} does not say {old}"
            text = text.replace(old, new)
        text = _put(text, {f"@{word}@": value for word, value in words.items()})
        targets.get(source.name, folder / "deploy" / source.name).write_text(text)


def _put(text: str, words: dict[str, str]) -> str:
    for word, value in words.items():
        text = text.replace(word, value)
    return text


def test(configuration: Path, prefix: Path) -> None:
    """Let nginx read a configuration. :raises BadConfiguration: it refuses, with the line that is wrong"""
    command = [find_nginx() or "nginx", "-p", str(prefix), "-e", "stderr", "-t", "-q", "-c", str(configuration)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = done.stderr.strip()
        raise BadConfiguration(Text(f"nginx 不接受这份配置：\n{said}", f"nginx refuses the configuration:\n{said}"))


def begin(edge: Edge) -> Child:
    """Start nginx in the foreground with what `write` left."""
    command = [find_nginx() or "nginx", "-p", str(edge.folder), "-e", "stderr", "-c", str(edge.folder / "nginx.conf")]
    return start("edge", command, log=VAR / "log" / "edge.log", stop_with=signal.SIGQUIT, orphan_with=signal.SIGTERM)


class Watch:
    """Looks for changes of the templates and certificates, and reloads nginx when they are good."""

    def __init__(self, edge: Edge) -> None:
        self.edge = edge
        self._seen = self._stamps()
        self._next = 0.0

    def look(self, child: Child | None) -> None:
        """Take changes over, if there are any and nginx accepts them; say so if not, and go on as before."""
        if time.monotonic() < self._next:
            return
        self._next = time.monotonic() + LOOK_SECONDS
        stamps = self._stamps()
        if stamps == self._seen:
            return
        self._seen = stamps
        try:
            write(self.edge)
        except BadConfiguration as refused:
            warn(refused.text)
            return
        if child and child.process.poll() is None:
            child.process.send_signal(signal.SIGHUP)

    def _stamps(self) -> list[tuple[str, int]]:
        files = [*DEPLOY.rglob("*.*"), self.edge.certificate, self.edge.key]
        return sorted((str(path), path.stat().st_mtime_ns) for path in files if path.exists())


def make_certificate(edge: Edge) -> None:
    """Make a certificate for this machine's own names, signed by itself, where none is given or ours has run out."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    if edge.certificate.exists() and edge.key.exists():
        ours = edge.certificate.is_relative_to(edge.folder)
        good = x509.load_pem_x509_certificate(edge.certificate.read_bytes()).not_valid_after_utc
        if not ours or good > datetime.now(UTC) + timedelta(days=7):
            return
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    addresses = [x509.IPAddress(ipaddress.ip_address(word)) for word in ("127.0.0.1", "::1")]
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=CERTIFICATE_DAYS))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost"), *addresses]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    edge.key.touch(mode=0o600)
    edge.key.write_bytes(key.private_bytes(pem, serialization.PrivateFormat.PKCS8, plain))
    edge.certificate.write_bytes(certificate.public_bytes(pem))


def hosts_of(base_url: str) -> tuple[str, ...]:
    """Return the names that the edge answers to: those of BACAO_HOSTS, that of the site's address, this machine's."""
    given = [name for name in os.environ.get("BACAO_HOSTS", "").split(",") if name and name != "*"]
    host = base_url.partition("://")[2].partition("/")[0].rpartition(":")[0] or base_url.partition("://")[2]
    return tuple(dict.fromkeys([*given, host, *LOCAL]))
