"""A PostgreSQL that lacks some of the settings."""

import socket
import threading


class OlderServer:
    """In front of the real one: names that an older server does not know are not known here either."""

    def __init__(self, port, *names):
        self.port = port
        self.names = [name.encode() for name in names]
        self.unknown = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self):
        return self.listener.getsockname()

    def _accept(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self.port))
            threading.Thread(target=self._carry, args=(client, server, True), daemon=True).start()
            threading.Thread(target=self._carry, args=(server, client, False), daemon=True).start()

    def _carry(self, source, target, is_query):
        try:
            while data := source.recv(65536):
                for name in self.names if is_query else ():
                    self.unknown += data.count(name)
                    data = data.replace(name, name[:-1] + b"X")
                target.sendall(data)
        except OSError:
            pass
        for each in (source, target):
            try:
                each.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def close(self):
        self.listener.close()
