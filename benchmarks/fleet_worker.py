"""A poll worker without its broker: reads "cycle shards" lines, does `poll_shard`, answers with what it returned."""

from __future__ import annotations

import sys

import django

if __name__ == "__main__":
    django.setup()
    from telemetry.tasks import poll_shard

    print("ready", flush=True)
    for line in sys.stdin:
        cycle, shards = map(int, line.split())
        print(poll_shard(cycle, shards), flush=True)
