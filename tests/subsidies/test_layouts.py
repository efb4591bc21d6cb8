"""Bank files in the layouts of the banks, in their letters, with sums that agree; and the archive they leave in."""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import struct
import zlib
from typing import Any

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB

from core.refusals import Refused
from subsidies import layouts
from subsidies.exporting import line_ref
from subsidies.layouts import LayoutError, build, layout_of, named, names
from subsidies.models import BankFile
from subsidies.sealing import sealed_zip
from subsidies.services import bank
from tests.subsidies.conftest import Money, make_money

AT = dt.datetime(2021, 12, 10, 9, 30, 2)
PASSWORD = "电池 correct horse 9"
WHOLE = {"columns": [["payee", "a"], ["card", "b"], ["amount", "c"], ["line_ref", "d"]]}


def made(template: Any) -> tuple[Money, BankFile, bytes]:
    money = make_money(settings={"bank_template": template})
    batch = money.released(2)
    file = bank.make_bank_file(batch=batch, by=money.releaser)
    return money, file, bank.hand_out_bank_file(bank_file=file, by=money.releaser)


@pytest.mark.django_db
def test_the_one_card_layout_is_gbk_text_with_its_sums_first() -> None:
    _money, file, content = made("yikatong")
    control, *rows = content.decode("gb18030").split("\r\n")[:-1]
    number, count, total, year, purpose = control.split("|")
    assert (number, count, total, year, purpose) == (file.batch.number, "2", "12000.00", "2021", "清洁取暖补贴")
    assert content.decode("gbk") == content.decode("gb18030")
    lines = file.batch.lines.select_related("entitlement__household").order_by("line_no")
    for line, row in zip(lines, rows, strict=True):
        household = line.entitlement.household
        assert row.split("|") == [
            str(line.line_no), household.id_number, line.payee_name, line.bank_card, "6000.00", line.area_id,
            "清洁取暖补贴", line_ref(file.batch.number, line.line_no),
        ]  # fmt: skip
    assert file.document.file_name.endswith(".txt")


@pytest.mark.django_db
def test_another_banks_layout_counts_in_fen_and_sums_last() -> None:
    _money, file, content = made("rural-bank")
    head, first, _second, control = content.decode("gbk").split("\r\n")[:-1]
    assert head == "账号,户名,金额（分）,摘要" and control == "合计,2,1200000"
    assert first.split(",")[2:] == ["600000", line_ref(file.batch.number, 1)]


@pytest.mark.django_db
def test_utf8_without_header_and_sums_and_with_words_of_its_own() -> None:
    template = {**WHOLE, "format": "txt", "encoding": "utf-8", "delimiter": "\t", "header": False}
    template |= {"control": {"at": "none"}, "columns": [*WHOLE["columns"], ["=煤改电", "用途"]]}
    _money, _file, content = made(template)
    rows = content.decode("utf-8").split("\r\n")[:-1]
    assert len(rows) == 2 and all(row.split("\t")[4] == "煤改电" for row in rows)


@pytest.mark.django_db
@pytest.mark.parametrize(("name", "encoding"), [("李\U00020000样", "gbk"), ("李|样", "gb18030"), ("李\n样", "utf-8")])
def test_a_name_the_file_can_not_hold_is_named_and_nothing_is_sent(name: str, encoding: str) -> None:
    template = {**WHOLE, "format": "txt", "delimiter": "|", "encoding": encoding}
    money = make_money(settings={"bank_template": template})
    for due in money.payable(1):
        due.household.account_holder = name
        due.household.save()
    money.fund()
    from subsidies.services import batches

    batch = batches.lock_for_signing(batch=money.draft(), by=money.maker)
    for person in (money.office, money.reviewer, money.releaser):
        money.sign(batch, person)
    with pytest.raises(Refused, match="TEXT_UNFIT") as refusal:
        bank.make_bank_file(batch=batch, by=money.releaser)
    assert "1: 李" in refusal.value.sentence
    assert not batch.lines.filter(state="sent").exists()


def test_every_layout_that_comes_with_the_portal_can_be_used() -> None:
    assert names() == ["common", "rural-bank", "yikatong"]
    for name in names():
        assert build(named(name)).title
    assert layout_of({}).file_format == "xlsx"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"columns": [["payee", "a"]]}, "missing"),
        ({"columns": [*WHOLE["columns"], ["phone", "x"]]}, "unknown phone"),
        ({"format": "pdf"}, "format"),
        ({"encoding": "latin-1"}, "encoding"),
        ({"delimiter": "#"}, "delimiter"),
        ({"control": {"at": "middle"}}, "control"),
        ({"control": {"cells": ["sum"]}}, "unknown sum"),
    ],
)
def test_a_layout_that_can_not_be_used_says_why(change: dict[str, Any], words: str) -> None:
    with pytest.raises(LayoutError, match=words):
        build(WHOLE | change)
    with pytest.raises(LayoutError, match="there is no layout"):
        layouts.layout_of({"bank_template": "../policy"})


def opened(archive: bytes, password: str) -> tuple[str, bytes]:
    """An AE-2 archive of one file opened as the specification says, apart from the code that writes it."""
    signature, _need, flags, method, _t, _d, crc, packed, size, name_len, extra_len = struct.unpack_from(
        "<4sHHHHHIIIHH", archive
    )
    assert (signature, method, flags & 1, crc) == (b"PK\x03\x04", 99, 1, 0)
    name = archive[30 : 30 + name_len].decode()
    extra = archive[30 + name_len : 30 + name_len + extra_len]
    assert extra[4:] == b"\x02\x00AE\x03\x08\x00"
    body = archive[30 + name_len + extra_len :][:packed]
    salt, check, hidden, tag = body[:16], body[16:18], body[18:-10], body[-10:]
    keys = hashlib.pbkdf2_hmac("sha1", password.encode(), salt, 1000, 66)
    if keys[64:] != check:
        raise PermissionError
    assert hmac.new(keys[32:64], hidden, "sha1").digest()[:10] == tag
    plain = bytearray()
    for number in range(0, len(hidden), 16):
        block = Cipher(AES(keys[:32]), ECB()).encryptor().update((number // 16 + 1).to_bytes(16, "little"))
        plain += bytes(one ^ other for one, other in zip(hidden[number : number + 16], block, strict=False))
    content = zlib.decompress(bytes(plain), -15)
    assert len(content) == size
    return name, content


@pytest.mark.parametrize("content", [b"", b"x", b"0123456789abcdef" * 3, "户名".encode("gbk") * 999])
def test_the_archive_opens_with_its_password_and_with_no_other(content: bytes) -> None:
    archive = sealed_zip("PB-2021-001-1.xlsx", content, PASSWORD, at=AT)
    assert opened(archive, PASSWORD) == ("PB-2021-001-1.xlsx", content)
    assert archive != sealed_zip("PB-2021-001-1.xlsx", content, PASSWORD, at=AT), "a salt of its own each time"
    with pytest.raises(PermissionError):
        opened(archive, PASSWORD + "x")
    with pytest.raises(ValueError, match="12"):
        sealed_zip("a", content, "short", at=AT)


@pytest.mark.django_db
def test_where_the_programme_says_so_the_file_leaves_only_sealed() -> None:
    money = make_money(settings={"bank_file_sealed": True})
    file = bank.make_bank_file(batch=money.released(1), by=money.releaser)
    for password, code in (("", "PASSWORD_NEEDED"), ("short", "PASSWORD_SHORT")):
        with pytest.raises(Refused, match=code):
            bank.hand_out_bank_file(bank_file=file, by=money.releaser, password=password)
    content = bank.hand_out_bank_file(bank_file=file, by=money.releaser, password=PASSWORD)
    name, inside = opened(content, PASSWORD)
    assert (name, hashlib.sha256(inside).hexdigest()) == (file.document.file_name, file.sha256)
    assert file.issues.get().is_sealed
