"""数据对接确认书 as a PDF of one A4 page.

Chinese is set in `STSong-Light`, one of the fonts every PDF reader knows by name: nothing is embedded and no font lies
in the repository. A reader without its Asian fonts shows the Latin parts and the code only; the code leads to the
public page. What is proven is the JSON with its SHA-256; this is its paper.
"""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing
from reportlab.lib.colors import grey
from reportlab.lib.enums import TA_CENTER
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Flowable, Paragraph, SimpleDocTemplate, Spacer, Table

FONT = "STSong-Light"
WIDTH = A4[0] - 36 * mm
QR_SIDE = 32 * mm
_BODY = ParagraphStyle("body", fontName=FONT, fontSize=9, leading=12.5, wordWrap="CJK")
_TITLE = ParagraphStyle("title", _BODY, fontSize=18, leading=24, alignment=TA_CENTER, spaceAfter=6)
_LINES = [("GRID", (0, 0), (-1, -1), 0.5, grey), ("VALIGN", (0, 0), (-1, -1), "MIDDLE")]


def certificate_pdf(
    *, document: Mapping[str, Any], steps: Sequence[tuple[str, str, str]], sha256: str, address: str, standing: str
) -> bytes:
    """The page of a certificate's `document`; `steps` are (title, verdict, record), `address` is in the code."""
    pdfmetrics.registerFont(UnicodeCIDFont(FONT))
    made = io.BytesIO()
    paper = SimpleDocTemplate(
        made, pagesize=A4, leftMargin=18 * mm, rightMargin=18 * mm, topMargin=14 * mm, bottomMargin=12 * mm,
        title=f"数据对接确认书 {document['number']}", author=str(document["issued_by"]), invariant=1,
    )  # fmt: skip
    paper.build(_story(document, steps, sha256, address, standing))
    return made.getvalue()


def _story(
    document: Mapping[str, Any], steps: Sequence[tuple[str, str, str]], sha256: str, address: str, standing: str
) -> list[Flowable]:
    gap = Spacer(1, 4 * mm)
    people = f"检测编号 {document['test']}　检测人 {document['tested_by']}　确认人 {document['signed_by']}"
    head = f"编号 {document['number']}　出具日期 {document['issued_on']}　{standing}"
    return [
        Paragraph("数据对接确认书", _TITLE), _text(head), gap, _facts(document), gap, _steps(steps), gap,
        _text(people), gap, _foot(document, address), gap, _text(f"SHA-256 {sha256}"),
    ]  # fmt: skip


def _text(words: object) -> Paragraph:
    """Words as they are: nothing in them is markup."""
    return Paragraph(escape(str(words)), _BODY)


def _facts(document: Mapping[str, Any]) -> Table:
    model, profile, protocol = document["model"], document["profile"], document["protocol"]
    wide = "two bytes" in document["addresses"]
    rows = [
        ("厂商", document["supplier"], "设备名称、型号", f"{model['name']} {model['number']}"),
        ("控制板固件", document["board_firmware"], "无线传输设备固件", document["dtu_firmware"]),
        ("通讯协议（寄存器表）", f"{profile['name']} v{profile['version']}", "寄存器表校验值", profile["sha256"]),
        ("样品收到日期", document["sample_received_on"], "地址（附件2第3条）",
         "双字节站号 1–65535" if wide else "无线传输设备编号 + 站号 1–247"),
        ("协议文本", protocol["name"], "协议文本校验值", protocol["sha256"]),
    ]  # fmt: skip
    return _table(rows, (0.16, 0.34, 0.16, 0.34))


def _steps(steps: Sequence[tuple[str, str, str]]) -> Table:
    numbered = [(number, *step) for number, step in enumerate(steps, 1)]
    return _table([("序号", "检测项", "结论", "记录"), *numbered], (0.08, 0.32, 0.1, 0.5))


def _foot(document: Mapping[str, Any], address: str) -> Table:
    """Room for the seal on the left, the code on the right."""
    seal = [
        _text(f"平台服务单位：{document['issued_by']}"),
        Spacer(1, 16 * mm),
        _text("（盖章）　签字：　　　　　　年　月　日"),
    ]
    made = Table([[seal, [_code(address), _text("扫码查验")]]], colWidths=(0.75 * WIDTH, 0.25 * WIDTH))
    made.setStyle(_LINES)
    return made


def _code(address: str) -> Drawing:
    widget = QrCodeWidget(address, barLevel="Q", barWidth=QR_SIDE, barHeight=QR_SIDE)
    drawing = Drawing(QR_SIDE, QR_SIDE)
    drawing.add(widget)
    return drawing


def _table(rows: Sequence[Sequence[object]], shares: Sequence[float]) -> Table:
    made = Table([[_text(cell) for cell in row] for row in rows], colWidths=[share * WIDTH for share in shares])
    made.setStyle(_LINES)
    return made
