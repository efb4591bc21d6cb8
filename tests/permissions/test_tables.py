"""The checked-in tables and the code say the same; what is missing on either side fails."""

from __future__ import annotations

from accounts.rights import RIGHTS, ROLES
from tests.permissions.coverage import addresses
from tests.permissions.missing import missing_rows
from tests.permissions.table import Row, rights_of_roles, rows


def test_every_address_has_a_row() -> None:
    assert missing_rows() == [], "add these lines, completed, to tests/permissions/urls.yaml"


def test_every_row_has_an_address() -> None:
    assert sorted(set(rows()) - set(addresses())) == []


def test_each_view_declares_the_right_its_row_says() -> None:
    declared = {name: right for name, (_arguments, right) in addresses().items()}
    assert {name: row.right for name, row in rows().items() if declared.get(name, row.right) != row.right} == {}


def test_each_row_fills_the_arguments_of_its_address() -> None:
    known = {name: sorted(arguments) for name, (arguments, _right) in addresses().items()}
    assert {
        name: sorted(row.at) for name, row in rows().items() if known.get(name, sorted(row.at)) != sorted(row.at)
    } == {}


def test_each_row_can_be_answered() -> None:
    assert [name for name, row in rows().items() if not row.get and not row.post] == []
    rights = {right for row in rows().values() for right in _rights_named(row)}
    assert rights - set(RIGHTS) == {"", "public", "signed_in"}


def _rights_named(row: Row) -> list[str]:
    return [*row.right.split(" or "), *row.needs.split(" or "), *row.sees.split(" or "), row.over]


def test_roles_hold_the_rights_last_agreed() -> None:
    assert {role: sorted(entry.rights) for role, entry in ROLES.items()} == {
        role: sorted(rights) for role, rights in rights_of_roles().items()
    }
