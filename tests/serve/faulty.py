"""A proxy before the sandbox that can be told to fail: what a real network and a real GitLab do on a bad day."""

import http.server
import threading
from http.client import HTTPConnection
from urllib.parse import urlparse


class Faulty:
    """Forwards to `upstream`. `fault` is None or a function of (method, path, body) that names a fault or None."""

    def __init__(self, upstream: str):
        self.upstream = urlparse(upstream)
        self.fault = None
        self.seen: list[str] = []
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_any(self):
                body = self.rfile.read(int(self.headers.get("content-length", 0)))
                outer.seen.append(f"{self.command} {self.path}")
                fault = outer.fault(self.command, self.path, body) if outer.fault else None
                if fault:
                    return self.fail(fault)
                connection = HTTPConnection(outer.upstream.hostname, outer.upstream.port)
                headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "accept-encoding")}
                connection.request(self.command, self.path, body, headers)
                answer = connection.getresponse()
                self.answer(answer.status, answer.read(), answer.getheader("content-type", "application/json"))

            do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_any

            def fail(self, fault: str):
                if fault == "cut":
                    self.send_response(200)
                    self.send_header("content-type", "application/json")
                    self.send_header("content-length", "100000")
                    self.end_headers()
                    self.wfile.write(b'{"data":')
                    self.close_connection = True
                elif fault == "html":
                    self.answer(200, b"<!doctype html><title>Sign in</title>", "text/html")
                elif fault == "429":
                    self.answer(429, b"Retry later", "text/plain", {"retry-after": "1"})
                else:
                    self.answer(int(fault), b'{"message":"%s"}' % fault.encode(), "application/json")

            def answer(self, status, body, kind, more=None):
                self.send_response(status)
                self.send_header("content-type", kind)
                self.send_header("content-length", str(len(body)))
                for name, value in (more or {}).items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(body)

            def log_message(self, *_):
                pass

        class Server(http.server.ThreadingHTTPServer):
            def handle_error(self, request, client_address):
                """A client that was killed mid-request is what these tests are about."""

        self.server = Server(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
