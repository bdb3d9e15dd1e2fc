"""Files out of a form, taken in each by itself."""

from __future__ import annotations

import io

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from functions.intake_upload.service import uploads
from functions.intake_upload.uploads import (
    MOST_FILE_BYTES,
    MOST_FILES,
    Uploaded,
    files_of,
)
from shared.errors import Invalid, Missing, TooLarge
from shared.intake_arrivals import Arrival, sound_name, take_in
from shared.models.intake import IntakeRecord
from tests.flows.stores import CHAIN, LIMITS, RESUME, RIVAL, TENANT, House
from tests.flows.stores import house as house

BY = "the-pseudonym-of-a-recruiter"


def form(*files: tuple[str, bytes], **fields: str) -> tuple[str, bytes]:
    """A form as a client library makes it: its content type and its body."""
    request = requests.Request(
        "POST",
        "http://127.0.0.1/",
        files=[("files", (name, io.BytesIO(content))) for name, content in files] or None,
        data=fields,
    ).prepare()
    body = request.body or b""
    return request.headers["Content-Type"], body if isinstance(body, bytes) else body.encode()


def read(*files: tuple[str, bytes], **fields: str) -> list[tuple[str, bytes | None]]:
    return [(each.filename, each.content) for each in files_of(*form(*files, **fields))]


def test_files_come_in_their_order_and_fields_are_passed_over() -> None:
    sent = (("a.pdf", b"%PDF-1"), ("Lebenslauf Müller.docx", bytes(range(256)) * 1000))
    assert read(*sent, comment="hello") == list(sent)


def test_a_file_field_that_nobody_filled_is_no_file() -> None:
    content_type, body = form(("a.txt", b"x"))
    empty = body.replace(b'filename="a.txt"', b'filename=""')
    assert list(files_of(content_type, empty)) == []


def test_a_file_of_just_the_limit_has_its_content_and_a_larger_one_has_none() -> None:
    found = read(("a", b"x" * MOST_FILE_BYTES), ("b", b"x" * (MOST_FILE_BYTES + 1)), ("c", b"y"))
    assert [(name, content is None) for name, content in found] == [
        ("a", False), ("b", True), ("c", False),
    ]  # fmt: skip


def test_a_form_has_at_most_20_files() -> None:
    assert len(read(*((f"{n}", b"x") for n in range(MOST_FILES)))) == MOST_FILES
    with pytest.raises(TooLarge):
        read(*((f"{n}", b"x") for n in range(MOST_FILES + 1)))
    with pytest.raises(TooLarge):
        read(("a.txt", b"x"), **{f"field{n}": "x" for n in range(200)})


def test_a_form_that_ends_in_the_middle_is_refused() -> None:
    content_type, body = form(("a.txt", b"x" * 200))
    for at in (len(body) // 2, len(body) - 8):
        with pytest.raises(Invalid):
            list(files_of(content_type, body[:at]))


@pytest.mark.parametrize("content_type", ["multipart/form-data", "multipart/form-data; boundary="])
def test_a_form_without_a_boundary_is_refused(content_type: str) -> None:
    with pytest.raises(Invalid, match="boundary"):
        list(files_of(content_type, b""))


@given(st.binary(max_size=400), st.sampled_from(["b", "------x", "'"]))
def test_whatever_comes_is_files_or_a_clear_error(body: bytes, boundary: str) -> None:
    framed = f"--{boundary}\r\n".encode() + body
    for sent in (body, framed):
        try:
            found = list(files_of(f"multipart/form-data; boundary={boundary}", sent))
        except (Invalid, TooLarge):
            continue
        assert all(isinstance(each, Uploaded) for each in found)


@given(st.text(max_size=400))
def test_a_sound_name_is_one_that_a_blob_can_have(given_name: str) -> None:
    name = sound_name(given_name)
    assert name
    assert len(name.encode()) <= 124
    assert not set(name) & set('/\\:*?"<>|\x00\n')
    assert not name.endswith(".")
    assert sound_name(name) == name


@pytest.mark.parametrize(
    ("given_name", "sound"),
    [
        ("cv.pdf", "cv.pdf"),
        ("C:\\Users\\maya\\My CV.pdf", "My CV.pdf"),
        ("../../etc/passwd", "passwd"),
        ("..", "file"),
        ("a\x00b\u202efdp.exe", "abfdp.exe"),
        ("é" * 200 + ".docx", "é" * 57 + ".docx"),
        ("履歴書.pdf", "履歴書.pdf"),
    ],
)
def test_names_are_made_sound(given_name: str, sound: str) -> None:
    assert sound_name(given_name) == sound


def upload(house: House, *files: tuple[str, bytes | None]) -> list[uploads.Taken]:
    given_files = [Uploaded(name, content) for name, content in files]
    return uploads.upload(house, TENANT, given_files, by=BY, now=house.clock())


def only(house: House) -> IntakeRecord:
    (record,) = house.records().values()
    return record


def told(house: House) -> None:
    """Tell the blob trigger of every file that lies there, as its event would."""
    for blob in list(house.blobs.list("resumes")):
        house.tell(blob.name)


def test_an_uploaded_file_becomes_a_profile(house: House) -> None:
    (taken,) = upload(house, ("Maya's CV.txt", RESUME.encode()))
    assert taken.record is not None
    assert (taken.record.state, taken.record.channel) == ("received", "web")
    told(house)
    house.work_all()
    record = only(house)
    assert (record.state, record.channel, record.attempt) == ("completed", "web", 1)
    assert record.origin is not None
    assert record.origin.sender == BY
    assert record.file.filename == "Maya's CV.txt"
    assert [step.stage for step in record.steps] == [
        "received", "scanning", "extracting", "parsing", "finalizing",
    ]  # fmt: skip


def test_the_same_file_again_is_the_same_intake(house: House) -> None:
    (first,) = upload(house, ("cv.txt", RESUME.encode()))
    told(house)
    house.work_all()
    (again,) = upload(house, ("cv.txt", RESUME.encode()))
    assert first.record is not None
    assert again.record is not None
    assert again.record.intake_id == first.record.intake_id
    assert again.record.state == "completed"
    told(house)
    assert [len(house.waiting(entity)) for entity in CHAIN] == [0] * len(CHAIN)


def test_the_same_bytes_under_another_name_are_a_duplicate(house: House) -> None:
    upload(house, ("cv.txt", RESUME.encode()), ("other.txt", RESUME.encode()))
    told(house)
    house.work_all()
    states = sorted(record.state for record in house.records().values())
    assert states == ["completed", "duplicate"]


def test_one_file_that_is_refused_does_not_hold_up_the_others(house: House) -> None:
    taken = upload(house, ("big.pdf", None), ("empty.txt", b""), ("cv.txt", RESUME.encode()))
    assert [each.record is None for each in taken] == [True, True, False]
    assert "10 MiB" in (taken[0].refusal or "")
    assert "empty" in (taken[1].refusal or "")


def test_files_of_two_tenants_never_meet(house: House) -> None:
    mine = take_in(house, Arrival(TENANT, "web", "cv.txt", RESUME.encode()), now=house.clock())
    theirs = take_in(house, Arrival(RIVAL, "web", "cv.txt", RESUME.encode()), now=house.clock())
    assert mine.intake_id != theirs.intake_id
    told(house)
    house.work_all()
    assert only(house).state == "completed"
    assert [each.state for each in house.records(tenant=RIVAL).values()] == ["completed"]


def test_who_dies_before_the_bytes_are_there_sends_them_again(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The record is there, the file is not: the next upload brings it."""

    def die(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(house.blobs, "put", die)
        with pytest.raises(KeyboardInterrupt):
            upload(house, ("cv.txt", RESUME.encode()))
    assert only(house).is_announced
    upload(house, ("cv.txt", RESUME.encode()))
    told(house)
    house.work_all()
    assert only(house).state == "completed"


def test_a_file_whose_bytes_never_come_ends_as_failed_and_may_come_later(house: House) -> None:
    taken = upload(house, ("cv.txt", RESUME.encode()))[0].record
    assert taken is not None
    house.blobs.delete("resumes", taken.file.name)
    house.clock.advance(minutes=31)
    from functions.intake_blob_trigger import service as blob_trigger

    assert blob_trigger.nudge_stalled(house, now=house.clock()) == 1
    house.work("intake_blob_trigger")
    assert only(house).lost_original
    upload(house, ("cv.txt", RESUME.encode()))
    told(house)
    house.work_all()
    assert (only(house).state, only(house).attempt) == ("completed", 2)


def test_the_event_of_the_blob_may_come_twice(house: House) -> None:
    upload(house, ("cv.txt", RESUME.encode()))
    told(house)
    told(house)
    assert len(house.waiting("intake_extract")) == 1


def test_a_mail_is_for_a_tenant_that_there_is(house: House) -> None:
    with pytest.raises(Missing):
        uploads.take_mail(house, "nobody", b"x", recipient="cv@nobody", now=house.clock())
    record = uploads.take_mail(house, TENANT, b"x", recipient="cv@acme", now=house.clock())
    assert record.channel == "email"
    assert record.origin is not None
    assert record.origin.account == "cv@acme"
    assert LIMITS.max_bytes > 0
