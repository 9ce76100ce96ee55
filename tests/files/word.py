"""Pieces of Word documents as XML, and what is read of them."""

from __future__ import annotations

from tests.files.builders import paragraph, write_word
from vectorlong.files.records import Columns
from vectorlong.files.word.docx import read_docx

ANY = Columns()


def run(text, properties=""):
    return f"<w:r><w:rPr>{properties}</w:rPr><w:t>{text}</w:t></w:r>"


def field(kind):
    return f'<w:r><w:fldChar w:fldCharType="{kind}"/></w:r>'


def instruction(text):
    return f"<w:r><w:instrText>{text}</w:instrText></w:r>"


def box(text):
    return f"<w:txbxContent>{paragraph(text)}</w:txbxContent>"


def drawn(content, description=""):
    return (
        f'<w:r><w:drawing><wp:inline><wp:docPr id="1" name="unseen" {description}/>'
        f"<a:graphic><a:graphicData>{content}</a:graphicData></a:graphic></wp:inline></w:drawing>"
        "</w:r>"
    )


def letters(text):
    return f"<m:r><m:t>{text}</m:t></m:r>"


def content_of(tmp_path, body, parts=None):
    return next(read_docx(write_word(tmp_path / "a.docx", body, parts), ANY))


def text_of(tmp_path, body, parts=None):
    content = content_of(tmp_path, body, parts)
    assert content.remarks == ()
    return content.text


SHAPE = f"<wps:wsp><wps:txbx>{box('needle')}</wps:txbx></wps:wsp>"
OLD_SHAPE = f"<w:pict><v:shape><v:textbox>{box('needle')}</v:textbox></v:shape></w:pict>"
