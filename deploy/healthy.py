"""Health check of a portal container: healthy.py web | default | poll | beat | hub; exit code 0 when it works."""

import http.client
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

BEAT_SILENCE_S = 600  # beat writes its schedule every three minutes


def web() -> bool:
    """The web server answers, and not with an error of its own (503 means its database is away)."""
    host = os.environ.get("PORTAL_HOSTS", "localhost").split(",")[0]
    line = http.client.HTTPConnection("127.0.0.1", 8000, timeout=8)
    line.request("GET", "/", headers={"Host": host, "X-Forwarded-Proto": "https"})
    return line.getresponse().status < 500


def worker(queue: str) -> bool:
    """The worker of this container answers a ping through Redis."""
    sys.path.insert(0, str(Path(__file__).parent))
    from entrypoint import CELERY, read_addresses

    read_addresses(Path(os.environ.get("PORTAL_SECRETS", "/run/secrets")))
    ping = (*CELERY, "inspect", "ping", "--timeout=8", "-d", f"{queue}@{socket.gethostname()}")
    return subprocess.run(ping, capture_output=True).returncode == 0


def beat() -> bool:
    run = Path(os.environ["PORTAL_VAR"]) / "run"
    return any(time.time() - path.stat().st_mtime < BEAT_SILENCE_S for path in run.glob("beat-schedule*"))


def hub() -> bool:
    port = int(os.environ["PORTAL_HUB_CONTROL"].rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=5):
        return True


if __name__ == "__main__":
    checks = {"web": web, "beat": beat, "hub": hub}
    name = sys.argv[1]
    try:
        sys.exit(0 if (checks[name]() if name in checks else worker(name)) else 1)
    except OSError as error:
        sys.exit(str(error))
