"""Ciphers, keys, fingerprints and files: what is stored tells nothing, and what is changed is noticed."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import blind_index, crypto, fields, files
from core.crypto import KeyRing, KeyUnavailable, Tampered

KEYS = {"1": "a" * 40, "2": "b" * 40}


@pytest.mark.parametrize("algorithm", ["aes-gcm", "sm4-gcm"])
@given(plain=st.binary(max_size=300))
def test_what_is_sealed_opens_to_the_same(algorithm: str, plain: bytes) -> None:
    ring = KeyRing(KEYS, algorithm=algorithm)
    envelope = ring.seal(plain)
    assert envelope.startswith(f"v1:{algorithm}:2:")
    assert ring.open(envelope) == plain
    assert ring.seal(plain) != envelope


@pytest.mark.parametrize("algorithm", ["aes-gcm", "sm4-gcm"])
def test_every_changed_character_is_noticed(algorithm: str) -> None:
    ring = KeyRing(KEYS, algorithm=algorithm)
    envelope = ring.seal(b"370999198001010147")
    for place in range(len(envelope)):
        changed = envelope[:place] + ("A" if envelope[place] != "A" else "B") + envelope[place + 1 :]
        with pytest.raises((Tampered, KeyUnavailable)):
            ring.open(changed)


def test_an_envelope_moved_to_another_key_id_is_refused() -> None:
    ring = KeyRing({"1": "a" * 40, "2": "a" * 40}, algorithm="aes-gcm", writes_with="1")
    with pytest.raises(Tampered):
        ring.open(ring.seal(b"x").replace("v1:aes-gcm:1:", "v1:aes-gcm:2:"))


def test_a_ring_reads_old_keys_and_both_ciphers() -> None:
    old = KeyRing({"1": KEYS["1"]}, algorithm="aes-gcm").seal(b"x")
    assert KeyRing(KEYS, algorithm="sm4-gcm").open(old) == b"x"


def test_many_values_at_once_are_sealed_and_opened_as_single_ones() -> None:
    seal, opened = fields.json_sealer(), fields.json_opener()
    for value in ({"a": "张"}, [{"b": 1}], {}, [], ["x"]):
        envelope = seal(value)
        assert opened(envelope) == value and opened(envelope) is not opened(envelope)
        with pytest.raises(Tampered):
            opened(envelope[:-4] + "AAAA")
    assert opened("") == {}
    ring = crypto.key_ring()
    sealed = ring.sealer()
    one, other = sealed(b"plain"), sealed(b"plain")
    assert one != other and ring.open(one) == ring.open(other) == b"plain"


def test_many_indexes_at_once_are_those_of_single_values() -> None:
    index = blind_index.indexer("household.id_number")
    for value in ("370999199001011234", " 3709991990-0101123x ", "", "１２"):
        assert index(value) == blind_index.blind_index(value, "household.id_number")


def test_no_key_means_no_work_and_never_plain_text(tmp_path: Path, settings: object) -> None:
    with pytest.raises(KeyUnavailable):
        KeyRing({}, algorithm="aes-gcm")
    with pytest.raises(KeyUnavailable):
        KeyRing({"1": "short"}, algorithm="aes-gcm").seal(b"x")
    with pytest.raises(Tampered):
        KeyRing(KEYS, algorithm="aes-gcm").open("370999198001010147")
    settings.SECRETS_DIR, settings.PORTAL_MODE = tmp_path, "production"  # type: ignore[attr-defined]
    with pytest.raises(KeyUnavailable):
        crypto.key_ring()
    with pytest.raises(KeyUnavailable):
        blind_index.blind_index("x", "id")


def test_keys_come_from_files_and_the_highest_number_writes(tmp_path: Path) -> None:
    for number in ("1", "9", "10"):
        (tmp_path / f"field_key_{number}").write_text(number * 40 + "\n")
    (tmp_path / "field_key_BAD!").write_text("x")
    keys = crypto.read_keys(tmp_path)
    assert sorted(keys) == ["1", "10", "9"]
    assert KeyRing(keys, algorithm="aes-gcm").writes_with == "10"


@pytest.mark.parametrize("digest", ["SHA-256", "SM3"])
def test_two_spellings_share_a_fingerprint_and_two_purposes_do_not(digest: str, settings: object) -> None:
    settings.DIGEST = digest  # type: ignore[attr-defined]
    index = blind_index.blind_index
    assert index("37099919800101014x", "id") == index("３70999 19800101-014X ", "id")
    assert index("19900000147", "phone") != index("19900000147", "card")
    assert index("  ", "id") == ""
    assert len(index("1", "id")) == 64


@pytest.mark.parametrize("size", [0, 1, files.CHUNK - 1, files.CHUNK, files.CHUNK + 1, 3 * files.CHUNK + 7])
def test_a_stored_file_reads_back_whole_and_in_parts(size: int, tmp_path: Path) -> None:
    content = bytes(number % 251 for number in range(size))
    stored = files.store_file((content[at : at + 1000] for at in range(0, size, 1000)), max_bytes=size, folder=tmp_path)
    assert stored.size == size
    assert files.sha256_of(stored.key, folder=tmp_path) == stored.sha256
    with files.open_file(stored.key, folder=tmp_path) as stream:
        assert stream.read() == content
        stream.seek(-min(5, size), io.SEEK_END)
        assert stream.read() == content[size - min(5, size) :]
        stream.seek(size // 2)
        assert stream.read(10) == content[size // 2 : size // 2 + 10]


def test_a_stored_file_shows_nothing_and_notices_every_kind_of_damage(tmp_path: Path) -> None:
    content = b"370999198001010147" * 20_000
    stored = files.store_bytes(content, folder=tmp_path)
    path = tmp_path / stored.key[:2] / stored.key
    whole = path.read_bytes()
    assert b"370999" not in whole
    header, step = whole.index(b"\n") + 1, files.CHUNK + 16
    body = [whole[at : at + step] for at in range(header, len(whole), step)]
    flipped = bytearray(whole)
    flipped[header + 100] ^= 1
    damaged = {
        "a bit": bytes(flipped),
        "a cut": whole[:-1],
        "a chunk cut off": whole[: header + step * (len(body) - 1)],
        "two chunks swapped": whole[:header] + b"".join([body[1], body[0], *body[2:]]),
        "a head": b"{}" + whole[2:],
        "nothing left": b"",
    }
    for what, contents in damaged.items():
        path.write_bytes(contents)
        with pytest.raises(Tampered):
            files.sha256_of(stored.key, folder=tmp_path)
            pytest.fail(f"not noticed: {what}")


def test_too_much_content_leaves_nothing_behind(tmp_path: Path) -> None:
    with pytest.raises(files.TooLarge):
        files.store_file([b"x" * 50] * 100, max_bytes=4999, folder=tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("key", ["", "../../etc/passwd", "ab" * 15 + "/.", "AB" * 16])
def test_a_key_is_never_a_path(key: str, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        files.open_file(key, folder=tmp_path)
