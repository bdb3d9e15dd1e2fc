"""Files out of e-mails as programs send them, and e-mails made to do harm."""

from __future__ import annotations

from email.message import EmailMessage
from email.mime.base import MIMEBase
from email.mime.multipart import MIMEMultipart
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.intake_extract.rules.errors import Damaged
from functions.intake_extract.rules.mail import MOST_ATTACHMENTS, UnpackedMail, unpack
from functions.intake_extract.sandbox import Sandbox
from shared.models.intake import IntakeRecord
from tests.flows.stores import RESUME, TENANT, House
from tests.flows.stores import house as house

PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(6000)


def mail(**headers: str) -> EmailMessage:
    """A mail with a text and these headers."""
    message = EmailMessage()
    message["From"] = headers.pop("From", "Maya Okafor <maya@example.org>")
    message["To"] = "cv@acme.example"
    message["Subject"] = "My application"
    message["Message-ID"] = "<one@example.org>"
    for name, value in headers.items():
        message[name.replace("_", "-")] = value
    message.set_content("Dear recruiter,\n\nplease find my CV attached.\n")
    return message


def attach(message: EmailMessage, name: str | None, content: bytes, **more: Any) -> EmailMessage:
    message.add_attachment(content, maintype="application", subtype="pdf", filename=name, **more)
    return message


def names(found: UnpackedMail) -> list[str]:
    return [attachment.filename for attachment in found.attachments]


def opened(message: EmailMessage | MIMEMultipart) -> UnpackedMail:
    return unpack(message.as_bytes())


def test_attachments_come_whole_and_in_their_order() -> None:
    message = attach(attach(mail(), "cv.pdf", bytes(range(256)) * 9), "Zeugnis Müller.pdf", b"b")
    found = opened(message)
    assert names(found) == ["cv.pdf", "Zeugnis Müller.pdf"]
    assert found.attachments[0].content == bytes(range(256)) * 9
    assert (found.sender, found.message_id) == ("maya@example.org", "<one@example.org>")


def test_the_text_of_a_mail_is_no_file() -> None:
    message = mail()
    message.add_alternative("<p>Dear recruiter</p>", subtype="html")
    assert names(opened(message)) == []


def test_a_text_that_is_attached_is_a_file() -> None:
    message = mail()
    message.add_attachment(RESUME, subtype="plain", filename="cv.txt")
    assert names(opened(message)) == ["cv.txt"]


def test_images_that_the_text_shows_are_no_files() -> None:
    """A logo in the text and the icon of a signature stay behind; a photographed page does not."""
    message = mail()
    message.add_alternative('<img src="cid:logo@x"><p>Hi</p>', subtype="html")
    body = message.get_payload()
    assert isinstance(body, list)
    html = body[1]
    assert isinstance(html, EmailMessage)
    html.add_related(PICTURE, maintype="image", subtype="png", cid="<logo@x>", filename="logo.png")
    message.add_attachment(PICTURE, maintype="image", subtype="png", filename="page.png")
    message.add_attachment(b"tiny", maintype="image", subtype="gif", filename="icon.gif")
    assert names(opened(message)) == ["page.png"]


def test_files_of_forwarded_mails_come_too() -> None:
    inner = attach(mail(From="Zoe <zoe@example.org>"), "zoe.pdf", b"z")
    middle = mail()
    middle.add_attachment(inner)
    outer = attach(mail(), "maya.pdf", b"m")
    outer.add_attachment(middle)
    found = opened(outer)
    assert names(found) == ["maya.pdf", "zoe.pdf"]
    assert found.sender == "maya@example.org"


@pytest.mark.parametrize(
    ("header", "filename"),
    [
        ("attachment; filename*=undefined''cv.pdf", "cv.pdf"),
        ("attachment; filename*=idna''cv%FF.pdf", None),
        ("attachment; filename*=%00''cv.pdf", None),
        (f"attachment; filename*{'9' * 5000}=cv.pdf", None),
        ('attachment; filename="=?utf-8?B?TMOpYSBDVi5wZGY=?="', "Léa CV.pdf"),
        ("attachment; filename*=utf-8''L%C3%A9a%20CV.pdf", "Léa CV.pdf"),
        ("attachment; filename*0=long-; filename*1=name.pdf", "long-name.pdf"),
        ('attachment; filename="../../etc/passwd"', "../../etc/passwd"),
        ("attachment", "attachment-1.pdf"),
    ],
)
def test_names_in_every_writing(header: str, filename: str | None) -> None:
    """A name that cannot be read costs the name, never the file."""
    part = MIMEBase("application", "pdf")
    part.set_payload(b"JVBERi0=")
    part["Content-Transfer-Encoding"] = "base64"
    part["Content-Disposition"] = header
    message = MIMEMultipart()
    message["From"] = "a@example.org"
    message.attach(part)
    (found,) = opened(message).attachments
    assert found.content == b"%PDF-"
    assert filename is None or found.filename == filename


def test_a_name_in_plain_utf_8_is_read() -> None:
    raw = attach(mail(), "NAME.pdf", b"x").as_bytes().replace(b"NAME.pdf", "Müller.pdf".encode())
    assert names(unpack(raw)) == ["Müller.pdf"]


@pytest.mark.parametrize(
    "header",
    ["From: " + "(" * 5000, 'Reply-To: "' + "\\" * 3000, "Message-ID: <" + "x" * 9000 + ">"],
)
def test_a_header_that_no_program_sends_costs_nothing_but_itself(header: str) -> None:
    raw = header.encode() + b"\n" + attach(mail(), "cv.pdf", b"x").as_bytes()
    assert names(unpack(raw)) == ["cv.pdf"]


def test_signatures_invitations_and_cards_are_no_files() -> None:
    message = mail()
    for kind, name in (("pgp-signature", "signature.asc"), ("pkcs7-signature", "smime.p7s")):
        message.add_attachment(b"x", maintype="application", subtype=kind, filename=name)
    message.add_attachment(b"x", maintype="text", subtype="calendar", filename="invite.ics")
    assert names(opened(message)) == []


def test_what_cannot_be_opened_is_said() -> None:
    message = mail()
    message.add_attachment(b"x", maintype="application", subtype="ms-tnef", filename="winmail.dat")
    found = opened(message)
    assert names(found) == []
    assert "winmail.dat" in found.warnings[0]


def test_attachments_are_bounded() -> None:
    message = mail()
    for number in range(MOST_ATTACHMENTS + 3):
        attach(message, f"{number}.pdf", b"x")
    found = opened(message)
    assert len(found.attachments) == MOST_ATTACHMENTS
    assert "beyond the first 20" in found.warnings[0]


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Auto_Submitted": "auto-generated; x=y"},
        {"Precedence": "bulk"},
        {"List_Id": "<jobs.example.org>"},
        {"Return_Path": "<>"},
        {"From": "no-reply@example.org"},
        {"From": "Mailer-Daemon@example.org"},
        {"From": "nobody"},
        {"From": "a@example.org, b@example.org"},
    ],
)
def test_what_a_program_sent_is_not_answered(headers: dict[str, str]) -> None:
    assert opened(attach(mail(**headers), "cv.pdf", b"x")).sender == ""


def test_an_answer_goes_where_the_mail_asks_for_it() -> None:
    message = attach(mail(Reply_To="Maya <private@example.org>"), "cv.pdf", b"x")
    assert opened(message).sender == "private@example.org"
    assert opened(attach(mail(Auto_Submitted="no"), "cv.pdf", b"x")).sender == "maya@example.org"


def test_a_mail_that_is_nested_for_ever_is_damaged() -> None:
    message = mail()
    for _ in range(40):
        outer = mail()
        outer.add_attachment(message)
        message = outer
    with pytest.raises(Damaged):
        opened(message)
    bombs = b"".join(
        b'Content-Type: multipart/mixed; boundary="%d"\n\n--%d\n' % (n, n) for n in range(3000)
    )
    with pytest.raises(Damaged):
        unpack(b"From: a@example.org\n" + bombs)


@given(st.binary(max_size=600))
def test_whatever_comes_is_a_mail_or_damaged(junk: bytes) -> None:
    whole = attach(mail(), "cv.pdf", b"x" * 50).as_bytes()
    for data in (junk, whole[:200] + junk + whole[200:], whole.replace(b"base64", junk[:20])):
        try:
            found = unpack(data)
        except Damaged:
            continue
        assert all(attachment.content for attachment in found.attachments)


def test_the_sandbox_opens_a_mail() -> None:
    message = attach(mail(), "cv.pdf", bytes(range(256)))
    with Sandbox() as sandbox:
        found = sandbox.unpack(message.as_bytes())
    assert found == unpack(message.as_bytes())


def led_on(house: House) -> dict[str, IntakeRecord]:
    """Tell the blob trigger of every file until all have ended."""
    for _ in range(4):
        for blob in list(house.blobs.list("resumes")):
            house.tell(blob.name)
        house.work_all()
    return house.records()


def application(text: str = RESUME) -> EmailMessage:
    message = mail(MIME_Version="1.0")
    message.add_attachment(text, subtype="plain", filename="cv.txt")
    return message


def test_a_dropped_mail_becomes_its_files(house: House) -> None:
    """The mail ends as unpacked, its file is a profile that knows where it came from."""
    house.drop("application.eml", application().as_bytes())
    records = led_on(house)
    letter, cv = records["application.eml"], records["cv.txt"]
    assert (letter.state, cv.state) == ("unpacked", "completed")
    assert (letter.channel, cv.channel) == ("email", "email")
    assert cv.origin is not None
    assert (cv.origin.sender, cv.origin.message_id, cv.origin.mail) == (
        "maya@example.org", "<one@example.org>", letter.intake_id,
    )  # fmt: skip
    assert cv.created_at == letter.created_at


def test_a_mail_that_comes_twice_is_a_duplicate(house: House) -> None:
    sent = application().as_bytes()
    house.drop("application.eml", sent)
    led_on(house)
    house.drop("again.eml", sent)
    records = led_on(house)
    assert records["again.eml"].state == "duplicate"
    assert len(records) == 3


def test_a_message_that_comes_twice_unpacks_once(house: House) -> None:
    house.drop("application.eml", application().as_bytes())
    (event,) = house.waiting("intake_extract")
    assert [house.handle("intake_extract", event) for _ in range(2)] == ["done", "repeated"]
    assert len(house.records()) == 2


def test_who_dies_while_unpacking_goes_on(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file was taken in, the mail's end was not written: nothing is there twice."""
    house.drop("application.eml", application().as_bytes())
    (event,) = house.waiting("intake_extract")
    real, dies = house.documents.commit, [False, True]

    def commit(container: str, partition: Any, operations: Any) -> Any:
        if dies.pop(0) if dies else False:
            raise KeyboardInterrupt
        return real(container, partition, operations)

    with monkeypatch.context() as patch:
        patch.setattr(house.documents, "commit", commit)
        with pytest.raises(KeyboardInterrupt):
            house.handle("intake_extract", event)
    assert house.record("application.eml").state == "extracting"
    assert house.handle("intake_extract", event) == "done"
    assert led_on(house)["cv.txt"].state == "completed"
    assert len(house.records()) == 2


def test_a_mail_without_a_file_says_so(house: House) -> None:
    house.drop("hello.eml", mail(MIME_Version="1.0").as_bytes())
    record = led_on(house)["hello.eml"]
    assert record.state == "failed"
    assert record.reason is not None
    assert record.reason.code == "nothing_attached"
    assert record.origin is not None
    assert record.origin.sender == "maya@example.org"


def test_a_mail_within_a_mail_within_a_file_is_opened_too(house: House) -> None:
    """An .eml file that is attached as a file is an intake of its own, and so are its files."""
    outer = mail(MIME_Version="1.0")
    outer.add_attachment(
        application().as_bytes(), maintype="application", subtype="octet-stream",
        filename="forwarded.eml",
    )  # fmt: skip
    house.drop("outer.eml", outer.as_bytes())
    states = {name: record.state for name, record in led_on(house).items()}
    assert states == {"outer.eml": "unpacked", "forwarded.eml": "unpacked", "cv.txt": "completed"}


def test_a_mail_of_another_tenant_stays_there(house: House) -> None:
    house.drop("application.eml", application().as_bytes(), tenant="rival")
    assert led_on(house) == {}
    assert {record.tenant_id for record in house.records(tenant="rival").values()} == {"rival"}
    assert TENANT not in {blob.name.split("/")[0] for blob in house.blobs.list("resumes")}
