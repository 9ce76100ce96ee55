"""Workbooks as XML."""

from __future__ import annotations

import re
import struct
from base64 import b85decode
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from html import escape
from zipfile import ZIP_DEFLATED, ZipFile
from zlib import decompress

_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPES = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_DECLARED = " ".join(
    f'xmlns{prefix}="{namespace}"'
    for prefix, namespace in {
        "": "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
        ":r": _OFFICE,
        ":a": "http://schemas.openxmlformats.org/drawingml/2006/main",
        ":xdr": "http://schemas.openxmlformats.org/drawingml/2006/spreadsheetDrawing",
        ":c": "http://schemas.openxmlformats.org/drawingml/2006/chart",
        ":dgm": "http://schemas.openxmlformats.org/drawingml/2006/diagram",
        ":mc": "http://schemas.openxmlformats.org/markup-compatibility/2006",
        ":t": "http://schemas.microsoft.com/office/spreadsheetml/2018/threadedcomments",
    }.items()
)
# Style 1 is a date with its time, 2 a percentage.
_STYLES = (
    '<numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd hh:mm:ss"/></numFmts>'
    '<cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="164" applyNumberFormat="1"/>'
    '<xf numFmtId="9" applyNumberFormat="1"/></cellXfs>'
)
# By LibreOffice 7.4, of the same sheets as `ODS_SHEETS` but for the comment and what is drawn.
_XLS = (
    "c-rk)U2IfE6h3qJr*}(fw*?dnloh2E+F}a|B?>LHC?qOG5P4`K+wI-Du-"
    "$ETmxLz%EFv*cF%lkpki?LbCyhTb(FZlQZ^obK3l9=a3J(h6!)i2!#CHA8xpUjwb(?e-"
    "Vxn|zzL|T^{LlH$oSFOWH?`yE-mkwz1>t`3&}2S9ewR!EmCi?y$k4LMd_M1p^Yh_96()4bI`l$+K7e&z0hmBQ>vw@p"
    "=fnRiJVr@884A%(N+3<qFqIN+17qCn&85!d9Lvo$%=ce@|Ga<mKJEc#vwz<6+5W45g+Mh>W4i#V1?qrBz+zyDaDwP|"
    "U@341P!B8vmIEt*24E!+0`3G>0e1m+1FL~XU=7d&tOeEq%|Hv#3ar<2XwxZUBi`@T-"
    "<yzbp5L$L6apr+==agb3%_EOi|#Lh5$}1&gcp~AUK(O<bcf@S(7zRS$QZ(k$1n<#ZdHD8)c{Y=BCe))CFc`~w+aIhx"
    "+v74S$)vxlJTFCc$LJ}h!uS#buNme9bEignEsj=f}#r5O<{^tjQX$_#!#Z3K4%+yPD-"
    "$asO^%&rEV;@aYo;;G1WsB9Y*c}ItuI9hqnZ!sli)CBW#fmSqUo@jyHH~={#HGFhXzZ;9zfSfB(3c-"
    "w6GY54lWzG{kalU*x~fO>UGZr&~@wg0(BQ&dqlDT%mmJEb^9F<m+aU2a3w=@if^x?hN^Pdz{{B`56NrS;})7%z7lP&"
    "H5#+%X%eUl&z3-an_eVB<6Aw#xv}*H;BEdSj0-7ge$lrTZWJJTgNhKE^;xzw&$l^vHpH5@e2A?c*c|o5bZyu=o<J9-"
    ";wK+;rMgB$1|0^+6Q^GPjdW{a>+K*f*f1=XRsNQjw^I#j;b!iUDWVv(DqIy8Z+U2%s=6v{(_yE+LNJ&SjHN}B!+kbX"
    "egdc421fU@l0hh8cJs@D_%hXgCa1yC|$+6wLbcyWzW#Z)ianTl3^>Hf=i6XQt3>HWmtv7M-"
    "#CjE0u?@H0fur?JFbZ5@4DnOLS_mL$x>F;Eav83RCXK^6)lQE7K36xz_IG*Di0W?|f3^S(<KfHS3aE)N$mDdDlseW{"
    "IDdvW`POA+i@FZbbcoD2E?A*SOxBrrN#Ixz_c54x48HqasnIf!<ow(klOnu|wmXPO9i}<e2n~Oq<k8W{sX{wd>NzYB"
    "Y_YR&9&DC8`>c*+-C>G7m}?$^tTuY1stYR{A(X`b*(U=`TZ8fa6c$Bn-)Wc@ZB`zWCC>w;u-"
    ")k4WvXrOQqO)PusK4F>uAuqqFV)=1NQ+R}5Q6^gqENcTLsUuZ8YFSpB9T+Y<IW$vIvu1!jMh4V1wT(HR5%%DoC$934"
    "=wi$Kwq2G3HL=T7}_!MRL=yZTE0MZYb?uL|e9=w(4Mta|{W2Ouhp<5vZCp1NCWFNA>m=wM#QgI%y*|Ua2v2817YCPo"
    "DxLJnAO_#=LUgM=`TusG}##K@6Ruouin_Fj9W$3Kx=IX5Upm59aRN8mIplLII)XsX4?_7_>BB^9L8O?-"
    "t9*bD<(3Z`u`@?-"
    "!JZ=dgcEqC5jvKjqD#zT)43l{htruyR#!tTa+x0z91>ZVtQuCS*zGKZit(naE9r}LSrC0A^eNR28@2dU!zB;6LgR2w"
    "v-"
    "O~`w+x49AkN4D1Z?qr(LAl>c89z&m3twM2yM9^l%<C9`%k_79_$W~z>(%#U=gbpyjdibfnxyZ_&YTTBM(2#gbKX8Qb"
    "ihibW68wKxiZ(<H>__%D7yYP^Z$>Gzkq|q>d2gI!=)$Cdy0<Ww#DN(QZj$osT=y=MZSdpDz7eZc-"
    "D=62f>j&7{lSR`uDj0!OW%3J;3fMp6|gK)hgS5_=r>L|DSgKuf{&w?!#Sk5KmZizZ)!wicVOP!Cf^8$?Ty?_wOrV{W"
    "kz_Pxaq}9wIUZOBh(%csk0M|9!6hZ}tCwe*-4(RxJ"
)
_ODF = "urn:oasis:names:tc:opendocument:xmlns"
_FIRST_DAY = datetime(1899, 12, 30)


def part(root, content):
    """A part of a workbook, as XML."""
    return f'<?xml version="1.0" encoding="UTF-8"?><{root} {_DECLARED}>{content}</{root}>'


def cell(name, value, style=0):
    """A cell; what is no text, number or date is XML within it."""
    if isinstance(value, bool):
        return f'<c r="{name}" t="b"><v>{value:d}</v></c>'
    if isinstance(value, int | float):
        return f'<c r="{name}" s="{style}"><v>{value!r}</v></c>'
    if isinstance(value, date):
        moment = datetime(*value.timetuple()[:6])
        return f'<c r="{name}" s="1"><v>{(moment - _FIRST_DAY).total_seconds() / 86400!r}</v></c>'
    if isinstance(value, time):
        seconds = value.hour * 3600 + value.minute * 60 + value.second
        return f'<c r="{name}" s="1"><v>{seconds / 86400!r}</v></c>'
    if value.startswith("<"):
        return f'<c r="{name}"{value[1:]}</c>'
    text = escape(value, quote=False)
    return f'<c r="{name}" t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


def rows(*cells_of_rows, first=1):
    """Rows one after another from one on; None is a cell that is not there."""
    return dict(enumerate(cells_of_rows, start=first))


def sheet(cells, after="", before=""):
    """A worksheet of rows by their numbers, or of XML, and what is beside its cells."""
    data = cells
    if not isinstance(cells, str):
        data = "".join(
            f'<row r="{number}">{"".join(_cells(number, row))}</row>'
            for number, row in cells.items()
        )
    return part("worksheet", f"{before}<sheetData>{data}</sheetData>{after}")


def _cells(number, row):
    for column, value in enumerate(row):
        if value is not None:
            yield cell(f"{chr(65 + column)}{number}", value)


def write_xlsx(
    path,
    sheets: Mapping[str, str],
    parts: Mapping[str, str] | None = None,
    related: Mapping[str, Sequence[str]] | None = None,
    title="",
    states: Mapping[str, str] | None = None,
):
    """A workbook of sheets, by name, and other parts.

    The sheets' parts are "sheet-1.xml" and so on. A part's name begins with the kind that its
    relations have; what has one to it, with its name as id, is in ``related`` by the name of that.
    """
    named = {f"sheet-{number}.xml": content for number, content in enumerate(sheets.values(), 1)}
    shown = "".join(
        f'<sheet name="{escape(name)}" sheetId="{number}" r:id="sheet-{number}.xml" '
        f'state="{(states or {}).get(name, "visible")}"/>'
        for number, name in enumerate(sheets, start=1)
    )
    related = {**(related or {})}
    related["workbook.xml"] = [*named, "styles.xml", *related.get("workbook.xml", [])]
    parts = {
        "workbook.xml": part("workbook", f"<sheets>{shown}</sheets>"),
        "styles.xml": part("styleSheet", _STYLES),
        **named,
        **(parts or {}),
    }
    own = (
        f'<Relationship Id="a" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/>'
        f'<Relationship Id="b" Type="{_PACKAGE}/relationships/metadata/core-properties" '
        'Target="core.xml"/>'
    )
    core = (
        f'<cp:coreProperties xmlns:cp="{_PACKAGE}/metadata/core-properties" '
        f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{title}</dc:title>'
        "</cp:coreProperties>"
    )
    types = '<Default Extension="xml" ContentType="application/xml"/>' + "".join(
        f'<Override PartName="/xl/{name}" ContentType="{_TYPES}.{kind}+xml"/>'
        for name, kind in {
            "workbook.xml": "sheet.main",
            "styles.xml": "styles",
            **dict.fromkeys(named, "worksheet"),
        }.items()
    )
    with ZipFile(path, "w", ZIP_DEFLATED) as package:
        package.writestr(
            "[Content_Types].xml", f'<Types xmlns="{_PACKAGE}/content-types">{types}</Types>'
        )
        package.writestr("_rels/.rels", _relations(own))
        package.writestr("core.xml", core)
        for name, names in related.items():
            targets = [
                f'<Relationship Id="{target}" Type="{_kind_of(target)}" Target="{target}"/>'
                for target in names
            ]
            package.writestr(f"xl/_rels/{name}.rels", _relations("".join(targets)))
        for name, content in parts.items():
            package.writestr(f"xl/{name}", content)
    return path


def _kind_of(name):
    kind = re.match("[A-Za-z]+", name)[0]
    return f"{_OFFICE}/{'worksheet' if kind == 'sheet' else kind}"


def _relations(content):
    return f'<Relationships xmlns="{_PACKAGE}/relationships">{content}</Relationships>'


def anchor(content, row):
    """Something drawn on a sheet, anchored in a row that is counted from 0."""
    return (
        f"<xdr:twoCellAnchor><xdr:from><xdr:col>1</xdr:col><xdr:row>{row}</xdr:row></xdr:from>"
        f"<xdr:to><xdr:col>3</xdr:col><xdr:row>99</xdr:row></xdr:to>{content}<xdr:clientData/>"
        "</xdr:twoCellAnchor>"
    )


def shape(*texts):
    """A shape with paragraphs."""
    lines = "".join(f"<a:p><a:r><a:t>{text}</a:t></a:r></a:p>" for text in texts)
    return (
        '<xdr:sp><xdr:nvSpPr><xdr:cNvPr id="1" name="unseen"/></xdr:nvSpPr>'
        f"<xdr:txBody>{lines}</xdr:txBody></xdr:sp>"
    )


def picture(properties=""):
    """A picture."""
    return (
        f'<xdr:pic><xdr:nvPicPr><xdr:cNvPr id="1" name="unseen" {properties}/></xdr:nvPicPr>'
        "</xdr:pic>"
    )


def write_xlsb(path, sheets):
    """A binary workbook of sheets of rows, which are texts and numbers, by name."""
    named = {f"sheet{number}.bin": content for number, content in enumerate(sheets.values(), 1)}
    listed = b"".join(
        _record(0x9C, struct.pack("<II", 0, number) + _wide(f"id{number}") + _wide(name))
        for number, name in enumerate(sheets, start=1)
    )
    book = b"".join([_record(0x83), _record(0x8F), listed, _record(0x90), _record(0x84)])
    related = "".join(
        f'<Relationship Id="id{number}" Type="{_OFFICE}/worksheet" Target="worksheets/{name}"/>'
        for number, name in enumerate(named, start=1)
    )
    main = f'<Relationship Id="a" Type="{_OFFICE}/officeDocument" Target="xl/workbook.bin"/>'
    with ZipFile(path, "w", ZIP_DEFLATED) as package:
        package.writestr("[Content_Types].xml", f'<Types xmlns="{_PACKAGE}/content-types"/>')
        package.writestr("_rels/.rels", _relations(main))
        package.writestr("xl/_rels/workbook.bin.rels", _relations(related))
        package.writestr("xl/workbook.bin", book)
        for name, cells in named.items():
            package.writestr(f"xl/worksheets/{name}", _binary_sheet(cells))
    return path


def _binary_sheet(cells):
    records = [_record(0x81), _record(0x94, struct.pack("<IIII", 0, max(cells) - 1, 0, 9))]
    records.append(_record(0x91))
    for number, row in cells.items():
        records.append(_record(0x00, struct.pack("<II", number - 1, 0) + bytes(9)))
        for column, value in enumerate(row):
            place = struct.pack("<II", column, 0)
            is_text = isinstance(value, str)
            content = _wide(value) if is_text else struct.pack("<d", value)
            records.append(_record(0x06 if is_text else 0x05, place + content))
    return b"".join([*records, _record(0x92), _record(0x82)])


def _record(kind, content=b""):
    return b"".join(_in_sevens(number) for number in (kind, len(content))) + content


def _in_sevens(number):
    return bytes([number]) if number < 0x80 else bytes([number & 0x7F | 0x80, number >> 7])


def _wide(text):
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def write_xls(path):
    """A workbook in Excel's old format."""
    path.write_bytes(decompress(b85decode(_XLS)))
    return path


def odf_part(root, content):
    """A part of an .ods, as XML."""
    names = {
        **{name: f"{_ODF}:{name}:1.0" for name in ("office", "table", "text", "chart")},
        "draw": f"{_ODF}:drawing:1.0",
        "svg": f"{_ODF}:svg-compatible:1.0",
        "dc": "http://purl.org/dc/elements/1.1/",
        "xlink": "http://www.w3.org/1999/xlink",
    }
    declared = " ".join(f'xmlns:{prefix}="{namespace}"' for prefix, namespace in names.items())
    return f'<?xml version="1.0" encoding="UTF-8"?><{root} {declared}>{content}</{root}>'


def odf_cell(text, properties='office:value-type="string"', beside=""):
    """A cell of an .ods, of lines."""
    lines = "".join(f"<text:p>{line}</text:p>" for line in text.split("\n"))
    return f"<table:table-cell {properties}>{beside}{lines}</table:table-cell>"


ODS_SHEETS = (
    '<table:table table:name="Prices"><table:table-row><table:table-cell/></table:table-row>'
    f"<table:table-row>{odf_cell('item')}{odf_cell('price')}</table:table-row><table:table-row>"
    + odf_cell("long bolt\nof steel")
    + odf_cell(
        "12.50",
        'office:value-type="float" office:value="12.5"',
        "<office:annotation><dc:creator>Jane Roe</dc:creator><dc:date>unseen</dc:date>"
        "<text:p>ask the<text:s/></text:p><text:p>maple</text:p></office:annotation>",
    )
    + odf_cell("2 June", 'office:value-type="date" office:date-value="2025-06-02"')
    + "</table:table-row><table:table-row><table:table-cell/>"
    + odf_cell("25", 'office:value-type="float" office:value="25"')
    + odf_cell("TRUE", 'office:value-type="boolean" office:boolean-value="true"')
    + '</table:table-row><table:table-row table:number-rows-repeated="5"><table:table-cell/>'
    f"</table:table-row><table:table-row>{odf_cell('café 中文')}<table:table-cell>"
    "<draw:frame><draw:text-box><text:p>birch</text:p></draw:text-box></draw:frame>"
    '<draw:frame><draw:object xlink:href="./Object 1"/><draw:image/></draw:frame>'
    "<draw:frame><svg:desc>willow</svg:desc><draw:image/></draw:frame>"
    "<draw:frame><draw:object-ole/><draw:image/></draw:frame></table:table-cell>"
    '</table:table-row><table:table-row table:number-rows-repeated="1048000"><table:table-cell '
    'table:number-columns-repeated="16384"/></table:table-row></table:table>'
    '<table:table table:name="Texts"><table:table-row>'
    f"{odf_cell('text')}{odf_cell('year')}</table:table-row><table:table-row>"
    f"{odf_cell('first text')}"
    + odf_cell("1999", 'office:value-type="float" office:value="1999"')
    + "</table:table-row></table:table>"
    f'<table:table table:name="Hidden"><table:table-row>{odf_cell("juniper")}</table:table-row>'
    "</table:table>"
)


def write_ods(path, sheets=ODS_SHEETS, encrypted=""):
    """A workbook of LibreOffice."""
    book = f"<office:body><office:spreadsheet>{sheets}</office:spreadsheet></office:body>"
    chart = (
        "<chart:chart><chart:title><text:p>cedar</text:p></chart:title><table:table>"
        "<table:table-row><table:table-cell><text:p>unseen</text:p></table:table-cell>"
        "</table:table-row></table:table></chart:chart>"
    )
    kind = "application/vnd.oasis.opendocument.spreadsheet"
    with ZipFile(path, "w", ZIP_DEFLATED) as package:
        package.writestr("mimetype", kind)
        package.writestr("content.xml", odf_part("office:document-content", book))
        package.writestr("meta.xml", odf_part("office:meta", "<dc:title>A title</dc:title>"))
        package.writestr("Object 1/content.xml", odf_part("office:document-content", chart))
        package.writestr(
            "META-INF/manifest.xml",
            f'<manifest:manifest xmlns:manifest="{_ODF}:manifest:1.0"><manifest:file-entry '
            f'manifest:full-path="/" manifest:media-type="{kind}"/><manifest:file-entry '
            f'manifest:full-path="content.xml" manifest:media-type="text/xml">{encrypted}'
            "</manifest:file-entry></manifest:manifest>",
        )
    return path
