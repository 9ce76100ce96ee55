"""Word documents with a word of its own in every place that can hold text."""

from __future__ import annotations

from pathlib import Path

from tests.files.awkward import Awkward, bytes_of
from tests.files.builders import (
    cell,
    paragraph,
    table,
    word_part,
    write_docx,
    write_docx_part,
    write_word,
)
from tests.files.word import box, drawn, field, instruction, letters, run

_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def awkward_files() -> list[Awkward]:
    """Documents of which each holds one family of places."""
    return [
        _margins(),
        _paragraphs(),
        _tables(),
        _controls(),
        _fields(),
        _changes(),
        _notes(),
        _boxes(),
        _alternative_texts(),
        _charts(),
        _equations(),
        _characters(),
        _left_out(),
        Awkward(
            "python.docx",
            bytes_of(write_docx, ["", "opening", "中文 closing"], [["left", "right\nbelow"]]),
            found=("opening", "中文", "closing", "left", "right", "below"),
        ),
    ]


def _margins() -> Awkward:
    words = [
        f"{kind}{section}"
        for section in ("usual", "first", "even", "later")
        for kind in ("header", "footer")
    ]
    parts = {
        f"{word[:6]}-{word[6:]}.xml": word_part(
            "w:hdr" if word.startswith("header") else "w:ftr", paragraph(word)
        )
        for word in [*words, "headerunused"]
    }
    parts["header-usual.xml"] = word_part(
        "w:hdr",
        paragraph("headerusual") + table(cell("headercell")) + f"<w:p>{_old_box('headerbox')}</w:p>"
        '<w:p><w:r><w:pict><v:shape><v:textpath string="watermark"/></v:shape></w:pict></w:r></w:p>'
        f"<w:sdt><w:sdtContent>{paragraph('headercontrol')}</w:sdtContent></w:sdt>",
    )
    sections = [
        "".join(
            f'<w:{kind}Reference w:type="{name}" r:id="{kind}-{section}.xml"/>'
            for name, section in pairs
            for kind in ("header", "footer")
        )
        for pairs in (
            [("default", "usual"), ("first", "first"), ("even", "even")],
            [("default", "later")],
        )
    ]
    body = (
        f"<w:p><w:pPr><w:sectPr>{sections[0]}</w:sectPr></w:pPr>{run('sectionend')}</w:p>"
        f"{paragraph('lastsection')}<w:sectPr>{sections[1]}</w:sectPr>"
    )
    within = ("headercell", "headerbox", "watermark", "headercontrol")
    return Awkward(
        "margins.docx",
        bytes_of(write_word, body, parts),
        found=(*words, *within, "sectionend", "lastsection"),
        unseen=("headerunused",),
    )


def _paragraphs() -> Awkward:
    styled = '<w:pPr><w:pStyle w:val="Heading1"/></w:pPr>'
    numbered = '<w:pPr><w:numPr><w:ilvl w:val="0"/><w:numId w:val="1"/></w:numPr></w:pPr>'
    cap = f'<w:p><w:pPr><w:framePr w:dropCap="drop"/></w:pPr>{run("D")}</w:p>'
    # A word in many runs, as spelling and tracking leave it.
    pieces = f"{run('se')}<w:proofErr/>{run('ve', '<w:b/>')}<w:bookmarkStart/>{run('red')}"
    body = (
        f"<w:p>{styled}{run('heading')}</w:p><w:p>{numbered}{run('listed')}</w:p>"
        f"{cap}{paragraph('ropped')}<w:p>{pieces}</w:p>"
        f"<w:p><w:hyperlink>{run('linked')}</w:hyperlink></w:p>"
        f"<w:p><w:dir>{run('directed')}</w:dir><w:bdo>{run(' overridden')}</w:bdo></w:p>"
        f"<w:p><w:smartTag><w:smartTagPr/>{run('tagged')}</w:smartTag></w:p>"
        f"<w:p><w:customXml>{run('customized')}</w:customXml></w:p>"
        f"<w:customXml>{paragraph('outercustom')}</w:customXml>"
        f"<w:p>{run('struck', '<w:strike/>')}{run(' SMALLCAPS', '<w:smallCaps/>')}</w:p>"
        f"<w:p><w:bookmarkStart w:name='bookmarkname'/>{run('bookmarked')}</w:p>"
    )
    return Awkward(
        "paragraphs.docx",
        bytes_of(write_word, body),
        found=(
            *("heading", "listed", "Dropped", "severed", "linked", "directed", "overridden"),
            *("tagged", "customized", "outercustom", "struck", "smallcaps", "bookmarked"),
        ),
        unseen=("bookmarkname",),
    )


def _tables() -> Awkward:
    goes_on = '<w:gridSpan w:val="2"/><w:vMerge/>'
    merged = [
        cell("merged", '<w:gridSpan w:val="2"/><w:vMerge w:val="restart"/>') + cell("beside"),
        cell("", goes_on) + cell("below"),
    ]
    nested = f"<w:tc>{paragraph('outside')}{table(cell('inmost') + cell('next'))}<w:p/></w:tc>"
    frame = table(f"<w:tc>{paragraph('framed')}{paragraph('sentence')}</w:tc>")
    body = table(*merged, nested + cell("last")) + frame
    return Awkward(
        "tables.docx",
        bytes_of(write_word, body),
        found=(
            *("merged", "beside", "below", "outside", "inmost", "next", "last", "framed"),
            "sentence",
        ),
    )


def _controls() -> Awkward:
    def control(content: str, properties: str = "") -> str:
        return (
            f"<w:sdt><w:sdtPr>{properties}</w:sdtPr><w:sdtContent>{content}</w:sdtContent></w:sdt>"
        )

    choice = '<w:dropDownList><w:listItem w:displayText="unchosen"/></w:dropDownList>'
    properties = f'<w:alias w:val="controlname"/><w:placeholder>{run("untyped")}</w:placeholder>'
    body = (
        f"<w:p>{control(run('inline'), properties)}</w:p>"
        + control(paragraph("blocklevel") + control(paragraph("nestedcontrol")))
        + "<w:tbl>"
        + control(f"<w:tr>{cell('rowlevel')}</w:tr>")
        + "</w:tbl>"
        + table(control(cell("celllevel")))
        + f"<w:p>{control(run('selected'), choice)}</w:p>"
        + f"<w:p>{control(run('Click here'), '<w:showingPlcHdr/>')}</w:p>"
    )
    return Awkward(
        "controls.docx",
        bytes_of(write_word, body),
        found=(
            *("inline", "blocklevel", "nestedcontrol", "rowlevel", "celllevel", "selected"),
            "click",
        ),
        unseen=("controlname", "untyped", "unchosen"),
    )


def _fields() -> Awkward:
    unresulting = [
        r"EQ \* jc2 \o\ad(\s\up 9(かん),漢字)",
        r"EQ \f(upstairs,downstairs)",
        r'SYMBOL 97 \f "Symbol"',
        "MACROBUTTON NoMacro [Clickable]",
    ]
    shown = "".join(
        f"<w:p>{field('begin')}{instruction(it)}{field('end')}</w:p>" for it in unresulting
    )
    inner = field("begin") + instruction("instructed") + field("separate") + run("innerresult")
    nested = field("begin") + run("computed") + inner + field("end") + field("separate")
    entries = "".join(f'<w:listEntry w:val="{word}"/>' for word in ("unpicked", "preferred"))
    choices = f'<w:ffData><w:ddList><w:result w:val="1"/>{entries}</w:ddList></w:ffData>'
    body = (
        f'<w:p><w:fldSimple w:instr="TITLE">{run("simplefield")}</w:fldSimple></w:p>'
        f"<w:p>{inner}{field('end')}</w:p>"
        f"<w:p>{nested}{run('outerresult')}</w:p><w:p>{run('secondline')}{field('end')}</w:p>"
        f'<w:p><w:r><w:fldChar w:fldCharType="begin">{choices}</w:fldChar></w:r>'
        f"{instruction('FORMDROPDOWN')}{field('end')}</w:p>"
        f"{shown}<w:p>{field('begin')}{run('neverended')}</w:p>{paragraph('thereafter')}"
    )
    return Awkward(
        "fields.docx",
        bytes_of(write_word, body),
        found=(
            *("simplefield", "innerresult", "outerresult", "secondline", "preferred", "neverended"),
            *("thereafter", "漢字", "かん", "upstairs", "downstairs", "α", "clickable"),
        ),
        unseen=("NoMacro", "instructed", "computed", "unpicked"),
    )


def _changes() -> Awkward:
    mark = "<w:pPr><w:rPr><w:del/></w:rPr></w:pPr>"
    before = f"<w:pPr><w:pPrChange><w:pPr>{run('formerly')}</w:pPr></w:pPrChange></w:pPr>"
    body = (
        f"<w:p>{before}<w:ins>{run('inserted')}</w:ins><w:del>{run('removed')}</w:del></w:p>"
        "<w:p><w:del><w:r><w:delText>crossed</w:delText></w:r></w:del></w:p>"
        f"<w:p><w:moveTo>{run('movedhere')}</w:moveTo></w:p>"
        f"<w:p><w:moveFrom>{run('movedaway')}</w:moveFrom></w:p>"
        f"<w:p>{mark}{run('un')}</w:p>{paragraph('divided')}"
        + table(f"<w:trPr><w:ins/></w:trPr>{cell('newrow')}", cell("oldrow"))
    )
    return Awkward(
        "changes.docx",
        bytes_of(write_word, body),
        found=("inserted", "movedhere", "undivided", "newrow", "oldrow"),
        unseen=("removed", "crossed", "movedaway", "formerly"),
    )


def _notes() -> Awkward:
    def refer(kind: str, number: int) -> str:
        return f'<w:r><w:{kind}Reference w:id="{number}"/></w:r>'

    def note(kind: str, number: int, content: str, attributes: str = "") -> str:
        return f'<w:{kind} w:id="{number}" {attributes}>{content}</w:{kind}>'

    footnotes = (
        note("footnote", 0, paragraph("separating"), 'w:type="separator"')
        + note("footnote", 1, paragraph("footnoted") + paragraph("footnotesecond"))
        + note("footnote", 2, table(cell("footnotecell")))
        + note("footnote", 3, paragraph("footnoteofbox"))
        + note("footnote", 4, f"<w:p>{run('commentednote')}{refer('comment', 2)}</w:p>")
        + note("footnote", 5, paragraph("unreferred"))
    )
    endnotes = note("endnote", 1, paragraph("endnoted"))
    comments = (
        note("comment", 1, paragraph("remarked"), 'w:author="Commentator"')
        + note("comment", 2, paragraph("noteremark"))
        + note("comment", 3, paragraph("boxremark"))
    )
    boxed = f"<w:p>{run('boxtext')}{refer('footnote', 3)}{refer('comment', 3)}</w:p>"
    noted = f"<w:tc><w:p>{run('cellnoted')}{refer('footnote', 2)}</w:p></w:tc>"
    body = (
        f"<w:p>{run('bodytext')}{refer('footnote', 1)}{refer('endnote', 1)}{refer('comment', 1)}"
        f"</w:p>{table(noted + cell('plain'))}<w:p>{run('again')}{refer('footnote', 4)}</w:p>"
        f"<w:p><w:r><w:pict><v:shape><v:textbox><w:txbxContent>{boxed}</w:txbxContent></v:textbox>"
        "</v:shape></w:pict></w:r></w:p>"
    )
    parts = {
        "footnotes.xml": word_part("w:footnotes", footnotes),
        "endnotes.xml": word_part("w:endnotes", endnotes),
        "comments.xml": word_part("w:comments", comments),
    }
    return Awkward(
        "notes.docx",
        bytes_of(write_word, body, parts),
        found=(
            *("bodytext", "footnoted", "footnotesecond", "footnotecell", "footnoteofbox"),
            *("commentednote", "endnoted", "remarked", "noteremark", "boxremark", "boxtext"),
            *("cellnoted", "plain", "again", "Commentator"),
        ),
        unseen=("separating", "unreferred"),
    )


def _boxes() -> Awkward:
    both = (
        '<w:r><mc:AlternateContent><mc:Choice Requires="wps">'
        f"{drawn(_shape('twoversions')).removeprefix('<w:r>').removesuffix('</w:r>')}</mc:Choice>"
        f"<mc:Fallback>{_old_box('twoversions').removeprefix('<w:r>').removesuffix('</w:r>')}"
        "</mc:Fallback></mc:AlternateContent></w:r>"
    )
    group = f"<wpg:wgp>{_shape('groupone')}<wpg:grpSp>{_shape('grouptwo')}</wpg:grpSp></wpg:wgp>"
    of_table = f"<w:txbxContent>{table(cell('boxcell'))}</w:txbxContent>"
    inner = f"<w:txbxContent><w:p>{run('outerbox')}{_old_box('innerbox')}</w:p></w:txbxContent>"
    art = '<w:r><w:pict><v:shape><v:textpath string="wordart"/></v:shape></w:pict></w:r>'
    locked = "<a:graphic><a:p><a:r><a:t>drawingtext</a:t></a:r></a:p></a:graphic>"
    boxes = [
        *(drawn(_shape("newbox")), _old_box("oldbox"), both, drawn(group), art, drawn(locked)),
        f"<w:r><w:pict><v:textbox>{of_table}</v:textbox></w:pict></w:r>",
        f"<w:r><w:pict><v:textbox>{inner}</v:textbox></w:pict></w:r>",
    ]
    body = "".join(f"<w:p>{it}</w:p>" for it in boxes) + table(
        f"<w:tc><w:p>{run('anchored')}{_old_box('cellbox')}</w:p></w:tc>" + cell("other")
    )
    return Awkward(
        "boxes.docx",
        bytes_of(write_word, body),
        found=(
            *("newbox", "oldbox", "twoversions", "groupone", "grouptwo", "wordart", "drawingtext"),
            *("boxcell", "outerbox", "innerbox", "anchored", "cellbox"),
        ),
    )


def _alternative_texts() -> Awkward:
    pictures = "".join(
        f'<pic:pic><pic:nvPicPr><pic:cNvPr id="{number}" name="unseenname" descr="{word}"/>'
        "</pic:nvPicPr></pic:pic>"
        for number, word in enumerate(("groupedpicture", "groupedother"))
    )
    named = '<w:tblPr><w:tblCaption w:val="tabletitle"/><w:tblDescription w:val="tabletold"/>'
    body = (
        "<w:p>"
        + drawn("", 'title="picturetitle" descr="picturetold"')
        + drawn(f"<wpg:wgp>{pictures}</wpg:wgp>", 'descr="grouptold"')
        + "</w:p>"
        '<w:p><w:r><w:pict><v:shape alt="oldpicture"/></w:pict></w:r></w:p>'
        + table(cell("tablecell")).replace("<w:tblPr/>", f"{named}</w:tblPr>")
    )
    return Awkward(
        "alternative_texts.docx",
        bytes_of(write_word, body),
        found=(
            *("picturetitle", "picturetold", "grouptold", "groupedpicture", "groupedother"),
            *("oldpicture", "tabletitle", "tabletold", "tablecell"),
        ),
        unseen=("unseenname",),
        said=("2 pictures are not read",),
    )


def _charts() -> Awkward:
    def words(text: str) -> str:
        return f"<a:p><a:r><a:t>{text}</a:t></a:r></a:p>"

    def cached(*texts: str) -> str:
        points = "".join(f"<c:pt><c:v>{text}</c:v></c:pt>" for text in texts)
        return f"<c:strRef><c:f>Sheetname</c:f><c:strCache>{points}</c:strCache></c:strRef>"

    chart = (
        "<c:pivotSource><c:name>pivotname</c:name></c:pivotSource>"
        f"<c:title><c:tx><c:rich>{words('charttitle')}</c:rich></c:tx></c:title>"
        f"<c:ser><c:tx>{cached('seriesname')}</c:tx><c:dLbls><c:dLbl><c:tx><c:rich>"
        f"{words('labelled')}</c:rich></c:tx></c:dLbl></c:dLbls>"
        "<c:trendline><c:name>trendname</c:name></c:trendline>"
        f"<c:cat>{cached('northern', 'southern')}</c:cat></c:ser>"
        f"<c:catAx><c:title><c:tx><c:rich>{words('axistitle')}</c:rich></c:tx></c:title></c:catAx>"
        "<c:userShapes/>"
    )
    later = (
        '<cx:strDim type="cat"><cx:lvl><cx:pt idx="0">eastern</cx:pt></cx:lvl></cx:strDim>'
        "<cx:tx><cx:txData><cx:f>A1</cx:f><cx:v>flowing</cx:v></cx:txData></cx:tx>"
        f"<cx:title><cx:tx><cx:rich>{words('latertitle')}</cx:rich></cx:tx></cx:title>"
    )
    diagram = f"<dgm:pt><dgm:t>{words('smartstep')}</dgm:t></dgm:pt>"
    references = (
        '<c:chart r:id="chart.xml"/>',
        '<cx:chart r:id="chartEx.xml"/>',
        '<dgm:relIds r:dm="diagramData.xml"/>',
    )
    parts = {
        "chart.xml": word_part("c:chartSpace", chart),
        "chartEx.xml": word_part("cx:chartSpace", later),
        "diagramData.xml": word_part("dgm:dataModel", diagram),
        "drawn.xml": word_part("c:userShapes", words("arrowed")),
    }

    def write(path: Path) -> None:
        write_word(path, "".join(f"<w:p>{drawn(it)}</w:p>" for it in references), parts)
        relation = (
            f'<Relationships xmlns="{_PACKAGE}"><Relationship Id="x" '
            f'Type="{_OFFICE}/chartUserShapes" Target="drawn.xml"/></Relationships>'
        )
        write_docx_part(path, "word/_rels/chart.xml.rels", relation.encode())

    return Awkward(
        "charts.docx",
        bytes_of(write),
        found=(
            *("charttitle", "seriesname", "labelled", "trendname", "northern", "southern"),
            *("axistitle", "arrowed", "eastern", "flowing", "latertitle", "smartstep"),
        ),
        unseen=("Sheetname", "pivotname"),
    )


def _equations() -> Awkward:
    def of(name: str, *parts: tuple[str, str]) -> str:
        inner = "".join(f"<m:{part}>{letters(word)}</m:{part}>" for part, word in parts)
        return f"<m:{name}>{inner}</m:{name}>"

    equations = [
        of("f", ("num", "numerator"), ("den", "denominator")),
        of("sSubSup", ("e", "base"), ("sub", "lower"), ("sup", "upper")),
        of("sPre", ("sub", "before"), ("sup", "above"), ("e", "prefixed")),
        of("rad", ("deg", "degree"), ("e", "radicand")),
        of("func", ("fName", "sine"), ("e", "angle")),
        of("limLow", ("e", "limit"), ("lim", "approached")),
        of("nary", ("sub", "fromhere"), ("sup", "tothere"), ("e", "summand")),
        of("d", ("e", "bracketed"), ("e", "alternative")),
        of("acc", ("e", "accented")),
        of("box", ("e", "boxed")),
        of("phant", ("e", "phantom")),
        of("eqArr", ("e", "equation"), ("e", "another")),
        f"<m:m><m:mr><m:e>{letters('entry')}</m:e><m:e>{letters('column')}</m:e></m:mr></m:m>",
    ]
    body = "".join(f"<w:p><m:oMath>{it}</m:oMath></w:p>" for it in equations)
    body += f"<w:p><m:oMathPara><m:oMath>{letters('alone')}</m:oMath></m:oMathPara></w:p>"
    body += f"<w:p><m:oMath><m:r>{run('within').removeprefix('<w:r>')}</m:oMath></w:p>".replace(
        "</w:r>", "</m:r>"
    )
    return Awkward(
        "equations.docx",
        bytes_of(write_word, body),
        found=(
            *("numerator", "denominator", "base", "lower", "upper", "before", "above", "prefixed"),
            *("degree", "radicand", "sine", "angle", "limit", "approached", "fromhere", "tothere"),
            *("summand", "bracketed", "alternative", "accented", "boxed", "phantom", "equation"),
            *("another", "entry", "column", "alone", "within"),
        ),
    )


def _characters() -> Awkward:
    greek = "".join(f'<w:sym w:font="Symbol" w:char="F0{code}"/>' for code in ("61", "62", "67"))
    ruby = f"<w:rt>{run('かん')}</w:rt><w:rubyBase>{run('漢字')}</w:rubyBase>"
    body = (
        f"<w:p><w:r>{greek}</w:r></w:p>"
        "<w:p><w:r><w:t>tabbed</w:t><w:tab/><w:t>apart</w:t><w:ptab/><w:t>aligned</w:t><w:br/>"
        "<w:t>newline</w:t><w:cr/><w:t>returned</w:t></w:r></w:p>"
        "<w:p><w:r><w:t>whole</w:t><w:softHyphen/><w:t>some</w:t></w:r></w:p>"
        "<w:p><w:r><w:t>un\u00adhyphenated co</w:t><w:noBreakHyphen/><w:t>author</w:t></w:r></w:p>"
        f"<w:p><w:r><w:ruby>{ruby}</w:ruby></w:r></w:p>"
        "<w:p><w:r><w:t>com<!-- no -->mented ent&#105;ty <![CDATA[literal]]></w:t></w:r></w:p>"
        + paragraph("Ελληνικά русский עברית العربية 한국어 e\u0301tude ﬁnish ＦＵＬＬＷＩＤＴＨ")
    )
    return Awkward(
        "characters.docx",
        bytes_of(write_word, body),
        found=(
            *("αβγ", "tabbed", "apart", "aligned", "newline", "returned", "wholesome"),
            *("unhyphenated", "co-author", "漢字", "かん", "commented", "entity", "literal"),
            *("Ελληνικά", "русский", "עברית", "العربية", "한국어", "ﬁnish", "ＦＵＬＬＷＩＤＴＨ"),
        ),
    )


def _left_out() -> Awkward:
    picture = "<pic:pic><pic:blipFill/></pic:pic>"
    embedded = "<w:r><w:object><v:shape><v:imagedata/></v:shape><o:OLEObject/></w:object></w:r>"
    body = (
        f"<w:p>{run('shown')}{run('hidden', '<w:vanish/>')}{drawn(picture)}{embedded}</w:p>"
        '<w:altChunk r:id="x"/><w:subDoc r:id="y"/>'
        "<w:p>" + drawn('<c:chart r:id="missing"/>') + "</w:p>"
    )
    return Awkward(
        "left_out.docx",
        bytes_of(write_word, body),
        found=("shown",),
        unseen=("hidden",),
        said=(
            "1 picture is not read",
            "1 embedded object is not read",
            "2 inserted documents are not read",
            "1 piece of hidden text is not read",
            "1 missing part is not read",
        ),
    )


def _shape(text: str) -> str:
    return f"<wps:wsp><wps:txbx>{box(text)}</wps:txbx></wps:wsp>"


def _old_box(text: str) -> str:
    return f"<w:r><w:pict><v:shape><v:textbox>{box(text)}</v:textbox></v:shape></w:pict></w:r>"
