"""One hub speaks on a bus: leases on the database's clock, tokens that only grow, silence after a lost lease."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field

import pytest
from django.utils import timezone

from devices import hub_leases
from devices.hub.client import HubClient, HubUnavailable
from devices.hub.lease import HeldLease, StaleLease
from devices.models import HubLease
from devices.protocol.frames import Block, Request
from tests.devices.hubs import SECRET, WAIT_S, RawDtu, running_hub

IMEI, BLOCK = "861990000000018", Block("h", 100, 4)
LINE = f"dtu:{IMEI}"


@pytest.mark.django_db
def test_one_holds_the_lease_until_it_ends_and_the_next_has_a_greater_token() -> None:
    assert hub_leases.take_lease(0, "east#1") == 1
    assert hub_leases.take_lease(0, "east#1") == 1, "renewed"
    assert hub_leases.take_lease(0, "west#1") is None
    assert hub_leases.take_lease(1, "west#1") == 1, "another shard"
    HubLease.objects.filter(shard=0).update(expires_at=timezone.now() - dt.timedelta(seconds=1))
    assert hub_leases.take_lease(0, "west#1") == 2
    assert hub_leases.take_lease(0, "east#1") is None
    assert hub_leases.current_token() == 2


@pytest.mark.django_db
def test_who_binds_the_address_of_a_dead_hub_follows_it_at_once() -> None:
    first, second = (hub_leases.holder_name("127.0.0.1:7502") for _ in range(2))
    assert first != second and hub_leases.holder_name("127.0.0.1:0").split("#")[0] != first.split("#")[0]
    assert [hub_leases.take_lease(0, name) for name in (first, second)] == [1, 2]


@dataclass
class Row:
    """A lease row as the hub's thread sees it."""

    token: int | None = 7
    asked: list[str] = field(default_factory=list)

    def take(self) -> int | None:
        return self.token


def test_a_held_lease_ends_by_its_own_clock_also_when_the_process_slept() -> None:
    clock = [100.0]
    lease = HeldLease(lambda: 7, 18.0, lambda: clock[0])
    with pytest.raises(StaleLease, match="does not hold"):
        lease.check(7)
    lease.renewed(7, 100.0)
    lease.check(7)
    clock[0] = 117.9
    assert lease.is_held()
    clock[0] = 130.0  # paused for half a minute
    assert lease.is_over() and not lease.is_held()
    with pytest.raises(StaleLease, match="does not hold"):
        lease.check(7)


def test_a_lease_that_somebody_had_in_between_is_lost() -> None:
    lease = HeldLease(lambda: 7, 18.0, lambda: 0.0)
    lease.renewed(7, 0.0)
    lease.renewed(9, 0.0)
    assert lease.is_over()


def test_only_requests_with_the_token_of_the_lease_are_spoken() -> None:
    row, tokens = Row(), [7]
    with running_hub(take_lease=row.take, lease_every_s=0.1) as (hub, _, events):
        dtu = RawDtu(hub.listen_port, IMEI.encode())
        events.wait("dtu_registered")
        with HubClient("127.0.0.1", hub.control_port, SECRET, token=lambda: tokens[0]) as worker:
            assert worker.read(LINE, 1, BLOCK).ok
            tokens[0] = 6
            with pytest.raises(HubUnavailable, match="6 is older than the lease's 7"):
                worker.write(LINE, Request(1, 6, 105, 1, (235,)))
            assert worker.ping(), "what needs no bus needs no token"
            assert len(dtu.requests) == 1
            tokens[0] = 8
            with pytest.raises(HubUnavailable, match="passed to another hub"):
                worker.read(LINE, 1, BLOCK)
        assert dtu.closed.wait(WAIT_S)
        assert events.wait("hub_stopped")["lease_lost"] is True


def test_a_hub_without_the_lease_lets_nobody_in() -> None:
    row = Row(token=None)
    with running_hub(take_lease=row.take, lease_every_s=0.02, wait=False) as (hub, _, events):
        events.wait("hub_waits_for_lease")
        assert hub.listen_port == 0
        row.token = 3
        events.wait("hub_started")
        RawDtu(hub.listen_port, IMEI.encode())
        events.wait("dtu_registered")
