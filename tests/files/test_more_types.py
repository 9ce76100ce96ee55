"""JSON, XML, messages, packed files, and what is said of types that are not read."""

import gzip
import json
from email.message import EmailMessage
from pathlib import PurePath

import pytest

from tests.files.builders import write_docx
from vectorlong.files.file_types import why_not_read
from vectorlong.files.formats.mail import read_eml
from vectorlong.files.formats.xml_text import read_xml
from vectorlong.files.limits import Limits
from vectorlong.files.records import BadRow, Columns, Content
from vectorlong.files.source import FileSource
from vectorlong.files.tables.rows import read_json
from vectorlong.files.unreadable import UnreadableError

ANY = Columns()


@pytest.fixture
def root(tmp_path):
    folder = tmp_path / "root"
    folder.mkdir()
    return folder


def read(root, **options):
    """Texts by id, and reasons by path."""
    source = FileSource([root], **options)
    texts = {document.id: document.text for document in source}
    return texts, {item.path: item.reason for item in source.left_out}


# --- JSON ----------------------------------------------------------------------------------------


@pytest.fixture
def values(tmp_path):
    def read_values(text, columns=ANY, **options):
        path = tmp_path / "a.json"
        path.write_text(text, encoding="utf-8")
        return list(read_json(path, columns, **options))

    return read_values


def test_a_list_of_objects_is_a_table(values):
    rows = [{"id": 1, "text": "a", "year": 5}, 7, {"text": "b" * 200_000}, {"x": 1}, {"text": "c"}]
    read_rows = values(json.dumps(rows, indent=2))
    assert read_rows[0] == Content("a", {"year": 5}, row=1, id="1")
    assert [row.text for row in read_rows if isinstance(row, Content)] == ["a", "b" * 200_000, "c"]
    assert {row.row: row.reason.split(";")[0] for row in read_rows if isinstance(row, BadRow)} == {
        2: "a JSON int, not an object with named columns",
        4: "has no column called text, content, body or document",
    }


def test_one_object_is_one_document(values):
    text = json.dumps({"id": "x", "text": "a", "year": 5}, indent=2)
    assert values(text) == [Content("a", {"id": "x", "year": 5})]
    assert values('{"a": 1}')[0].reason.startswith("has no column called text")
    assert values('"text"') == [BadRow(None, "a JSON str, not an object with named columns")]


def test_objects_in_a_row_are_a_table(values):
    rows = values('{"text": "a"}\n{"text": "b"} {"text": "c"}\n')
    assert rows == [Content(text, row=row) for row, text in enumerate("abc", start=1)]


@pytest.mark.parametrize("text", ["[]", "", " \n", "[ ]"])
def test_json_without_values(values, text):
    assert values(text) == []


@pytest.mark.parametrize(
    ("text", "n_rows"),
    [
        ('[{"text": "a"}, {"text": "b"', 1),
        ('[{"text": "a"} {"text": "b"}]', 1),
        ('[{"text": "a"}', 1),
        ('[{"text": "a"}] x', 1),
        ('[{"text": "a"}, NaN]', 1),
        ('[{"text": "a"}, ]', 1),
        ('{"text": "a"} }', 1),
        ('[{"text": "a"}, ' + "[" * 100_000, 1),
    ],
)
def test_damaged_json_is_read_up_to_the_damage(values, text, n_rows):
    *rows, last = values(text)
    assert [row.text for row in rows] == ["a"] * n_rows
    assert last.row == n_rows + 1
    assert last.reason.startswith("is not JSON")
    assert last.reason.endswith("; nothing after it was read")


@pytest.mark.parametrize("text", ["{", "no", "[no", "NaN", "{'text': 'a'}", '{"text": "a\x01"}'])
def test_what_is_no_json_is_refused(values, text):
    with pytest.raises(UnreadableError, match="is not JSON"):
        values(text)


def test_values_too_long(values):
    limits = Limits(characters=1_000)
    rows = values(
        json.dumps([{"text": "a"}, {"text": "x" * 500_000}, {"text": "b"}]), limits=limits
    )
    assert rows[0].text == "a"
    assert rows[1].reason.startswith("holds more than 1,000 characters")
    with pytest.raises(UnreadableError, match="holds more than 1,000 characters"):
        values(json.dumps({"text": "x" * 5_000}), limits=limits)


@pytest.mark.parametrize("size", [1, 65_530, 65_535, 65_536, 65_537, 131_072])
def test_values_wherever_the_blocks_of_reading_end(values, size):
    rows = [{"text": "x" * size, "n": 12345}, {"text": "é", "n": 1.5}, {"text": "z"}]
    for text in (json.dumps(rows), "\n".join(map(json.dumps, rows))):
        read_rows = values(text)
        assert [row.text for row in read_rows] == [row["text"] for row in rows]
        assert [row.metadata.get("n") for row in read_rows] == [12345, 1.5, None]


# --- XML -----------------------------------------------------------------------------------------


@pytest.fixture
def xml(tmp_path):
    def read_text(source, **options):
        path = tmp_path / "a.xml"
        path.write_bytes(source if isinstance(source, bytes) else source.encode())
        return next(read_xml(path, ANY, **options))

    return read_text


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<a><b>one</b><c>two</c></a>", "one\ntwo"),
        (
            "<a><p>some <b>bold</b> and <i>it</i>alic</p><p>next</p></a>",
            "some bold and italic\nnext",
        ),
        ("<a><p><b>bold</b> first</p></a>", "bold first"),
        ("<a>\n  <b>\n one\n two </b>\n</a>", "one two"),
        ("<a><![CDATA[1 < 2 & ]]>3 &lt; 4 &#233; &amp;</a>", "1 < 2 & 3 < 4 é &"),
        ("<a><!-- no --><?pi no?><b x='no'>yes</b></a>", "yes"),
        ("<!DOCTYPE a [<!ENTITY e 'entity'>]><a>an &e;</a>", "an entity"),
        ("<!DOCTYPE a SYSTEM 'a.dtd'><a>caf&eacute;</a>", "café"),
        ("<x:a xmlns:x='y'><x:b>one</x:b></x:a>", "one"),
        ("<a>x" + "<b>y" * 20_000 + "</b>" * 20_000 + "</a>", "x" + "y" * 20_000),
        ("<a>" + "<b>" * 20_000 + "y" + "</b>" * 20_000 + "</a>", "y"),
        ("<a/>", ""),
    ],
)
def test_text_of_xml(xml, source, text):
    assert xml(source).text == text


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "cp1251", "koi8-r", "utf-8-sig"])
def test_xml_in_its_encoding(xml, encoding):
    source = f"<?xml version='1.0' encoding='{encoding}'?><a>Это правило</a>"
    assert xml(source.encode(encoding)).text == "Это правило"


@pytest.mark.parametrize("source", ["<a>", "<a></b>", "<a>&nope;</a>", "<a><b", "text", "<a/><a/>"])
def test_damaged_xml(xml, source):
    with pytest.raises(UnreadableError, match="is damaged XML"):
        xml(source)


@pytest.mark.timeout(60)
def test_entities_of_xml_are_neither_multiplied_nor_fetched(xml, tmp_path):
    tens = "".join(f'<!ENTITY e{number} "{f"&e{number - 1};" * 10}">' for number in range(1, 10))
    with pytest.raises(UnreadableError, match=r"damaged XML|holds more than"):
        xml(f"<!DOCTYPE a [<!ENTITY e0 'ten'>{tens}]><a>&e9;</a>")
    (tmp_path / "secret").write_text("secret")
    content = xml(f"<!DOCTYPE a [<!ENTITY e SYSTEM '{tmp_path}/secret'>]><a>seen&e;</a>")
    assert content.text == "seen"
    assert content.remarks == ("other files that it takes text from are not read",)
    content = xml("<!DOCTYPE a SYSTEM 'a.dtd'><a>seen &own;</a>")
    assert content.remarks == ("&own; is declared in another file, and not read",)


# --- messages ------------------------------------------------------------------------------------


def message(**headers):
    mail = EmailMessage()
    for name, value in {"Subject": "Größe", "From": "Ann <a@x.org>", **headers}.items():
        mail[name] = value
    return mail


@pytest.fixture
def eml(tmp_path):
    def read_message(mail, **options):
        path = tmp_path / "a.eml"
        path.write_bytes(mail if isinstance(mail, bytes) else mail.as_bytes())
        return next(read_eml(path, ANY, **options))

    return read_message


def test_a_plain_message(eml):
    mail = message(To="b@x.org", Date="Mon, 02 Jun 2025 10:00:00 +0000")
    mail.set_content("Dear all,\n\ngrüße aus München.\n")
    content = eml(mail)
    assert content.text == "Größe\n\nDear all,\n\ngrüße aus München."
    assert content.metadata == {
        "subject": "Größe",
        "title": "Größe",
        "from": "Ann <a@x.org>",
        "to": "b@x.org",
        "date": "Mon, 02 Jun 2025 10:00:00 +0000",
    }
    assert content.remarks == ()


def test_a_message_with_versions_and_attachments(eml):
    mail = message()
    mail.set_content("plain words")
    mail.add_alternative("<p>the page", subtype="html")
    mail.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="lease.pdf")
    mail.add_attachment("a note", filename="note.txt")
    content = eml(mail)
    assert content.text == "Größe\n\nplain words"
    assert content.remarks == ("attachments are not read: lease.pdf, note.txt",)


def test_a_message_that_is_a_page(eml):
    mail = message()
    mail.set_content(" \n")
    mail.add_alternative("<p>the page<p hidden>not seen", subtype="html")
    content = eml(mail)
    assert content.text == "Größe\n\nthe page"
    assert content.remarks[0].startswith("hidden text is not read")


def test_texts_one_after_another_are_all_read(eml):
    content = eml(
        b"Subject: s\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n"
        b"--x\n\none\n--x\nContent-Type: text/html\n\n<p>two\n--x\nContent-Type: image/png\n\nPNG\n"
        b"--x\nContent-Type: message/rfc822\n\nSubject: within\n\nthree\n--x--\n"
    )
    assert content.text == "s\n\none\n\ntwo"
    assert content.remarks == ("attachments are not read: image/png, message/rfc822",)


@pytest.mark.parametrize(
    ("charset", "encoding", "text"),
    [
        ("iso-2022-jp", "iso2022_jp", "これは規則です"),
        ("gb2312", "gb18030", "这是规则"),
        ("iso-8859-9", "cp1254", "“İstanbul”"),
        ("utf-8", "utf-8", "é"),
        ("us-ascii", "utf-8", "é"),
        ("unknown-8bit", "cp1252", "Où l’été a été sec, les élèves étaient déjà rentrés."),
    ],
)
def test_messages_in_their_encoding(eml, charset, encoding, text):
    head = f"Subject: s\nContent-Type: text/plain; charset={charset}\n\n"
    assert eml(head.encode() + text.encode(encoding)).text == f"s\n\n{text}"


def test_messages_that_are_none(eml):
    with pytest.raises(UnreadableError, match="is no message"):
        eml(b"just some text")
    with pytest.raises(UnreadableError, match="more than 1,000 parts"):
        eml(b"Subject: s\nContent-Type: multipart/mixed; boundary=x\n\n" + b"--x\n\na\n" * 2_000)


def test_metadata_of_messages_reach_the_document(root):
    (root / "a.eml").write_bytes(b"Subject: =?utf-8?q?Gr=C3=B6=C3=9Fe?=\nFrom: a@x.org\n\nseen\n")
    (document,) = FileSource([root])
    assert document.metadata == {
        "subject": "Größe",
        "title": "Größe",
        "from": "a@x.org",
        "file": {"path": "root/a.eml", "type": "eml"},
    }


# --- packed --------------------------------------------------------------------------------------


def test_packed_files_are_read_like_others(root):
    (root / "a.txt.gz").write_bytes(gzip.compress(b"one\r\ntwo"))
    (root / "b.csv.gz").write_bytes(gzip.compress(b"text\nrow\n"))
    (root / "c.html.gz").write_bytes(gzip.compress(b"<p>page"))
    (root / "d.eml.GZ").write_bytes(gzip.compress(b"Subject: s\n\nmail"))
    (root / "e.log.gz").write_bytes(gzip.compress(b"first, ") + gzip.compress(b"second"))
    write_docx(root / "f.docx", ["Word"])
    (root / "f.docx.gz").write_bytes(gzip.compress((root / "f.docx").read_bytes()))
    (root / "f.docx").unlink()
    texts, reasons = read(root)
    assert texts == {
        "root/a.txt.gz": "one\r\ntwo",
        "root/b.csv.gz#1": "row",
        "root/c.html.gz": "page",
        "root/d.eml.GZ": "s\n\nmail",
        "root/e.log.gz": "first, second",
        "root/f.docx.gz": "Word",
    }
    assert reasons == {}
    (document,) = FileSource([root / "a.txt.gz"])
    assert document.metadata["file"] == {"path": "root/a.txt.gz", "type": "txt"}


def test_packed_files_that_cannot_be_read(root):
    packed = gzip.compress(b"text " * 1_000)
    (root / "cut.txt.gz").write_bytes(packed[:-20])
    (root / "damaged.txt.gz").write_bytes(packed[:20] + b"\xff" * 10 + packed[30:])
    (root / "none.txt.gz").write_bytes(b"text")
    (root / "bomb.txt.gz").write_bytes(gzip.compress(b"\0" * 3_000_000))
    (root / "a.gz").write_bytes(packed)
    (root / "a.pdf.gz").write_bytes(packed)
    (root / "a.png.gz").write_bytes(packed)
    (root / "seen.txt").write_text("seen")
    texts, reasons = read(root, limits=Limits(unpacked_mb=2))
    assert texts == {"root/seen.txt": "seen"}
    for name in ("cut", "damaged", "none"):
        assert reasons[f"root/{name}.txt.gz"].startswith("is a damaged gzip file")
    assert reasons["root/bomb.txt.gz"].startswith("holds more than 2 MB, unpacked")
    assert reasons["root/a.gz"] == "files of type .gz are not read; unpack it"
    assert reasons["root/a.pdf.gz"].startswith("is a damaged PDF")
    assert reasons["root/a.png.gz"] == "files of type .png.gz are not read; unpack it"


def test_nothing_that_was_unpacked_stays(root, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (root / "a.csv.gz").write_bytes(gzip.compress(b"text\n" + b"row\n" * 10))
    documents = iter(FileSource([root]))
    next(documents)
    assert list(tmp_path.glob("vectorlong-*"))
    documents.close()
    assert not list(tmp_path.glob("vectorlong-*"))


# --- types that are not read ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a.doc", "files of type .doc are not read; save it as .docx"),
        ("a.NUMBERS", "files of type .numbers are not read; save it as .csv"),
        ("a.ppt", "files of type .ppt are not read; save it as .pptx"),
        ("a.zip", "files of type .zip are not read; unpack it"),
        ("a.tar.gz", "files of type .tar.gz are not read; unpack it"),
        ("a.xyz", "files of type .xyz are not read"),
        ("Makefile", "files without an extension are not read"),
        ("a.py", None),
        ("a.json.gz", None),
        (".gz", "files without an extension are not read"),
    ],
)
def test_what_is_said_of_other_types(name, reason):
    assert why_not_read(PurePath(name)) == reason
