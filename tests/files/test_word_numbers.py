"""Numbers that Word puts before paragraphs, of which a document has only the rules."""

import pytest

from tests.files.builders import paragraph, word_part
from tests.files.word import content_of
from vectorlong.files.number_formats import formatted


def numbered(text, level=0, number="1"):
    return (
        f'<w:p><w:pPr><w:numPr><w:ilvl w:val="{level}"/><w:numId w:val="{number}"/></w:numPr>'
        f"</w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>"
    )


def styled(text, style):
    return f'<w:p><w:pPr><w:pStyle w:val="{style}"/></w:pPr><w:r><w:t>{text}</w:t></w:r></w:p>'


def level(place, text, format="decimal", start=1, more=""):
    return (
        f'<w:lvl w:ilvl="{place}"><w:start w:val="{start}"/><w:numFmt w:val="{format}"/>{more}'
        f'<w:lvlText w:val="{text}"/></w:lvl>'
    )


def abstract(*levels, number="0"):
    return f'<w:abstractNum w:abstractNumId="{number}">{"".join(levels)}</w:abstractNum>'


def num(name, of="0", more=""):
    return f'<w:num w:numId="{name}"><w:abstractNumId w:val="{of}"/>{more}</w:num>'


def lines_of(tmp_path, body, numbering, styles=""):
    parts = {
        "numbering.xml": word_part("w:numbering", numbering),
        "styles.xml": word_part("w:styles", styles),
    }
    return content_of(tmp_path, body, parts).text.split("\n")


CONTRACT = abstract(
    level(0, "ARTICLE %1", "upperRoman"),
    level(1, "Section %1.%2", more="<w:isLgl/>"),
    level(2, "(%3)", "lowerLetter"),
)


def test_a_contract(tmp_path):
    body = [
        *(numbered("Definitions"), numbered("Terms", 1), numbered("one", 2), numbered("two", 2)),
        *(paragraph("Not numbered."), numbered("three", 2), numbered("Notices", 1)),
        *(numbered("again", 2), numbered("Payment"), numbered("Fees", 1)),
    ]
    assert lines_of(tmp_path, "".join(body), CONTRACT + num("1")) == [
        "ARTICLE I Definitions",
        "Section 1.1 Terms",
        "(a) one",
        "(b) two",
        "Not numbered.",
        "(c) three",
        "Section 1.2 Notices",
        "(a) again",
        "ARTICLE II Payment",
        "Section 2.1 Fees",
    ]


def test_a_chinese_contract(tmp_path):
    numbering = abstract(
        level(0, "第%1条", "chineseCountingThousand", more='<w:suff w:val="nothing"/>')
    )
    body = "".join(numbered("款", 0) for _ in range(12))
    lines = lines_of(tmp_path, body, numbering + num("1"))
    assert [lines[0], lines[9], lines[10], lines[11]] == [
        "第一条款",
        "第十条款",
        "第十一条款",
        "第十二条款",
    ]


def test_headings_are_numbered_by_their_styles(tmp_path):
    numbering = abstract(
        level(0, "%1", more='<w:pStyle w:val="H1"/>'),
        level(1, "%1.%2", more='<w:pStyle w:val="H2"/>'),
    ) + num("7")
    list_of = '<w:pPr><w:numPr><w:numId w:val="7"/></w:numPr></w:pPr>'
    styles = (
        f'<w:style w:type="paragraph" w:styleId="H1">{list_of}</w:style>'
        f'<w:style w:type="paragraph" w:styleId="H2">{list_of}</w:style>'
        '<w:style w:type="paragraph" w:styleId="Own"><w:basedOn w:val="H2"/></w:style>'
        '<w:style w:type="paragraph" w:styleId="Round"><w:basedOn w:val="Round"/></w:style>'
    )
    none = (
        '<w:p><w:pPr><w:pStyle w:val="H2"/><w:numPr><w:numId w:val="0"/></w:numPr></w:pPr>'
        "<w:r><w:t>e</w:t></w:r></w:p>"
    )
    body = styled("a", "H1") + styled("b", "H2") + styled("c", "Own") + styled("d", "Round") + none
    assert lines_of(tmp_path, body, numbering, styles) == ["1 a", "1.1 b", "1.2 c", "d", "e"]


def test_lists_of_one_kind_count_on_unless_they_say_where_they_begin(tmp_path):
    again = '<w:lvlOverride w:ilvl="0"><w:startOverride w:val="5"/></w:lvlOverride>'
    numbering = abstract(level(0, "%1.")) + num("1") + num("2") + num("3", more=again)
    body = "".join(numbered("x", 0, number) for number in "1233")
    assert lines_of(tmp_path, body, numbering) == ["1. x", "2. x", "5. x", "6. x"]


def test_a_level_that_a_list_has_of_its_own(tmp_path):
    own = f'<w:lvlOverride w:ilvl="0">{level(0, "Annex %1:", "upperLetter")}</w:lvlOverride>'
    numbering = abstract(level(0, "%1.")) + num("1", more=own)
    assert lines_of(tmp_path, numbered("x"), numbering) == ["Annex A: x"]


def test_a_list_that_is_that_of_a_style(tmp_path):
    numbering = (
        abstract(level(0, "%1)"))
        + '<w:abstractNum w:abstractNumId="1"><w:numStyleLink w:val="L"/></w:abstractNum>'
        + num("1")
        + num("2", of="1")
    )
    styles = (
        '<w:style w:type="numbering" w:styleId="L"><w:pPr><w:numPr><w:numId w:val="1"/></w:numPr>'
        "</w:pPr></w:style>"
    )
    body = numbered("x", 0, "2") + numbered("x", 0, "1")
    assert lines_of(tmp_path, body, numbering, styles) == ["1) x", "2) x"]


def test_a_level_that_goes_on_counting(tmp_path):
    numbering = abstract(level(0, "%1."), level(1, "[%2]", more='<w:lvlRestart w:val="0"/>'))
    body = "".join(numbered("x", place) for place in (0, 1, 0, 1))
    assert lines_of(tmp_path, body, numbering + num("1")) == ["1. x", "[1] x", "2. x", "[2] x"]


@pytest.mark.parametrize(
    "numbering",
    [
        num("1"),
        abstract(level(0, "•", "bullet")) + num("1"),
        abstract(level(0, "%1", "none")) + num("1"),
        abstract(level(3, "%4")) + num("1"),
        num("1", of="nowhere"),
        "",
    ],
)
def test_what_has_no_number(tmp_path, numbering):
    assert lines_of(tmp_path, numbered("x"), numbering) == ["x"]


def test_a_paragraph_that_goes_on_is_not_counted(tmp_path):
    deleted = numbered("a").replace("</w:pPr>", "<w:rPr><w:del/></w:rPr></w:pPr>")
    numbering = abstract(level(0, "%1.")) + num("1")
    body = deleted + numbered("b") + numbered("c")
    assert lines_of(tmp_path, body, numbering) == ["1. ab", "2. c"]


@pytest.mark.parametrize(
    ("number", "kind", "text"),
    [
        (4, "lowerRoman", "iv"),
        (1999, "upperRoman", "MCMXCIX"),
        (26, "lowerLetter", "z"),
        (27, "upperLetter", "AA"),
        (53, "lowerLetter", "aaa"),
        (7, "decimalZero", "07"),
        (11, "ordinal", "11th"),
        (22, "ordinal", "22nd"),
        (105, "chineseCounting", "一百零五"),
        (110, "chineseCounting", "一百一十"),
        (20, "japaneseCounting", "二十"),
        (2025, "ideographDigital", "二〇二五"),
        (3, "decimalEnclosedCircle", "③"),
        (21, "decimalEnclosedCircle", "21"),
        (12, "decimalFullWidth", "１２"),
        (11, "ideographTraditional", "甲"),
        (2, "ganada", "나"),
        (3, "russianUpper", "В"),
        (0, "upperLetter", "0"),
        (10**8, "lowerRoman", "100000000"),
        (5, "hebrew1", "5"),
    ],
)
def test_kinds_of_numbers(number, kind, text):
    assert formatted(number, kind) == text
