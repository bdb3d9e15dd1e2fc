"""Invented résumés as OpenDocument, Rich Text, web page, and as scans: pictures of pages."""

from __future__ import annotations

import io
from typing import Any
from xml.sax.saxutils import escape

from tools.sample_layouts import as_pdf, zip_of
from tools.sample_resumes import Resume

ODT = "application/vnd.oasis.opendocument.text"
RTF = "application/rtf"
HTML = "text/html"
_NAMES = {
    "office": "office",
    "style": "style",
    "text": "text",
    "table": "table",
    "draw": "drawing",
    "fo": "xsl-fo-compatible",
    "script": "script",
}
SPACES = (
    " ".join(
        f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for prefix, name in _NAMES.items()
    )
    + ' xmlns:xlink="http://www.w3.org/1999/xlink"'
)
_MANIFEST = (
    '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0">'
    f'<manifest:file-entry manifest:full-path="/" manifest:media-type="{ODT}"/>'
    "</manifest:manifest>"
)


def odt_of(body: str, *, automatic: str = "", styles: str = "", **parts: str | bytes) -> bytes:
    """Return an OpenDocument text of this body, with further parts by their name before .xml."""
    content = (
        f"<office:document-content {SPACES}>"
        f"<office:automatic-styles>{automatic}</office:automatic-styles>"
        f"<office:body><office:text>{body}</office:text></office:body></office:document-content>"
    )
    sheet = f"<office:document-styles {SPACES}>{styles}</office:document-styles>"
    members: dict[str, str | bytes] = {
        "mimetype": ODT,
        "content.xml": content,
        "styles.xml": sheet,
        "META-INF/manifest.xml": _MANIFEST,
    }
    return zip_of(members | {f"{name}.xml": part for name, part in parts.items()})


def as_odt(resume: Resume) -> bytes:
    """Return the résumé as an OpenDocument text."""
    head = resume.headings
    contact = escape(" | ".join((resume.email, resume.phone, resume.city)))
    body = [f'<text:p text:style-name="Name">{escape(resume.name)}</text:p>']
    body += [f"<text:p>{escape(resume.headline)}</text:p>", f"<text:p>{contact}</text:p>"]
    body += [
        f'<text:p><text:a xlink:href="https://{escape(link)}">{escape(link)}</text:a></text:p>'
        for link in resume.links
    ]

    def section(name: str) -> None:
        body.append(f'<text:h text:outline-level="1">{escape(head[name])}</text:h>')

    def listed(lines: tuple[str, ...]) -> None:
        items = (
            f"<text:list-item><text:p>{escape(line)}</text:p></text:list-item>" for line in lines
        )
        body.append(f"<text:list>{''.join(items)}</text:list>")

    section("summary")
    body.append(f"<text:p>{escape(resume.summary)}</text:p>")
    section("work")
    for job in resume.jobs:
        for role in job.roles:
            title = escape(f"{role.title}, {job.company}, {job.city}")
            body.append(
                f'<text:p text:style-name="Bold">{title}<text:tab/>{escape(role.dates)}</text:p>'
            )
            listed(role.bullets)
    section("education")
    for study in resume.studies:
        told = escape(f"{study.degree}, {study.school}")
        body.append(f"<text:p>{told}<text:tab/>{escape(study.dates)}</text:p>")
    section("skills")
    body += [
        f"<text:p>{escape(group)}: {escape(', '.join(names))}</text:p>"
        for group, names in resume.skills
    ]
    bold = 'style:family="paragraph"><style:text-properties fo:font-weight="bold"'
    automatic = (
        f'<style:style style:name="Name" {bold} fo:font-size="20pt"/></style:style>'
        f'<style:style style:name="Bold" {bold}/></style:style>'
    )
    return odt_of("".join(body), automatic=automatic)


def _rtf(text: str) -> str:
    """Return text with what is not ASCII as Rich Text escapes."""
    out = []
    for char in text:
        if char in "\\{}":
            out.append(f"\\{char}")
        elif char.isascii():
            out.append(char)
        else:
            code = ord(char)
            out.append(f"\\u{code - 0x10000 if code > 0x7FFF else code}?")
    return "".join(out)


def as_rtf(resume: Resume) -> bytes:
    """Return the résumé as Rich Text."""
    head = resume.headings
    lines = [f"\\pard\\b\\fs40 {_rtf(resume.name)}\\b0\\fs22\\par", f"{_rtf(resume.headline)}\\par"]
    lines.append(f"{_rtf(' | '.join((resume.email, resume.phone, resume.city)))}\\par")
    lines += [
        f'{{\\field{{\\*\\fldinst HYPERLINK "https://{link}"}}{{\\fldrslt {_rtf(link)}}}}}\\par'
        for link in resume.links
    ]

    def section(name: str) -> None:
        lines.append(f"\\pard\\s1\\b\\fs28 {_rtf(head[name])}\\par\\pard\\plain\\fs22")

    section("summary")
    lines.append(f"{_rtf(resume.summary)}\\par")
    section("work")
    for job in resume.jobs:
        for role in job.roles:
            title = _rtf(f"{role.title}, {job.company}, {job.city}")
            lines.append(f"{{\\b {title}\\tab {_rtf(role.dates)}}}\\par")
            lines += [
                f"{{\\listtext\\f1 \\'b7\\tab}}{_rtf(bullet)}\\par" for bullet in role.bullets
            ]
    section("education")
    lines += [
        f"{_rtf(study.degree)}, {_rtf(study.school)}\\tab {_rtf(study.dates)}\\par"
        for study in resume.studies
    ]
    section("skills")
    lines += [f"{_rtf(group)}: {_rtf(', '.join(names))}\\par" for group, names in resume.skills]
    fonts = "{\\fonttbl{\\f0\\fnil\\fcharset0 Arial;}{\\f1\\fnil\\fcharset2 Symbol;}}"
    styles = "{\\stylesheet{\\s0 Normal;}{\\s1\\outlinelevel0 heading 1;}}"
    body = "\n".join(lines)
    return f"{{\\rtf1\\ansi\\ansicpg1252\\deff0{fonts}{styles}\n{body}}}".encode("ascii")


def as_html(resume: Resume) -> bytes:
    """Return the résumé as a web page, dates at the right of their row."""
    head = resume.headings
    body = [f"<h1>{escape(resume.name)}</h1><p>{escape(resume.headline)}</p>"]
    body.append(f"<p>{escape(' | '.join((resume.email, resume.phone, resume.city)))}</p>")
    body += [f'<p><a href="https://{escape(link)}">{escape(link)}</a></p>' for link in resume.links]
    body.append(f"<h2>{escape(head['summary'])}</h2><p>{escape(resume.summary)}</p>")
    body.append(f"<h2>{escape(head['work'])}</h2>")
    for job in resume.jobs:
        for role in job.roles:
            title = escape(f"{role.title}, {job.company}, {job.city}")
            dates = escape(role.dates)
            body.append(f'<div class="row"><strong>{title}</strong><span>{dates}</span></div><ul>')
            body += [f"<li>{escape(bullet)}" for bullet in role.bullets]
            body.append("</ul>")
    body.append(f"<h2>{escape(head['education'])}</h2><table>")
    body += [
        f"<tr><td>{escape(study.degree)}, {escape(study.school)}<td>{escape(study.dates)}</tr>"
        for study in resume.studies
    ]
    body.append(f"</table><h2>{escape(head['skills'])}</h2>")
    body += [
        f"<p>{escape(group)}: {escape(', '.join(names))}</p>" for group, names in resume.skills
    ]
    style = ".row { display: flex; justify-content: space-between }"
    page = (
        f'<!DOCTYPE html><html><head><meta charset="utf-8"><title>CV</title><style>{style}</style>'
        f"</head><body>{''.join(body)}</body></html>"
    )
    return page.encode()


def pictures(pdf: bytes, dpi: int = 200) -> list[Any]:
    """Return the pages of a PDF as grey pictures (``PIL.Image``)."""
    import pypdfium2  # type: ignore[import-untyped]  # ships no type information

    document = pypdfium2.PdfDocument(pdf)
    try:
        return [
            page.render(scale=dpi / 72, grayscale=True).to_pil().convert("L") for page in document
        ]
    finally:
        document.close()


def as_scan(resume: Resume, layout: str = "one column", kind: str = "PNG") -> bytes:
    """Return the first page of a résumé as a picture; ``kind`` is Pillow's name of a format."""
    out = io.BytesIO()
    pictures(as_pdf(resume, layout))[0].save(out, kind)
    return out.getvalue()


def as_scanned_pdf(pages: list[Any], dpi: int = 200) -> bytes:
    """Return a PDF in which each page is one picture."""
    from reportlab.lib.utils import ImageReader
    from reportlab.pdfgen.canvas import Canvas

    out = io.BytesIO()
    canvas = Canvas(out, invariant=1)
    for page in pages:
        width, height = page.width * 72 / dpi, page.height * 72 / dpi
        canvas.setPageSize((width, height))
        canvas.drawImage(ImageReader(page), 0, 0, width, height)
        canvas.showPage()
    canvas.save()
    return out.getvalue()
