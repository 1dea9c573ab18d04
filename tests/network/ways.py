"""Real parts of a company's network on loopback: a private certificate authority (openssl), squid, and servers that fail."""

import base64
import os
import shutil
import signal
import socket
import ssl
import subprocess
import threading
import time
from pathlib import Path

# How long anything may take before it counts as not happening; nothing here measures speed.
PATIENCE = 60


def free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def until(what: str, true):
    """Asks again and again until it holds: the state is awaited, not the time."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        found = true()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"never: {what}")


def listens(port: int) -> bool:
    with socket.socket() as s:
        s.settimeout(1)
        return s.connect_ex(("127.0.0.1", port)) == 0


class Authority:
    """A private certificate authority, and certificates of it."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.pem = folder / "ca.pem"
        self._openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", folder / "ca.key", "-out", self.pem, "-days", "30",
                      "-subj", "/CN=Sandrill Root CA", "-addext", "basicConstraints=critical,CA:TRUE", "-addext", "keyUsage=keyCertSign")
        self.der = folder / "ca.der"
        self._openssl("x509", "-in", self.pem, "-outform", "der", "-out", self.der)
        self.base64 = folder / "ca.base64"
        self.base64.write_bytes(base64.b64encode(self.der.read_bytes()))

    def _openssl(self, *arguments: object) -> None:
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)

    def leaf(self, name: str, names: str, begins: str | None = None, ends: str | None = None) -> tuple[Path, Path]:
        """Certificate and key; `begins` and `ends` as YYMMDDHHMMSSZ."""
        key, request, pem = (self.folder / f"{name}.{kind}" for kind in ["key", "csr", "pem"])
        self._openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", key, "-out", request, "-subj", f"/CN={name}")
        extensions = self.folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={names}\n")
        if begins:
            index = self.folder / f"{name}.index"
            index.touch()
            config = self.folder / f"{name}.cnf"
            config.write_text(f"[ca]\ndefault_ca=a\n[a]\ndatabase={index}\nrand_serial=yes\nnew_certs_dir={self.folder}\npolicy=p\n[p]\ncommonName=supplied\n")
            self._openssl("ca", "-batch", "-config", config, "-cert", self.pem, "-keyfile", self.folder / "ca.key", "-md", "sha256",
                          "-in", request, "-out", pem, "-startdate", begins, "-enddate", ends, "-extfile", extensions, "-notext")
        else:
            self._openssl("x509", "-req", "-in", request, "-CA", self.pem, "-CAkey", self.folder / "ca.key", "-CAcreateserial",
                          "-out", pem, "-days", "20", "-extfile", extensions)
        return pem, key


class Squid:
    """A real squid on a port of its own: open, or with user name and password, or allowing nothing."""

    def __init__(self, folder: Path, user: str | None = None, password: str = "", deny: bool = False, tls: tuple[Path, Path] | None = None):
        self.port = free_port()
        self.folder = folder / f"squid-{self.port}"
        self.folder.mkdir()
        self.log = self.folder / "access.log"
        lines = [
            f"https_port 127.0.0.1:{self.port} tls-cert={tls[0]} tls-key={tls[1]}" if tls else f"http_port 127.0.0.1:{self.port}",
            f"pid_filename {self.folder}/pid", f"access_log stdio:{self.log}", f"cache_log {self.folder}/cache.log", "cache deny all",
            f"coredump_dir {self.folder}", "shutdown_lifetime 0 seconds", "connect_timeout 3 seconds", "visible_hostname proxy.sandrill.example",
            "pinger_enable off", "via on",
        ]
        if user:
            passwords = self.folder / "passwords"
            crypted = subprocess.run(["openssl", "passwd", "-apr1", password], check=True, capture_output=True, text=True).stdout.strip()
            passwords.write_text(f"{user}:{crypted}\n")
            helper = next(p for p in ["/usr/lib/squid/basic_ncsa_auth", "/usr/lib64/squid/basic_ncsa_auth"] if Path(p).exists())
            lines += [f"auth_param basic program {helper} {passwords}", "auth_param basic children 1", "acl known proxy_auth REQUIRED",
                      "http_access allow known", "http_access deny all"]
        else:
            lines.append("http_access deny all" if deny else "http_access allow all")
        config = self.folder / "squid.conf"
        config.write_text("\n".join(lines) + "\n")
        # As root squid changes to a user of its own, who must be able to write here.
        if os.getuid() == 0:
            for path in [folder, self.folder]:
                os.chmod(path, 0o755)
            shutil.chown(self.folder, "proxy")
            for path in self.folder.iterdir():
                shutil.chown(path, "proxy")
        self.process = subprocess.Popen([shutil.which("squid") or "/usr/sbin/squid", "-N", "-f", config], stdout=subprocess.DEVNULL, stderr=(self.folder / "stderr").open("w"))
        until(f"squid on {self.port}", lambda: listens(self.port) or self._ended())

    def _ended(self) -> bool:
        if self.process.poll() is not None:
            raise AssertionError("squid ended: " + (self.folder / "stderr").read_text()[-2000:])
        return False

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def seen(self) -> str:
        return self.log.read_text() if self.log.exists() else ""

    def stop(self) -> None:
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


class Answering:
    """A server that gives every connection the same bytes, or takes it and says nothing at all. Keeps what it was sent."""

    def __init__(self, answer: bytes | None, tls: tuple[Path, Path] | None = None):
        self.sent = b""
        self.answer = answer
        self.context = None
        if tls:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(*tls)
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                stream, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._one, args=(stream,), daemon=True).start()

    def _one(self, stream: socket.socket) -> None:
        try:
            if self.answer is None:
                while data := stream.recv(65536):
                    self.sent += data
                return
            if self.context:
                stream = self.context.wrap_socket(stream, server_side=True)
            head = b""
            while b"\r\n\r\n" not in head:
                data = stream.recv(65536)
                if not data:
                    return
                head += data
            self.sent += head
            stream.sendall(self.answer)
        except OSError:
            pass
        finally:
            stream.close()

    def stop(self) -> None:
        self.listener.close()


def http(status: str, body: str = "", kind: str = "text/html", **headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status}", f"Content-Type: {kind}", f"Content-Length: {len(body.encode())}", "Connection: close"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()
