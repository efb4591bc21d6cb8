#!/usr/bin/env python3
"""Makes the secret files for docker-compose.yml, once: `python3 deploy/make_secrets.py [FOLDER]`.

Files that exist are left alone. The folder is closed to other users of the host (0700); the files in it are readable
(0444) because compose mounts each one into containers that run under users of their own.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from heating_portal.up import keys


def main(folder: Path) -> None:
    folder.mkdir(mode=0o700, exist_ok=True)
    folder.chmod(0o700)
    keys.make_missing(folder)
    postgres, redis = keys.read(folder, "postgres_password"), keys.read(folder, "valkey_password")
    settings = (f"requirepass {redis}", "appendonly yes", "maxmemory-policy noeviction", "dir /data", 'save ""')
    derived = {
        "database_url": f"postgres://portal:{postgres}@postgres:5432/portal",
        "redis_url": f"redis://:{redis}@redis:6379/0",
        "redis_password": redis,
        "redis_conf": "\n".join((*settings, "bind * -::*")),
    }
    for name, text in derived.items():
        if not (folder / name).exists():
            (folder / name).write_text(text + "\n")
    for path in folder.iterdir():
        path.chmod(0o444)
    missing = [name for name in ("tls_certificate", "tls_key") if not (folder / name).exists()]
    if missing:
        print(f"Still to be put into {folder} by you: {', '.join(missing)} (PEM).")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "secrets"))
