"""Résumés on paper: as text, as a Word document, and as PDF in five layouts."""

from __future__ import annotations

import io
import textwrap
import zipfile
from collections.abc import Callable
from xml.sax.saxutils import escape

from reportlab.lib.pagesizes import A4
from reportlab.pdfbase.pdfmetrics import (
    stringWidth,
)
from reportlab.pdfgen.canvas import Canvas

from tools.sample_resumes import Job, Resume, Role

PDF_LAYOUTS = ("one column", "sidebar", "right sidebar", "dates left", "label rail")
_REGULAR, _BOLD = "Helvetica", "Helvetica-Bold"
_STAMP = (2024, 1, 1, 0, 0, 0)
_LINE = 1.3


def _contact(resume: Resume) -> tuple[str, ...]:
    return (resume.email, resume.phone, resume.city, *resume.links)


def _skill_lines(resume: Resume) -> list[str]:
    return [f"{group}: {', '.join(names)}" for group, names in resume.skills]


def _language_lines(resume: Resume) -> list[str]:
    return [f"{language}: {level}" for language, level in resume.languages]


def as_text(resume: Resume) -> str:
    """Return the résumé as plain text, 78 characters wide."""
    head = resume.headings
    lines = [resume.name.upper(), resume.headline, " | ".join(_contact(resume)[:3])]
    lines += [*resume.links, "", head["summary"].upper(), *textwrap.wrap(resume.summary, 78)]
    lines += ["", head["work"].upper()]
    for job in resume.jobs:
        for role in job.roles:
            lines += [f"{role.title}, {job.company}, {job.city}", role.dates]
            for bullet in role.bullets:
                lines += textwrap.wrap(f"- {bullet}", 78, subsequent_indent="  ")
            lines.append("")
    lines += [head["education"].upper()]
    for study in resume.studies:
        lines += [f"{study.degree}, {study.school}", study.dates]
    lines += ["", head["skills"].upper(), *_skill_lines(resume)]
    lines += ["", head["languages"].upper(), *_language_lines(resume)]
    lines += ["", head["certifications"].upper(), *(f"- {c}" for c in resume.certifications)]
    lines += ["", head["achievements"].upper(), *(f"- {a}" for a in resume.achievements)]
    return "\n".join(lines) + "\n"


_W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
_TYPES = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">\
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>\
<Default Extension="xml" ContentType="application/xml"/>\
<Override PartName="/word/document.xml" ContentType="\
application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/>\
<Override PartName="/word/styles.xml" ContentType="\
application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"/>\
<Override PartName="/word/numbering.xml" ContentType="\
application/vnd.openxmlformats-officedocument.wordprocessingml.numbering+xml"/></Types>"""
_PACKAGE = """<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">\
<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/\
officeDocument" Target="word/document.xml"/></Relationships>"""
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_STYLES = f"""<w:styles {_W}><w:docDefaults><w:rPrDefault><w:rPr><w:sz w:val="21"/></w:rPr>\
</w:rPrDefault></w:docDefaults>\
<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style>\
<w:style w:type="paragraph" w:styleId="Title"><w:name w:val="Title"/><w:basedOn w:val="Normal"/>\
<w:rPr><w:b/><w:sz w:val="44"/></w:rPr></w:style>\
<w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/>\
<w:basedOn w:val="Normal"/><w:pPr><w:outlineLvl w:val="0"/></w:pPr>\
<w:rPr><w:b/><w:sz w:val="28"/></w:rPr></w:style></w:styles>"""
_NUMBERING = f"""<w:numbering {_W}><w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0">\
<w:numFmt w:val="bullet"/><w:lvlText w:val="&#xF0B7;"/><w:pPr><w:ind w:left="360"/></w:pPr>\
</w:lvl></w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num></w:numbering>"""


def _run(text: str, *, bold: bool = False) -> str:
    look = "<w:rPr><w:b/></w:rPr>" if bold else ""
    body = escape(text).replace("\t", '</w:t><w:tab/><w:t xml:space="preserve">')
    return f'<w:r>{look}<w:t xml:space="preserve">{body}</w:t></w:r>'


def _paragraph(text: str, style: str = "", *, bold: bool = False, bullet: bool = False) -> str:
    properties = f'<w:pStyle w:val="{style}"/>' if style else ""
    if bullet:
        properties += '<w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr>'
    return f"<w:p><w:pPr>{properties}</w:pPr>{_run(text, bold=bold)}</w:p>"


def _link(number: int, text: str) -> str:
    target = f'r:id="rId{10 + number}" xmlns:r="{_OFFICE}"'
    return f"<w:p><w:hyperlink {target}>{_run(text)}</w:hyperlink></w:p>"


def _row(*cells: str) -> str:
    return "<w:tr>" + "".join(f"<w:tc>{cell}</w:tc>" for cell in cells) + "</w:tr>"


def _role(job: Job, role: Role) -> str:
    return _paragraph(f"{role.title}, {job.company}, {job.city}", bold=True) + "".join(
        _paragraph(bullet, bullet=True) for bullet in role.bullets
    )


def as_docx(resume: Resume, *, tables: bool = False) -> bytes:
    """Return the résumé as a Word document; with ``tables``, dates and levels stand in cells."""
    head = resume.headings
    body = [
        _paragraph(resume.name, "Title"),
        _paragraph(resume.headline),
        _paragraph(" | ".join((resume.email, resume.phone, resume.city))),
        *(_link(number, link) for number, link in enumerate(resume.links)),
        _paragraph(head["summary"], "Heading1"),
        _paragraph(resume.summary),
        _paragraph(head["work"], "Heading1"),
    ]
    roles = [(job, role) for job in resume.jobs for role in job.roles]
    if tables:
        rows = [_row(_paragraph(role.dates), _role(job, role)) for job, role in roles]
        body.append(f"<w:tbl>{''.join(rows)}</w:tbl>")
    else:
        for job, role in roles:
            title = f"{role.title}, {job.company}, {job.city}\t{role.dates}"
            body.append(_paragraph(title, bold=True))
            body += [_paragraph(bullet, bullet=True) for bullet in role.bullets]
    body.append(_paragraph(head["education"], "Heading1"))
    studies = [(study.dates, f"{study.degree}, {study.school}") for study in resume.studies]
    if tables:
        rows = [_row(_paragraph(dates), _paragraph(text)) for dates, text in studies]
        body.append(f"<w:tbl>{''.join(rows)}</w:tbl>")
    else:
        body += [_paragraph(f"{text}\t{dates}") for dates, text in studies]
    body.append(_paragraph(head["skills"], "Heading1"))
    body += [_paragraph(line) for line in _skill_lines(resume)]
    body.append(_paragraph(head["languages"], "Heading1"))
    if tables:
        rows = [_row(_paragraph(name), _paragraph(level)) for name, level in resume.languages]
        body.append(f"<w:tbl>{''.join(rows)}</w:tbl>")
    else:
        body += [_paragraph(line) for line in _language_lines(resume)]
    for section, lines in (
        ("certifications", resume.certifications),
        ("achievements", resume.achievements),
    ):
        body.append(_paragraph(head[section], "Heading1"))
        body += [_paragraph(line, bullet=True) for line in lines]
    document = f"<w:document {_W}><w:body>{''.join(body)}</w:body></w:document>"
    return zip_of(
        {
            "[Content_Types].xml": _TYPES,
            "_rels/.rels": _PACKAGE,
            "word/document.xml": document,
            "word/styles.xml": _STYLES,
            "word/numbering.xml": _NUMBERING,
            "word/_rels/document.xml.rels": relations(resume.links),
        }
    )


def relations(links: tuple[str, ...] = ()) -> str:
    """Return the relationships of a main part: styles, numbering, and links as ``rId10`` on."""
    parts = "".join(
        f'<Relationship Id="rId{number}" Type="{_OFFICE}/{kind}" Target="{kind}.xml"/>'
        for number, kind in enumerate(("styles", "numbering"), start=1)
    )
    web = "".join(
        f'<Relationship Id="rId{10 + number}" Type="{_OFFICE}/hyperlink" '
        f'Target="https://{escape(link)}" TargetMode="External"/>'
        for number, link in enumerate(links)
    )
    return (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f"{parts}{web}</Relationships>"
    )


def zip_of(members: dict[str, str | bytes]) -> bytes:
    """Return a ZIP file with a fixed date, so that the same content gives the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name, content in members.items():
            archive.writestr(zipfile.ZipInfo(name, _STAMP), content, zipfile.ZIP_DEFLATED)
    return out.getvalue()


class _Column:
    """Writes down a column of an A4 page and goes on at the top of the next page."""

    def __init__(self, x: float, width: float, y: float) -> None:
        self.x, self.width, self.y, self.page = x, width, y, 0
        self.drawn: list[tuple[int, float, float, str, str, float]] = []

    def line(self, text: str, font: str = _REGULAR, size: float = 9.5, *, x: float = 0.0) -> None:
        self.room(size)
        self.y -= size * _LINE
        self.put(text, font, size, x)

    def room(self, needed: float) -> None:
        if self.y - needed * _LINE < 50:
            self.page, self.y = self.page + 1, A4[1] - 50

    def put(self, text: str, font: str, size: float, x: float = 0.0) -> None:
        self.drawn.append((self.page, self.x + x, self.y, text, font, size))

    def flush(self, text: str, font: str = _REGULAR, size: float = 9.5) -> None:
        """Write on the current line, flushed to the right edge."""
        self.put(text, font, size, self.width - stringWidth(text, font, size))

    def margin(self, text: str, width: float, font: str = _REGULAR, size: float = 9.5) -> None:
        """Write on the current line into the margin at the left, right-aligned."""
        self.put(text, font, size, -width + (width - 14 - stringWidth(text, font, size)))

    def wrapped(self, text: str, *, bullet: bool = False, size: float = 9.5) -> None:
        indent = 10.0 if bullet else 0.0
        words, row, first = text.split(), "", True
        for word in [*words, ""]:
            longer = f"{row} {word}".strip()
            fits = stringWidth(longer, _REGULAR, size) <= self.width - indent
            if word and (fits or not row):
                row = longer
                continue
            self.line(
                ("•  " if first and bullet else "") + row, size=size, x=0.0 if first else indent
            )
            row, first = word, False

    def gap(self, points: float) -> None:
        self.y -= points

    def heading(self, text: str) -> None:
        self.gap(9)
        self.room(40)
        self.line(text.upper(), _BOLD, 11)
        self.gap(2)


def _sections(resume: Resume) -> dict[str, Callable[[_Column], None]]:
    def lines(*texts: str, bullet: bool = False) -> Callable[[_Column], None]:
        def write(column: _Column) -> None:
            for text in texts:
                column.wrapped(text, bullet=bullet)

        return write

    return {
        "contact": lines(*_contact(resume)),
        "summary": lines(resume.summary),
        "skills": lines(*_skill_lines(resume)),
        "languages": lines(*_language_lines(resume)),
        "certifications": lines(*resume.certifications, bullet=True),
        "achievements": lines(*resume.achievements, bullet=True),
    }


def _work(column: _Column, resume: Resume, margin: float = 0.0) -> None:
    """Write the jobs; dates flushed right, or in a left margin of that width."""
    for job in resume.jobs:
        several = len(job.roles) > 1
        if several:
            column.line(job.company, _BOLD, 10)
            column.flush(job.city)
        for role in job.roles:
            column.room(34)
            column.line(role.title, _BOLD)
            if margin:
                column.margin(role.dates, margin, size=8.5)
            else:
                column.flush(role.dates)
            if not several:
                column.line(f"{job.company}, {job.city}")
            for bullet in role.bullets:
                column.wrapped(bullet, bullet=True)
            column.gap(5)


def _studies(column: _Column, resume: Resume, margin: float = 0.0) -> None:
    for study in resume.studies:
        column.line(study.degree, _BOLD)
        if margin:
            column.margin(study.dates, margin, size=8.5)
        else:
            column.flush(study.dates)
        column.line(study.school)
        column.gap(4)


def _full(column: _Column, resume: Resume, order: tuple[str, ...], margin: float = 0.0) -> None:
    sections = _sections(resume)
    for name in order:
        column.heading(resume.headings[name])
        if name == "work":
            _work(column, resume, margin)
        elif name == "education":
            _studies(column, resume, margin)
        else:
            sections[name](column)


_MAIN = ("summary", "work", "education", "achievements")
_SIDE = ("contact", "skills", "languages", "certifications")
_ALL = ("summary", "work", "education", "skills", "languages", "certifications", "achievements")


def _columns(resume: Resume, layout: str) -> list[_Column]:
    top = A4[1] - 50
    banner = _Column(50, 495, top)
    banner.line(resume.name, _BOLD, 22)
    banner.line(resume.headline, size=11)
    if layout in ("sidebar", "right sidebar"):
        side_x, main_x = (50, 225) if layout == "sidebar" else (400, 50)
        side = _Column(side_x, 145, banner.y - 16)
        main = _Column(main_x, 320, banner.y - 16)
        _full(side, resume, _SIDE)
        _full(main, resume, _MAIN)
        return [banner, side, main]
    banner.line("  |  ".join((resume.email, resume.phone, resume.city)))
    banner.line("  |  ".join(resume.links))
    if layout == "label rail":
        return [banner, *_rail(resume, banner.y - 18)]
    margin = 120.0 if layout == "dates left" else 0.0
    column = _Column(50 + margin, 495 - margin, banner.y)
    _full(column, resume, _ALL, margin)
    return [banner, column]


def _rail(resume: Resume, y: float) -> list[_Column]:
    """Write headings into the left margin, each beside the first line of its section."""
    column = _Column(180, 365, y)
    sections = _sections(resume)
    for name in _ALL:
        column.gap(10)
        column.room(60)
        page, before = column.page, len(column.drawn)
        if name == "work":
            _work(column, resume)
        elif name == "education":
            _studies(column, resume)
        else:
            sections[name](column)
        first = column.drawn[before]
        column.drawn.append((page, 50, first[2], resume.headings[name], _BOLD, 10))
    return [column]


def as_pdf(resume: Resume, layout: str = "one column") -> bytes:
    """Return the résumé as a PDF in one of :data:`PDF_LAYOUTS`, over as many pages as it needs."""
    out = io.BytesIO()
    canvas = Canvas(out, pagesize=A4, invariant=1, pageCompression=1)
    canvas.setTitle(resume.name)
    drawn = [piece for column in _columns(resume, layout) for piece in column.drawn]
    for page in range(max(piece[0] for piece in drawn) + 1):
        for _, x, y, text, font, size in (piece for piece in drawn if piece[0] == page):
            canvas.setFont(font, size)
            canvas.drawString(x, y, text)
            if text in resume.links:
                width = stringWidth(text, font, size)
                canvas.linkURL(f"https://{text}", (x, y - 2, x + width, y + size))
        canvas.showPage()
    canvas.save()
    return out.getvalue()
