"""OpenDocument files that are none, damaged or made to do harm; and awkward ones."""

import re
from zipfile import ZipFile

import pytest

from tests.files.awkward_opendocument import awkward_files
from tests.files.opendocument import (
    ANY,
    content_of,
    content_part,
    paragraph,
    styles_part,
    text_of,
    write_opendocument,
)
from vectorlong.files.limits import Limits
from vectorlong.files.opendocument.document import read_opendocument
from vectorlong.files.unreadable import UnreadableError

# --- what is no document, or a hostile one -------------------------------------------------------


def test_other_files_of_that_name(tmp_path):
    path = tmp_path / "a.odt"
    for content in (b"", b"<?xml", b"PK\x03\x04" + bytes(100)):
        path.write_bytes(content)
        with pytest.raises(UnreadableError, match="is a damaged OpenDocument file"):
            next(read_opendocument(path, ANY))
    with ZipFile(path, "w") as package:
        package.writestr("styles.xml", styles_part(""))
    with pytest.raises(UnreadableError, match=r"is no OpenDocument file: it has no content\.xml"):
        next(read_opendocument(path, ANY))
    with ZipFile(path, "w") as package:
        package.writestr("content.xml", "<a/>")
    with pytest.raises(UnreadableError, match="is no OpenDocument file of text, slides"):
        next(read_opendocument(path, ANY))


def manifest(*encrypted, before=""):
    entries = "".join(
        f'<manifest:file-entry manifest:full-path="{name}"><manifest:encryption-data/>'
        "</manifest:file-entry>"
        for name in encrypted
    )
    return f'<?xml version="1.0"?>{before}<manifest:manifest>{entries}</manifest:manifest>'


@pytest.mark.parametrize("name", ["content.xml", "encrypted-package"])
def test_encrypted_files_are_named(tmp_path, name):
    before = '<!DOCTYPE manifest:manifest PUBLIC "-//OpenOffice.org//DTD Manifest" "Manifest.dtd">'
    parts = {"META-INF/manifest.xml": manifest("Basic/a.xml", name, before=before)}
    path = write_opendocument(tmp_path / "a.odt", paragraph("x"), parts)
    with pytest.raises(UnreadableError, match="is encrypted; save it without its password"):
        next(read_opendocument(path, ANY))
    parts = {"META-INF/manifest.xml": manifest("Basic/a.xml", before=before)}
    assert text_of(tmp_path, paragraph("macros may be"), parts) == "macros may be"


@pytest.mark.parametrize("cut", [0.3, 0.6, 0.99])
def test_truncated_files(tmp_path, cut):
    path = write_opendocument(tmp_path / "a.odt", paragraph("text") * 500)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * cut)])
    with pytest.raises(UnreadableError, match="is a damaged OpenDocument file"):
        next(read_opendocument(path, ANY))
    body = content_part(paragraph("text") * 500).encode()
    with ZipFile(path, "w") as package:
        package.writestr("content.xml", body[: int(len(body) * cut)])
    with pytest.raises(UnreadableError, match="is a damaged OpenDocument file"):
        next(read_opendocument(path, ANY))


def test_what_parts_unpack_to_is_limited(tmp_path):
    path = write_opendocument(tmp_path / "a.odt", " " * 3_000_000)
    with pytest.raises(UnreadableError, match="holds more than 2 MB, unpacked"):
        next(read_opendocument(path, ANY, Limits(unpacked_mb=2)))
    path = write_opendocument(
        tmp_path / "a.odt", paragraph("x"), {"Pictures/a.png": bytes(3_000_000)}
    )
    assert next(read_opendocument(path, ANY, Limits(unpacked_mb=2))).text == "x"


def test_entities_are_not_multiplied(tmp_path):
    declared = '<!DOCTYPE a [<!ENTITY e "x">]>'
    with ZipFile(tmp_path / "a.odt", "w") as package:
        package.writestr(
            "content.xml", content_part("").replace("<office", f"{declared}<office", 1)
        )
    with pytest.raises(UnreadableError, match="it declares a document type"):
        next(read_opendocument(tmp_path / "a.odt", ANY))


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("begin", "end"),
    [
        (
            "<table:table><table:table-row><table:table-cell>",
            "</table:table-cell></table:table-row></table:table>",
        ),
        ("<text:p><draw:frame><draw:text-box>", "</draw:text-box></draw:frame></text:p>"),
        ("<text:p><office:annotation>", "</office:annotation></text:p>"),
    ],
)
def test_nested_too_deep(tmp_path, begin, end):
    text = text_of(tmp_path, begin * 20 + paragraph("seen") + end * 20)
    assert "seen" in text
    path = write_opendocument(tmp_path / "a.odt", begin * 10_000 + end * 10_000)
    with pytest.raises(UnreadableError, match="is nested too deep"):
        next(read_opendocument(path, ANY))


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "body",
    [
        f"<text:{name}>" * 100_000 + f"</text:{name}>" * 100_000
        for name in ("span", "section", "p", "list", "ruby-text", "tracked-changes", "a")
    ]
    + [
        "<table:table>" * 100_000 + "</table:table>" * 100_000,
        "<draw:g>" * 100_000 + "</draw:g>" * 100_000,
        "<math:mfrac>" * 100_000 + "</math:mfrac>" * 100_000,
        "<text:p>" + "<text:ruby-text>" * 50_000 + "x" + "</text:ruby-text>" * 50_000 + "</text:p>",
        "<text:p>" + "x<text:s/>" * 200_000 + "</text:p>",
    ],
    ids=range(12),
)
def test_repeated_elements_take_no_time(tmp_path, body):
    assert "seen" in text_of(tmp_path, body + paragraph("seen"))


@pytest.mark.timeout(60)
def test_long_lineages_of_styles_take_no_time(tmp_path):
    styles = "".join(
        f'<style:style style:name="s{n}" style:family="paragraph" '
        f'style:parent-style-name="s{(n + 1) % 20_000}"/>'
        for n in range(20_000)
    )
    body = "".join(paragraph("x", f"s{n}") for n in range(20_000))
    assert text_of(tmp_path, body, automatic=styles) == "\n".join(["x"] * 20_000)


@pytest.mark.parametrize(
    "body",
    [
        "<table:table-cell/><table:table-row/><table:covered-table-cell/>",
        "<table:table><table:table-cell><office:chart/></table:table-cell></table:table>",
        "<text:ruby-text>x</text:ruby-text><text:note/><office:annotation/><text:s/>",
        "<style:master-page><style:master-page/></style:master-page><style:header/>",
        "<draw:page><draw:page/></draw:page><presentation:notes/>",
        "<draw:image/><draw:object/><draw:object-ole/><draw:control/>",
        "<svg:title><svg:desc>x</svg:desc>y</svg:title><dc:creator>z</dc:creator>",
        "<math:mi>x</math:mi><math:mfrac/><text:number>1</text:number>",
        "<form:option/><form:column/><form:text/><office:forms/>",
        f"<text:p>x{paragraph('y')}z</text:p>",
        '<text:p><text:s text:c="99999999999"/><text:s text:c="x"/></text:p>',
    ],
)
def test_elements_where_they_should_not_be(tmp_path, body):
    text = content_of(tmp_path, paragraph("seen") + body + paragraph("too")).text
    assert text.startswith("seen")
    assert text.endswith("too")


@pytest.mark.parametrize("awkward", awkward_files(), ids=lambda awkward: awkward.name)
def test_every_place_is_read_or_said(tmp_path, awkward):
    path = tmp_path / awkward.name
    path.write_bytes(awkward.content)
    content = next(read_opendocument(path, ANY))
    assert not set(awkward.found) - set(re.findall(r"\w+", content.text))
    assert not [word for word in awkward.unseen if word in content.text]
    assert not [said for said in awkward.said if said not in "; ".join(content.remarks)]
