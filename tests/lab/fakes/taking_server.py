"""A stranger that answers on a port which another server was given: `taking_server.py PORT ADDRESS [with-stdin]`.

Says "ready" once it answers. With `with-stdin` it ends when its standard input does, that is with who started it.
"""

import http.server
import os
import socket
import sys
import threading


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()


class Taking(http.server.ThreadingHTTPServer):
    def server_bind(self):
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        super().server_bind()


def main(port: str, address: str, *options: str) -> None:
    server = Taking((address, int(port)), Handler)
    print("ready", flush=True)
    if "with-stdin" in options:
        threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
