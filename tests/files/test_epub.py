"""Of a book every page is read, in its order, and what is not is said."""

import re
from zipfile import ZIP_BZIP2, ZipFile

import pytest

from tests.files.awkward_epub import awkward_files
from tests.files.epub import (
    CONTAINER,
    item,
    package_document,
    write_archive,
    write_book,
    write_epub,
    xhtml,
)
from vectorlong.files.file_position import find_position
from vectorlong.files.formats.epub import read_epub
from vectorlong.files.limits import Limits
from vectorlong.files.records import Columns
from vectorlong.files.source import FileSource
from vectorlong.files.unreadable import UnreadableError

ANY = Columns()


def read(path):
    return next(read_epub(path, ANY))


def book_of(tmp_path, items, spine, files):
    return read(write_book(tmp_path / "a.epub", items, spine, files))


def of_files(tmp_path, files):
    return read(write_archive(tmp_path / "a.epub", files))


# --- chapters ------------------------------------------------------------------------------------


def test_chapters_are_read_in_the_order_of_the_spine(tmp_path):
    items = [item("a", "a.xhtml"), item("b", "b.xhtml"), item("c", "c.xhtml")]
    files = {f"{name}.xhtml": xhtml(f"<h1>{name}</h1><p>text") for name in "abc"}
    content = book_of(tmp_path, items, ["c", "a", "b"], files)
    assert content.text == "c\n\ntext\n\na\n\ntext\n\nb\n\ntext"
    assert content.remarks == ()
    assert content.metadata == {}


def test_hits_name_the_chapter_and_its_line(tmp_path):
    path = write_epub(tmp_path / "a.epub", ["<p>one", "<img src='x'/>", "<p>two<p>needle"])
    (document,) = FileSource([path])
    assert document.metadata["file"]["type"] == "epub"
    assert document.metadata["file"]["chapter_starts"] == [0, 5]
    place = find_position(document.text, document.metadata, document.text.index("needle"))
    assert str(place) == "chapter 2, line 3"


def test_pages_that_the_spine_does_not_name_are_read_after_it(tmp_path):
    items = [
        item("notes", "notes.xhtml"),
        item("nav", "nav.xhtml", more='properties="scripted nav"'),
        item("ncx", "toc.ncx", "application/x-dtbncx+xml"),
        item("a", "a.xhtml"),
        item("drawing", "a.svg", "image/svg+xml"),
        item("old", "old.html", "application/octet-stream"),
    ]
    files = {name: xhtml(f"<p>{name}") for name in ("notes.xhtml", "nav.xhtml", "a.xhtml")}
    files |= {"toc.ncx": "<ncx/>", "a.svg": "<svg><text>x</text></svg>", "old.html": "<p>old"}
    content = book_of(tmp_path, items, ["a"], files)
    assert content.text == "a.xhtml\n\nnotes.xhtml\n\nold"
    assert content.facts == {"chapter_starts": [0, 9, 22]}
    assert content.remarks == ()
    content = book_of(tmp_path, items, ["nav", "a"], files)
    assert content.text.startswith("nav.xhtml\n\na.xhtml"), "a chapter is read, whatever it is"


def test_a_chapter_is_read_once(tmp_path):
    items = [item("a", "a.xhtml"), item("b", "a.xhtml#half"), item("c", "./a.xhtml")]
    content = book_of(tmp_path, items, ["a", "b", "c", "a"], {"a.xhtml": xhtml("<p>once")})
    assert (content.text, content.remarks) == ("once", ())


@pytest.mark.parametrize(
    ("href", "name"),
    [
        ("chapter%201.xhtml", "OEBPS/chapter 1.xhtml"),
        ("100%25.xhtml", "OEBPS/100%.xhtml"),
        ("a%20b.xhtml", "OEBPS/a%20b.xhtml"),
        ("a.xhtml#part", "OEBPS/a.xhtml"),
        ("a#b.xhtml", "OEBPS/a#b.xhtml"),
        ("/text/a.xhtml", "text/a.xhtml"),
        ("../text/a.xhtml", "text/a.xhtml"),
        ("../../../../text/a.xhtml", "text/a.xhtml"),
        ("text\\a.xhtml", "OEBPS/text/a.xhtml"),
        ("text/a.xhtml", "OEBPS\\text\\a.xhtml"),
        ("A.XHTML", "OEBPS/a.xhtml"),
        ("%C3%A9.xhtml", "OEBPS/é.xhtml"),
        (" a.xhtml ", "OEBPS/a.xhtml"),
    ],
)
def test_addresses(tmp_path, href, name):
    files = {
        "META-INF/container.xml": CONTAINER,
        "OEBPS/content.opf": package_document([item("a", href)], ["a"]),
        name: xhtml("<p>needle"),
    }
    content = of_files(tmp_path, files)
    assert (content.text, content.remarks) == ("needle", ())


def test_names_that_differ_in_case_alone(tmp_path):
    items = [item("a", "a.xhtml"), item("b", "A.xhtml")]
    files = {"A.xhtml": xhtml("<p>large"), "a.xhtml": xhtml("<p>small")}
    assert book_of(tmp_path, items, ["a", "b"], files).text == "small\n\nlarge"


def test_chapters_of_other_types(tmp_path):
    items = [
        item("drawing", "a.svg", "image/svg+xml"),
        item("pdf", "a.pdf", "application/pdf", 'fallback="odd"'),
        item("odd", "a.odd", "application/x-odd", 'fallback="page"'),
        item("page", "page.xhtml"),
        item("circle", "b.odd", "application/x-odd", 'fallback="circle"'),
        item("photo", "a.jpg", "image/jpeg"),
        item("old", "old.book", "text/x-oeb1-document"),
    ]
    files = {
        "a.svg": '<svg xmlns="http://www.w3.org/2000/svg"><text>drawn</text></svg>',
        "a.pdf": b"%PDF",
        "b.odd": b"x",
        "a.jpg": b"\xff\xd8",
        "page.xhtml": xhtml("<p>in its place"),
        "old.book": "<html><body><p>old",
    }
    content = book_of(tmp_path, items, ["drawing", "pdf", "circle", "photo", "old"], files)
    assert content.text == "drawn\n\nin its place\n\nold"
    assert content.remarks == (
        "chapters that are no pages are not read: OEBPS/b.odd",
        "1 picture is not read",
    )


def test_pages_that_are_pictures_are_counted(tmp_path):
    bodies = [
        "<p>seen</p><img src='a.jpg'/>",
        "<img src='a.jpg'/>",
        "<svg><image xlink:href='a.jpg'/></svg>",
        "<img src='a.jpg' alt='described'/>",
        "<p> &#160; </p>",
    ]
    content = read(write_epub(tmp_path / "a.epub", bodies))
    assert content.text == "seen\n\ndescribed"
    assert content.remarks == ("2 pictures are not read",)


def test_a_book_of_pictures_holds_no_text(tmp_path):
    path = write_epub(tmp_path / "a.epub", ["<img src='a.jpg'/>"] * 3)
    source = FileSource([path])
    assert list(source) == []
    assert source.left_out[0].reason == "holds no text; 3 pictures are not read"


def test_what_pages_hide_is_said_once(tmp_path):
    content = read(write_epub(tmp_path / "a.epub", ["<p>a</p><p hidden='x'>b</p>"] * 3))
    assert content.text == "a\n\na\n\na"
    assert content.remarks == ("hidden text is not read (hidden, display: none, a closed dialog)",)


def test_what_xhtml_closes_at_once_hides_nothing(tmp_path):
    body = (
        "<a id='x'/><p style='display:none'/><span hidden=''/><dialog/><br/><pre/>"
        "<![CDATA[a < b]]><img alt='c'/><p>seen</p>"
    )
    content = read(write_epub(tmp_path / "a.epub", [body]))
    assert content.text.split() == ["a", "<", "b", "c", "seen"]
    assert content.remarks == ()


# --- what a book says of itself ------------------------------------------------------------------


def test_title_and_authors(tmp_path):
    metadata = (
        "<dc:title> A \n title </dc:title><dc:title>a subtitle</dc:title>"
        '<dc:creator id="x">Jane Roe</dc:creator><dc:creator/><dc:creator>Doe, John</dc:creator>'
        "<dc:publisher>none</dc:publisher>"
    )
    document = (
        package_document([item("a", "a.xhtml")], ["a"], metadata)
        .replace(
            "</package>",
            "<collection><metadata><dc:title>no</dc:title></metadata></collection></package>",
        )
        .replace("<package ", '<package xmlns:dc="http://purl.org/dc/elements/1.1/" ')
    )
    files = {"META-INF/container.xml": CONTAINER, "OEBPS/content.opf": document}
    content = of_files(tmp_path, {**files, "OEBPS/a.xhtml": xhtml("<p>text")})
    assert content.metadata == {"title": "A title", "author": "Jane Roe; Doe, John"}
    assert content.text == "text"


def test_books_before_epub(tmp_path):
    """As OEB 1 has them: no namespaces, capital names, a document type."""
    document = (
        '<?xml version="1.0"?><!DOCTYPE package PUBLIC "+//ISBN 0-9673008-1-9//DTD OEB 1.2 '
        'Package//EN" "http://openebook.org/dtds/oeb-1.2/oebpkg12.dtd"><package><metadata>'
        "<dc-metadata><dc:Title>Old</dc:Title></dc-metadata></metadata><manifest>"
        '<item id="a" href="a.htm" media-type="text/x-oeb1-document"/></manifest>'
        '<spine><itemref idref="a"/></spine></package>'
    )
    page = (
        '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.1//EN" '
        '"http://www.w3.org/TR/xhtml11/DTD/xhtml11.dtd"><html><body>caf&eacute;</body></html>'
    )
    content = of_files(tmp_path, {"book.opf": document, "a.htm": page})
    assert (content.text, content.metadata) == ("café", {"title": "Old"})


def test_other_versions_of_a_book_are_said(tmp_path):
    rootfile = '<rootfile full-path="{}" media-type="application/oebps-package+xml"/>'
    container = CONTAINER.replace(
        "</rootfiles>",
        rootfile.format("other.opf")
        + rootfile.format("missing.opf")
        + '<rootfile full-path="a.pdf" media-type="application/pdf"/></rootfiles>',
    )
    files = {
        "META-INF/container.xml": container,
        "OEBPS/content.opf": package_document([item("a", "a.xhtml")], ["a"]),
        "OEBPS/a.xhtml": xhtml("<p>seen"),
        "other.opf": package_document([], []),
        "a.pdf": b"",
    }
    content = of_files(tmp_path, files)
    assert (content.text, content.remarks) == (
        "seen",
        ("1 other version of the book is not read",),
    )


def test_pages_that_the_book_does_not_list_are_said(tmp_path):
    path = write_epub(tmp_path / "a.epub", ["<p>seen"])
    with ZipFile(path, "a") as archive:
        for name in ("OEBPS/draft.xhtml", "old.html", "__MACOSX/OEBPS/c0.xhtml", "style.css"):
            archive.writestr(name, xhtml("<p>unseen"))
    content = read(path)
    assert (content.text, content.remarks) == ("seen", ("2 unlisted pages are not read",))


# --- encodings -----------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_unicode_is_read_without_being_named(tmp_path, encoding):
    page = "<html><body><p>Straße 中文</p></body></html>".encode(encoding)
    content = book_of(tmp_path, [item("a", "a.xhtml")], ["a"], {"a.xhtml": page})
    assert (content.text, content.remarks) == ("Straße 中文", ())


def test_each_page_may_name_its_encoding(tmp_path):
    first = '<?xml version="1.0" encoding="iso-8859-9"?><html><body>İşgüç</body></html>'
    second = '<html><head><meta charset="koi8-r"/></head><body>слово</body></html>'
    files = {"a.xhtml": first.encode("iso-8859-9"), "b.xhtml": second.encode("koi8-r")}
    items = [item("a", "a.xhtml"), item("b", "b.xhtml")]
    assert book_of(tmp_path, items, ["a", "b"], files).text == "İşgüç\n\nслово"


def test_a_page_whose_encoding_cannot_be_told_costs_itself(tmp_path):
    files = {"a.xhtml": bytes(range(128, 256)) * 20, "b.xhtml": xhtml("<p>seen\0too")}
    items = [item("a", "a.xhtml"), item("b", "b.xhtml")]
    content = book_of(tmp_path, items, ["a", "b"], files)
    assert content.text == "seen too"
    assert content.remarks == (
        "chapters whose encoding cannot be told are not read: OEBPS/a.xhtml",
        "1 zero byte in it read as spaces",
    )
    path = write_book(tmp_path / "a.epub", items, ["a"], {"a.xhtml": "<p>ж".encode("cp1251")})
    assert next(read_epub(path, ANY, Limits(), "cp1251")).text == "ж"


def test_damage_further_on_costs_its_page(tmp_path):
    files = {"a.xhtml": b"\xff\xfea\0b", "b.xhtml": xhtml("<p>seen")}
    items = [item("a", "a.xhtml"), item("b", "b.xhtml")]
    content = book_of(tmp_path, items, ["a", "b"], files)
    assert content.text == "seen"
    assert content.remarks == ("damaged chapters are not read: OEBPS/a.xhtml",)


# --- what is encrypted, missing, damaged or hostile ----------------------------------------------


def encryption(**algorithms):
    data = "".join(
        f'<enc:EncryptedData><enc:EncryptionMethod Algorithm="{algorithm}"/>'
        '<ds:KeyInfo xmlns:ds="d"><enc:EncryptedKey><enc:EncryptionMethod Algorithm="rsa"/>'
        "</enc:EncryptedKey></ds:KeyInfo><enc:CipherData>"
        f'<enc:CipherReference URI="OEBPS/{name}.xhtml"/></enc:CipherData></enc:EncryptedData>'
        for name, algorithm in algorithms.items()
    )
    return f'<encryption xmlns:enc="http://www.w3.org/2001/04/xmlenc#">{data}</encryption>'


def test_encrypted_chapters_are_named(tmp_path):
    path = write_epub(tmp_path / "a.epub", ["<p>first", "<p>second", "<p>third"])
    aes = "http://www.w3.org/2001/04/xmlenc#aes128-cbc"
    fonts = ["http://www.idpf.org/2008/embedding", "http://ns.adobe.com/pdf/enc#RC"]
    with ZipFile(path, "a") as archive:
        archive.writestr(
            "META-INF/encryption.xml", encryption(c0=fonts[0], c1=aes, c2=fonts[1], font=aes)
        )
    content = read(path)
    assert content.text == "first\n\nthird"
    assert content.remarks == ("encrypted chapters are not read: OEBPS/c1.xhtml",)


def test_an_encrypted_book_is_refused(tmp_path):
    path = write_epub(tmp_path / "a.epub", ["<p>first", "<p>second"])
    with ZipFile(path, "a") as archive:
        archive.writestr("META-INF/encryption.xml", encryption(c0="x", c1=""))
    with pytest.raises(UnreadableError, match="is encrypted; only programs that have its key"):
        read(path)


def test_missing_chapters_are_named(tmp_path):
    items = [item("a", "a.xhtml"), item("b", "b.xhtml"), item("c", "https://x.org/c.xhtml")]
    content = book_of(tmp_path, items, ["a", "b", "c", "d"], {"b.xhtml": xhtml("<p>seen")})
    assert content.text == "seen"
    assert content.remarks == (
        "missing chapters are not read: OEBPS/a.xhtml, OEBPS/https:/x.org/c.xhtml, d",
    )
    spine = [f"x{number}" for number in range(12)]
    content = book_of(tmp_path, items[1:2], spine, {"b.xhtml": xhtml("<p>seen")})
    assert content.remarks[0].endswith("x9 and 2 more")


def test_a_damaged_chapter_costs_itself(tmp_path):
    path = write_epub(tmp_path / "a.epub", ["<p>first", "<p>second"])
    with ZipFile(path) as archive:
        place = archive.getinfo("OEBPS/c0.xhtml").header_offset
    content = bytearray(path.read_bytes())
    content[place + 60 : place + 70] = b"\xff" * 10
    path.write_bytes(content)
    content = read(path)
    assert content.text == "second"
    assert content.remarks[0].startswith("damaged chapters are not read: OEBPS/c0.xhtml (")


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ({"a.txt": "x"}, "is no EPUB book: it has no list of its chapters"),
        ({"META-INF/container.xml": CONTAINER}, "is no EPUB book"),
        ({"a.opf": package_document([item("a", "a.xhtml")], [])}, "it names no chapters"),
        ({"a.opf": "<package><spine>"}, "is a damaged EPUB book"),
        ({"META-INF/container.xml": "<", "a.opf": package_document([], ["a"])}, "is a damaged"),
    ],
)
def test_what_is_no_book(tmp_path, files, reason):
    with pytest.raises(UnreadableError, match=reason):
        of_files(tmp_path, files)


def test_other_files_of_that_name(tmp_path):
    path = tmp_path / "a.epub"
    for content in (b"", b"%PDF-1.4", b"PK\x03\x04" + bytes(100)):
        path.write_bytes(content)
        with pytest.raises(UnreadableError, match="is a damaged EPUB book"):
            read(path)


@pytest.mark.parametrize("cut", [0.3, 0.6, 0.99])
def test_truncated_books(tmp_path, cut):
    path = write_epub(tmp_path / "a.epub", ["<p>text"] * 50)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * cut)])
    with pytest.raises(UnreadableError, match="is a damaged EPUB book"):
        read(path)


def test_what_chapters_unpack_to_is_limited(tmp_path):
    path = write_epub(tmp_path / "a.epub", ["<p>x", " " * 3_000_000])
    with pytest.raises(UnreadableError, match="holds more than 2 MB, unpacked"):
        next(read_epub(path, ANY, Limits(unpacked_mb=2)))
    path = write_epub(tmp_path / "a.epub", ["x" * 600] * 2)
    with pytest.raises(UnreadableError, match="holds more than 1,000 characters"):
        next(read_epub(path, ANY, Limits(characters=1_000)))
    path = tmp_path / "b.epub"
    with ZipFile(path, "w", ZIP_BZIP2) as archive:
        archive.writestr("a.opf", "x")
    with pytest.raises(UnreadableError, match="is packed in a way"):
        read(path)


def test_entities_are_not_multiplied(tmp_path):
    tens = "".join(f'<!ENTITY e{n} "{f"&e{n - 1};" * 10}">' for n in range(1, 10))
    document = package_document([item("a", "a.xhtml")], ["a"], "<dc:title>&e9;</dc:title>")
    document = document.replace("<package", f'<!DOCTYPE package [<!ENTITY e0 "x">{tens}]><package')
    with pytest.raises(UnreadableError, match="it declares a document type"):
        of_files(tmp_path, {"a.opf": document})


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("items", "spine"),
    [
        ([item("a", "a.xhtml")], ["a"] * 300_000),
        ([item("a", "a.xhtml")], ["a", *(f"x{n}" for n in range(300_000))]),
        ([item("a", "a.xhtml"), *(item(f"x{n}", "a.xhtml") for n in range(100_000))], ["a"]),
        (
            [
                item("a", "a.xhtml"),
                *(item(f"x{n}", f"{n}.odd", "x/y", f'fallback="x{n + 1}"') for n in range(100_000)),
            ],
            ["a", *(f"x{n}" for n in range(100_000))],
        ),
        ([item("a", "a.xhtml"), "<x>" * 300_000, "</x>" * 300_000], ["a"]),
    ],
)
def test_long_lists_take_no_time(tmp_path, items, spine):
    path = write_book(tmp_path / "a.epub", items, spine, {"a.xhtml": xhtml("<p>seen")})
    assert read(path).text == "seen"


@pytest.mark.parametrize("awkward", awkward_files(), ids=lambda awkward: awkward.name)
def test_every_place_is_read_or_said(tmp_path, awkward):
    path = tmp_path / awkward.name
    path.write_bytes(awkward.content)
    content = read(path)
    assert set(awkward.found) <= set(re.findall(r"\w+", content.text))
    assert not [word for word in awkward.unseen if word in content.text]
    assert not [said for said in awkward.said if said not in "; ".join(content.remarks)]
