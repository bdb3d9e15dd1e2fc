"""A relay in front of a peer that loses answers when it is told to."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Relay:
    """Passes connections on to a port, byte for byte.

    After :meth:`lose_answers` so many answers are read from the peer and never passed on:
    the client's connection ends instead.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._to_lose = 0
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.lost = 0

    def lose_answers(self, number: int) -> None:
        """Lose the next answers; counts anew."""
        with self._lock:
            self._to_lose, self.lost = number, 0

    def serve(self) -> None:
        """Accept connections until :meth:`close`."""
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._relay, args=(client,), daemon=True).start()

    def close(self) -> None:
        """Stop accepting."""
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _relay(self, client: socket.socket) -> None:
        peer = socket.create_connection(("127.0.0.1", self._target))
        threading.Thread(target=self._pass_on, args=(client, peer), daemon=True).start()
        with client, peer, suppress(OSError):
            while data := peer.recv(1 << 16):
                if self._loses():
                    client.shutdown(socket.SHUT_RDWR)
                    return
                client.sendall(data)

    def _loses(self) -> bool:
        with self._lock:
            if self._to_lose == 0:
                return False
            self._to_lose -= 1
            self.lost += 1
            return True

    @staticmethod
    def _pass_on(client: socket.socket, peer: socket.socket) -> None:
        with suppress(OSError):
            while data := client.recv(1 << 16):
                peer.sendall(data)
            peer.shutdown(socket.SHUT_WR)


@contextmanager
def relaying(target: int) -> Iterator[Relay]:
    """A relay to ``target`` until the block ends."""
    relay = Relay(target)
    threading.Thread(target=relay.serve, daemon=True).start()
    yield relay
    relay.close()
