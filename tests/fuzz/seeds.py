"""A few small inputs of each kind to begin from."""

from __future__ import annotations

import json
from pathlib import Path
from zipfile import ZipFile

from tests.files import awkward_opendocument, awkward_rtf, awkward_sheets
from tests.files.awkward_slides import awkward_files
from tests.files.builders import (
    cell,
    paragraph,
    table,
    word_part,
    write_docx,
    write_pdf,
    write_word,
)
from tests.files.epub import item, write_book, xhtml
from tests.files.sheets import write_ods

_TEXTS = {
    "html": [
        "<!doctype html><meta charset=gb2312><title>T</title><p>a &amp; b<br>c<pre> d</pre>",
        "<table><tr><td>a<td>b</table><svg><title>x</title></svg><![CDATA[x]]><template>y</template>",
        '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><script/><p>x</p></html>',
        "<noscript><div>a</noscript><p hidden>b</p><svg><text>c</text></svg><ruby>d<rt>e</ruby>"
        "<iframe srcdoc='<p>f'></iframe><select><optgroup label=g><option>h</select><img alt=i>",
        "<p>&#9999999999;&#xD800;&eacute;</p><!-- <a <b></a <? <meta",
    ],
    "csv": [
        'id,text,year\na,"one ""two""\nthree",1999\n',
        "text;a;a;\nx;-3.50;007;\n",
        "\ufeffText\tb\n\n1\t2\t3\n",
        'sep=;\n"a, b"; "text"\n1; "open\n2;"one\ntwo"\n3;x "y" z\n\u200b;\n',
    ],
    "jsonl": [
        json.dumps({"_id": 7, "text": "two\nlines", "year": 1999, "tags": ["a"], "x": None}),
        '{"text": "\\ud800"}\n[1]\n{"text": 5}\n\n{"text": "a", "a": 1e999}\n',
    ],
    "json": [
        '[{"id": 1, "text": "a", "tags": ["x"]}, 7, {"text": "\\ud800"}]',
        '{"text": "a"}\n{"text": "b"} [1e999, null, -0, "x"]',
    ],
    "xml": [
        '<?xml version="1.0" encoding="koi8-r"?><a><p>some <b>bold</b> text</p><!-- x --></a>',
        '<!DOCTYPE a SYSTEM "x" [<!ENTITY e "f">]><a x="y">&e;&eacute;&#233;<![CDATA[<]]></a>',
    ],
    "eml": [
        "Subject: =?utf-8?q?Gr=C3=B6=C3=9Fe?=\nFrom: A <a@x.org>\nDate: Mon, 02 Jun 2025\n\ntext",
        "Subject: s\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\n--x\n\none\n"
        "--x\nContent-Type: multipart/alternative; boundary=y\n\n--y\nContent-Type: text/html\n\n"
        "<p>two\n--y--\n--x\nContent-Type: text/plain; charset=iso-8859-9\n"
        "Content-Transfer-Encoding: base64\nContent-Disposition: attachment; filename*=utf-8''a%20b"
        "\n\ndGhyZWU=\n--x--\n",
    ],
    "plain": [
        "# A title #\n\ntext\r\n",
        "Tous les êtres humains naissent",
        "我们在这个国家的不同地方生活",
    ],
}
# What mutations would seldom find by themselves.
_WORDS = {
    "html": "<p> <b> </b> <a <font <table> <td> <tr> <svg> <math> <template> <select> <pre> <br> "
    "<noscript> <title> <script> <style> <![CDATA[ ]]> <!-- --> <? <!doctype charset= xmlns= /> "
    "&# &#x &amp;",
    "csv": r"text id year , ; | \x09 \x22 \x22\x22 \x0d\x0a \xef\xbb\xbf",
    "jsonl": r"{ } [ ] , : \x22text\x22 \x22id\x22 \x5cud800 \x5cu0000 1e999 NaN null -0 \x0a",
    "json": r"{ } [ ] , : \x22text\x22 \x22id\x22 \x5cud800 1e999 NaN true null -0 \x0a",
    "xml": "<a> </a> <a/> <![CDATA[ ]]> <!-- --> <? ?> <!DOCTYPE <!ENTITY SYSTEM & ; &# &lt; "
    "xmlns= encoding=",
    "eml": r"Subject: From: Content-Type: multipart/mixed multipart/alternative text/html "
    r"text/plain message/rfc822 boundary=x --x --x-- charset= Content-Transfer-Encoding: base64 "
    r"quoted-printable Content-Disposition: attachment filename*= =?utf-8?q? ?= \x0d\x0a",
    "docx": "<w:p> </w:p> <w:r> </w:r> <w:t> </w:t> <w:tbl> </w:tbl> <w:tr> </w:tr> <w:tc> </w:tc> "
    "<w:tcPr> </w:tcPr> <w:trPr> </w:trPr> <w:gridSpan <w:gridBefore <w:vMerge/> <w:tab/> <w:br/> "
    "<w:hyperlink> w:val= <w:sdt> <w:sdtContent> &x; <!DOCTYPE <!ENTITY <w:pPr> </w:pPr> <w:rPr> "
    "</w:rPr> <w:del> </w:del> <w:vanish/> <w:fldChar w:fldCharType= begin separate end <w:sym "
    "w:char= <w:txbxContent> </w:txbxContent> <mc:AlternateContent> <mc:Choice> <mc:Fallback> "
    "<w:footnoteReference <w:commentReference <w:headerReference r:id= w:id= <w:ruby> <w:rt> "
    "<w:ddList> <w:listEntry <m:t> </m:t> <m:d> <m:dPr> <m:e> </m:e> <m:sup> <m:nary> <m:naryPr>",
    "pptx": "<p:sp> </p:sp> <p:txBody> </p:txBody> <p:cNvPr hidden= <p:ph type= <a:p> </a:p> "
    "<a:t> </a:t> <a:br/> <a:fld <a:tbl> </a:tbl> <a:tr> </a:tr> <a:tc> </a:tc> <p:grpSp> "
    "</p:grpSp> <p:pic> <p:blipFill> <p:oleObj> <mc:AlternateContent> <mc:Choice> <mc:Fallback> "
    "<c:chart r:id= <dgm:relIds r:dm= <m:e> </m:e> <m:d> <m:t> </m:t> &x; <!DOCTYPE",
    "epub": "<item> <itemref <manifest> <spine> <metadata> <dc:title> <dc:creator> </dc:title> id= "
    "idref= href= media-type= fallback= properties= nav application/xhtml+xml image/svg+xml %20 # "
    "../ / a.xhtml b.xhtml",
    "odt": "<text:p> </text:p> <text:h> <text:s text:c= <text:tab/> <text:span text:style-name= "
    "<text:note> </text:note> <office:annotation> </office:annotation> <table:table> "
    "</table:table> "
    "<table:table-row> </table:table-row> <table:table-cell> </table:table-cell> "
    "<table:covered-table-cell/> table:number-columns-repeated= table:number-rows-spanned= "
    "<draw:frame> </draw:frame> <draw:page> </draw:page> <draw:object xlink:href= <svg:title> "
    "</svg:title> <text:ruby-text> </text:ruby-text> <text:section text:display= "
    "<style:master-page> <style:header> <style:style style:name= style:parent-style-name= "
    "<math:mfrac> <math:mi> </math:mi> <form:text form:id= <draw:control &x; <!DOCTYPE",
    "xlsx": "<xdr:twoCellAnchor> </xdr:twoCellAnchor> <xdr:from> <xdr:row> </xdr:row> <xdr:pic> "
    "<xdr:cNvPr descr= title= <a:p> </a:p> <a:t> </a:t> <c:chart r:id= chart-1.xml <dgm:relIds "
    "r:dm= <mc:Choice> <mc:Fallback> <sheetData> </sheetData> <c t= <f> <v/> <oddHeader> &amp;C "
    "<dataValidation sqref= prompt= <oleObject shapeId= <comment ref= authorId= &x; <!DOCTYPE",
    "ods": "<table:table> </table:table> <table:table-row table:number-rows-repeated= "
    "<table:table-cell> <office:annotation> </office:annotation> <dc:creator> <text:p> </text:p> "
    "<text:s/> <draw:frame> </draw:frame> <draw:image/> <draw:object xlink:href= <svg:desc> "
    "<table:tracked-changes> &x; <!DOCTYPE",
    "pdf": "obj endobj stream endstream xref trailer startxref /Type /Page /Pages /Kids /Count "
    "/Contents /Resources /Font /Encoding /ToUnicode /Differences /XObject /Form /Filter "
    "/FlateDecode /LZWDecode /ASCII85Decode /ASCIIHexDecode /RunLengthDecode /DecodeParms "
    "/Predictor /Columns /ObjStm /XRef /W /Index /Prev /Encrypt /Length << >> [ ] R BT ET Tj TJ Td "
    "Tf Tm T* cm q Q Do beginbfchar endbfchar beginbfrange endbfrange begincmap endcmap",
    "rtf": r"{ } \x5c* \x5c' \x5c'82 \x5c~ \x5c- \x5c_ \x5cu8212? \x5cu-10000 \x5cuc2 \x5cbin3 "
    r"\x5cpar \x5cpard \x5cplain \x5cline \x5ccell \x5crow \x5cnestcell \x5cnestrow "
    r"\x5citap2 \x5cintbl \x5ctrowd \x5cclvmrg \x5cclmrg \x5ccellx5 \x5cf1 \x5cfonttbl "
    r"\x5cfcharset128 \x5ccpg936 \x5cansicpg65001 \x5cmac \x5cdeff1 \x5cv \x5cv0 "
    r"\x5cdeleted \x5cfootnote \x5cftnalt \x5cannotation \x5catnauthor \x5cheader "
    r"\x5cfooter \x5cfield \x5cfldinst \x5cfldrslt \x5cformfield \x5cffl \x5cffres1 \x5cshp "
    r"\x5cshpinst \x5cshptxt \x5csp \x5csn \x5csv \x5cpict \x5cobject \x5cresult \x5cupr "
    r"\x5cud \x5clisttext \x5cinfo \x5ctitle \x5cmoMath \x5cmr \x5cmf \x5cmnum \x5cmden "
    r"\x5cmd \x5cme \x5cmbegChr \x5cdropcapli3 \x5csect",
    "plain": r"# \x0a \xff\xfe \xfe\xff \xef\xbb\xbf \x81\x30\x81\x30 \xb5\xc4 \xe9",
}
_ENCODINGS = ("utf-8", "utf-16", "gb18030", "cp1252")


def write_seeds(kind: str, folder: Path) -> None:
    """Write the seeds of one kind of file."""
    for number, text in enumerate(_TEXTS.get(kind, [])):
        for encoding in _ENCODINGS:
            content = text.encode(encoding, "replace")
            (folder / f"seed-{number}-{encoding}").write_bytes(content)
    if kind == "pdf":
        write_pdf(folder / "seed-plain.pdf", [["One (1)", "two"], []], "T", is_compressed=False)
        write_pdf(folder / "seed-packed.pdf", [["Three"]])
    if kind == "rtf":
        for file in awkward_rtf.awkward_files():
            (folder / file.name).write_bytes(file.content)
    if kind == "pptx":
        (slides,) = awkward_files()
        (folder / slides.name).write_bytes(slides.content)
        with ZipFile(folder / slides.name) as package:
            (folder / "seed-slide.xml").write_bytes(package.read("ppt/slide-1.xml"))
    if kind == "epub":
        items = [item("a", "a.xhtml"), item("b", "b.svg", "image/svg+xml"), item("c", "c.xhtml")]
        pages = {f"{name}.xhtml": xhtml(f"<p>{name}") for name in "ac"}
        path = write_book(
            folder / "seed-book.epub", items, "ba", {**pages, "b.svg": "<svg><text>b</svg>"}
        )
        with ZipFile(path) as book:
            path.with_suffix(".opf").write_bytes(book.read("OEBPS/content.opf"))
    if kind == "odt":
        for document in awkward_opendocument.awkward_files():
            path = folder / document.name
            path.write_bytes(document.content)
            with ZipFile(path) as package:
                path.with_suffix(f"{path.suffix}.xml").write_bytes(package.read("content.xml"))
    if kind == "xlsx":
        sheets, *_ = awkward_sheets.awkward_files()
        (folder / sheets.name).write_bytes(sheets.content)
        with ZipFile(folder / sheets.name) as package:
            for name in ("sheet-1.xml", "drawing-1.xml", "comments-1.xml"):
                (folder / f"seed-{name}").write_bytes(package.read(f"xl/{name}"))
    if kind == "ods":
        with ZipFile(write_ods(folder / "seed-sheets.ods")) as package:
            (folder / "seed-content.xml").write_bytes(package.read("content.xml"))
    if kind == "docx":
        write_word(
            folder / "seed-word.docx",
            table(cell("a") + cell("b", "<w:vMerge/>")) + "<w:sectPr><w:headerReference "
            'r:id="header.xml"/></w:sectPr><w:p><w:r><w:footnoteReference w:id="1"/></w:r></w:p>',
            {
                "header.xml": word_part("w:hdr", paragraph("c")),
                "footnotes.xml": word_part(
                    "w:footnotes", f'<w:footnote w:id="1">{paragraph("d")}</w:footnote>'
                ),
            },
        )
        path = write_docx(folder / "seed-table.docx", ["First.", "中文"], [["a", "b"], ["1", "2"]])
        for name in (path.name, "seed-word.docx"):
            with ZipFile(folder / name) as package:
                body = package.read("word/document.xml")
            (folder / name).with_suffix(".xml").write_bytes(body)


def write_dictionary(kind: str, path: Path) -> None:
    """Write the words of a kind of file as libFuzzer reads them."""
    path.write_text("".join(f'"{word}"\n' for word in _WORDS[kind].split()), encoding="ascii")
