"""Serves the project over HTTP: `python serve.py` says its port, and ends when its input does."""

from __future__ import annotations

import importlib
import os
import socketserver
import sys
from threading import Thread
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server


class Server(socketserver.ThreadingMixIn, WSGIServer):
    """Answers several requests at a time, as Creme's server does."""

    daemon_threads = True


class Handler(WSGIRequestHandler):
    """Looks up no names, and tells nobody of each request."""

    def address_string(self) -> str:
        return "127.0.0.1"

    def log_message(self, format: str, *args: object) -> None:
        pass


def main() -> None:
    """Serves until nobody holds the input open any more."""
    project = os.environ["DJANGO_SETTINGS_MODULE"].partition(".")[0]
    application = importlib.import_module(f"{project}.wsgi").application
    with make_server("127.0.0.1", 0, application, Server, Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        print(server.server_port, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
