"""Free and taken TCP ports."""

import socket

from heating_portal.up.refusals import CannotStart


def free_port(host: str = "127.0.0.1") -> int:
    """A port nobody listens on at this moment; the caller retries when somebody is quicker."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])


def is_free(host: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def demand_free(host: str, port: int) -> None:
    """Refuse, in one sentence, to start on a port that is taken or not ours to use."""
    if not is_free(host, port):
        raise CannotStart(
            f"端口 {host}:{port} 已被占用或无权使用。请换一个端口：./portal up --port {port + 1}",
            f"Port {host}:{port} is taken or not yours to use. Choose another one: ./portal up --port {port + 1}",
        )
