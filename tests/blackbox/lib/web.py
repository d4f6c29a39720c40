"""Other hosts, whose pages are fetched: one server on every 127.0.0.x, whose paths say how it behaves."""

import gzip
import http.server
import threading
import time


class Web:
    """Starts at once; `seen` are the requests in their order: (host, path, time)."""

    def __init__(self, tls=None):
        self.seen, self.lock, self.at_once, self.most_at_once = [], threading.Lock(), {}, {}
        self.connections = 0
        self.robots = {}  # host -> (status, text)
        self.answers = {}  # path -> [(status, headers, body)...]: one after the other, the last again and again
        web = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self):
                super().setup()
                with web.lock:
                    web.connections += 1

            def log_message(self, *_):
                pass

            def do_GET(self):
                web.answer(self)

        class Server(http.server.ThreadingHTTPServer):
            request_queue_size = 1024
            daemon_threads = True

            def handle_error(self, *_):  # clients leave in the middle: that is what is tested
                pass

        self.server = Server(("0.0.0.0", 0), Handler)
        if tls is not None:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def url(self, path, host="127.0.0.1"):
        return f"http://{host}:{self.port}{path}"

    def paths(self, host=None):
        with self.lock:
            return [path for where, path, _ in self.seen if host in (None, where) and path != "/robots.txt"]

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def answer(self, handler):
        host = handler.headers["Host"].split(":")[0]
        with self.lock:
            self.seen.append((host, handler.path, time.monotonic()))
            self.at_once[host] = self.at_once.get(host, 0) + 1
            self.most_at_once[host] = max(self.most_at_once.get(host, 0), self.at_once[host])
        try:
            self.dispatch(handler, host)
        finally:
            with self.lock:
                self.at_once[host] -= 1

    def dispatch(self, handler, host):
        path = handler.path
        kind, _, rest = path.strip("/").partition("/")
        if path == "/robots.txt":
            status, text = self.robots.get(host, (404, ""))
            self.send(handler, status, text.encode(), "text/plain")
        elif path in self.answers:
            with self.lock:
                answers = self.answers[path]
                status, headers, body = answers.pop(0) if len(answers) > 1 else answers[0]
            self.send(handler, status, body, headers=headers)
        elif kind == "wait":  # /wait/MS/TITLE
            time.sleep(int(rest.split("/")[0]) / 1000)
            self.send(handler, 200, f"<title>{rest}</title>".encode())
        elif kind == "silent":
            time.sleep(30)
        elif kind == "hop":  # /hop/N ends at /page/end
            self.send(handler, 302, b"moved", headers={"Location": f"/hop/{int(rest) - 1}" if rest != "0" else "/page/end"})
        elif kind == "endless":  # a title, and then bytes without end
            handler.send_response(200)
            handler.send_header("Content-Type", "text/html")
            handler.send_header("Connection", "close")
            handler.end_headers()
            handler.wfile.write(b"<html><title>endless</title>" if rest == "" else b"<html>")
            while True:
                handler.wfile.write(b"x" * 65536)
        elif kind == "bomb":  # 64 MiB of nothing in 64 KiB
            self.send(handler, 200, gzip.compress(b" " * (64 << 20)), headers={"Content-Encoding": "gzip"})
        elif kind == "gzip":
            self.send(handler, 200, gzip.compress(f"<title>{rest}</title>".encode()), headers={"Content-Encoding": "gzip"})
        else:  # /page/TITLE
            self.send(handler, 200, f"<html><head><title>{rest}</title></head><body>{'x' * 500}</body></html>".encode())

    def send(self, handler, status, body, content_type="text/html; charset=utf-8", headers=None):
        handler.send_response(status)
        for name, value in {"Content-Type": content_type, "Content-Length": str(len(body)), **(headers or {})}.items():
            handler.send_header(name, value)
        handler.end_headers()
        handler.wfile.write(body)
