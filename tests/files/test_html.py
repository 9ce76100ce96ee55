"""What a reader of a page sees is read, wherever it stands; what is not is remarked or stated."""

import pytest

from vectorlong.files.formats.html import read_html
from vectorlong.files.records import Columns
from vectorlong.files.source import FileSource

NOSCRIPT = "what <noscript> has for browsers without scripts is not read"
HIDDEN = "hidden text is not read (hidden, display: none, a closed dialog)"


@pytest.fixture
def page(tmp_path):
    def read(source, encoding="utf-8"):
        path = tmp_path / "page.html"
        path.write_bytes(source if isinstance(source, bytes) else source.encode(encoding))
        return next(read_html(path, Columns()))

    return read


@pytest.mark.parametrize(
    "source",
    [
        "<nav>{}</nav>",
        "<div role=navigation>{}</div>",
        "<p aria-hidden=true>{}</p>",
        "<header>{}</header>",
        "<footer>{}</footer>",
        "<aside>{}</aside>",
        "<details><summary>x</summary>{}</details>",
        "<dialog open>{}</dialog>",
        "<p hidden=until-found>{}</p>",
        "<svg><text>{}</text></svg>",
        "<svg><g><text>a <tspan>{}</tspan></text></g></svg>",
        "<svg><foreignObject><p>{}</p></foreignObject></svg>",
        "<math><mtext>{}</mtext></math>",
        "<select><option>{}</option></select>",
        "<select><optgroup label='{}'><option>x</option></optgroup></select>",
        "<textarea>{}</textarea>",
        "<button>{}</button>",
        "<input type=submit value='{}'>",
        "<input type=image alt='{}'>",
        "<img src=x alt='{}'>",
        "<iframe srcdoc='<p>{}</p>'></iframe>",
        "<iframe srcdoc='<iframe srcdoc=&quot;{}&quot;></iframe>'></iframe>",
        "<object data=x>{}</object>",
        "<noscript><p>{}</p>",
        "<body><noscript><div>x</noscript><p>{}",
        "<table><caption>{}</caption><tr><td>x</table>",
        "<table><tr><td><table><tr><td>{}</table></table>",
        "<dl><dt>x<dd>{}</dl>",
        "<plaintext>{}",
        "<xmp>{}</xmp>",
        "<body style='display:none'>{}",
        "<p style='visibility: visible; display: block'>{}</p>",
        "<p style='--x: display none'>{}</p>",
        "<center>{}</center><marquee>x</marquee>",
        "<unknown-element>{}</unknown-element>",
        "<map><area alt='{}'></map>",
        "<div><template shadowrootmode=open><slot></slot><p>{}</p></template>x</div>",
        "<div><template shadowrootmode=closed><b><template shadowrootmode=open>{}",
        "<math><mfrac><mi>{}</mi><mi>y</mi></mfrac></math>",
    ],
)
def test_what_is_seen_is_read(page, source):
    content = page(f"<p>before</p>{source.format('marker')}")
    assert "marker" in content.text.split()


@pytest.mark.parametrize(
    ("source", "remarks"),
    [
        ("<script>{}</script>", ()),
        ("<style>{}</style>", ()),
        ("<template><p>{}</p></template>", ()),
        ("<template shadowrootmode=x><p>{}</p></template>", ()),
        ("<svg><template shadowrootmode=open>{}</template></svg>", ()),
        ("<![CDATA[{}]]>", ()),
        ("<!-- {} -->", ()),
        ("<datalist><option>{}</datalist>", ()),
        ("<canvas>{}</canvas><video>{}</video>", ()),
        ("<svg><title>{}</title><desc>{}</desc><style>{}</style></svg>", ()),
        ("<math><annotation>{}</annotation></math>", ()),
        ("<input type=hidden value='{}'><input value='{}' placeholder='{}'>", ()),
        ("<p title='{}' data-x='{}'>x</p><a href='{}'>x</a>", ()),
        ("<iframe src='{}'>{}</iframe>", ()),
        ("<noscript>{}</noscript>", (NOSCRIPT,)),
        ("<noscript> <img src=x> </noscript>", ()),
        ("<p hidden>{}</p>", (HIDDEN,)),
        ("<div hidden=''><p>{}</p></div>", (HIDDEN,)),
        ("<p style='color:red; DISPLAY : none !important'>{}</p>", (HIDDEN,)),
        ("<p style='visibility:hidden'>{}</p>", (HIDDEN,)),
        ("<p style='display:none'> </p>", ()),
        ("<dialog>{}</dialog>", (HIDDEN,)),
        ("<p hidden>{}</p><noscript>{}</noscript>", (HIDDEN, NOSCRIPT)),
    ],
)
def test_what_is_not_seen_is_not_read(page, source, remarks):
    content = page(f"<p>before</p>{source.replace('{}', 'marker')}<p>after</p>")
    assert "marker" not in content.text
    assert content.text.startswith("before")
    assert content.text.endswith("after")
    assert content.remarks == remarks


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("<script>var a;<p>rest", "<script>"),
        ("<script>var a;</script><style>p {}<p>rest", "<style>"),
        ("<title>T<p>rest", "<title>"),
        ("<TEMPLATE><p>rest", "<template>"),
        ("<!-- a --><!-- b <p>rest", "a comment"),
    ],
)
def test_what_hides_the_rest_is_said(page, source, what):
    content = page(f"<p>before</p>{source}")
    assert content.text == "before"
    assert content.remarks == (f"{what} is not closed; what follows it is hidden, as in browsers",)


def test_a_script_that_writes_scripts_is_closed(page):
    content = page("<script>write('<script src=x><\\/script>')</script><p>seen")
    assert (content.text, content.remarks) == ("seen", ())


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<button>A</button><label>B</label>", "A B"),
        ("<button>A</button><button>B</button>", "A B"),
        ("a<img alt='b'>c", "a b c"),
        ("a<img>c", "a c"),
        ("a<b>b</b><i>c</i>", "abc"),
        ("un<wbr>broken hy&shy;phen", "unbroken hyphen"),
        ("<ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp></ruby>字", "漢(かん)字"),
        ("<ruby>漢<rt>かん</ruby>字", "漢(かん)字"),
        ("<math><mn>2</mn><mi>x</mi><mo>=</mo><mi>loss</mi><mtext>max</mtext>", "2x=loss max"),
        ("a<br>b<br><br>c", "a\nb\n\nc"),
        ("<select><option>a<option>b</select>", "a\nb"),
        ("<textarea>\n a\n  b</textarea>", "a\n  b"),
        ("<tr><td>a<td>b", "ab"),
        ("<table><tr><td>a<td><td>b</table>", "a\t\tb"),
        ("<svg><text>a</text><text>b</text></svg>c", "a\nb\n\nc"),
        ("a<iframe srcdoc='b'></iframe>c", "a\n\nb\n\nc"),
        ("<details><summary>a</summary>b</details>", "a\nb"),
    ],
)
def test_words_and_lines(page, source, text):
    assert page(source).text == text


def test_literal_text_of_xhtml(page):
    head = '<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml">'
    script = "<script>//<![CDATA[\nno()\n//]]></script><!-- <![CDATA[no]]> -->"
    assert page(f"{head}{script}<p><![CDATA[a <b> & c]]></p>").text == "a <b> & c"


def test_pages_within_pages_end(page):
    source = "x"
    for number in range(8):
        source = source.replace("&", "&amp;").replace("'", "&#39;")
        source = f"{number}<iframe srcdoc='{source}'></iframe>"
    assert page(source).text == "7\n\n6\n\n5\n\n4"


def test_the_title_is_not_that_of_a_drawing(page):
    assert page("<body><svg><title>Icon</title></svg><p>x").metadata == {}
    assert page("<svg><title>Icon</title></svg><title>T</title>").metadata == {"title": "T"}


@pytest.mark.parametrize(
    ("declaration", "text", "encoding"),
    [
        ("<meta charset=Shift_JIS>", "①の規則", "cp932"),
        ("<meta charset='x-sjis'>", "これは規則です", "cp932"),
        ("<meta charset=ks_c_5601-1987>", "이것은 규칙이다", "cp949"),
        ("<meta charset=iso-8859-9>", "“İstanbul’da”", "cp1254"),
        ("<meta charset=ISO-8859-1>", "“naïve” – 5 €", "cp1252"),
        ("<meta charset=big5>", "這是規則", "big5hkscs"),
        ("<meta charset=koi8-u>", "Це правило", "koi8-u"),
        (
            "<meta http-equiv=Content-Type content='text/html; charset=windows-1250'>",
            "šťastný",
            "cp1250",
        ),
        ('<?xml version="1.0" encoding="ISO-8859-2"?><html xmlns="x">', "šťastný", "iso8859-2"),
        ("<?xml version='1.0' encoding='windows-1251'?>", "это", "cp1251"),
    ],
)
def test_declared_names_mean_what_browsers_mean(page, declaration, text, encoding):
    content = page(f"{declaration}<p>{text}", encoding)
    assert (content.text, content.facts["encoding"]) == (text, encoding)


def test_remarks_reach_the_report(tmp_path):
    (tmp_path / "a.html").write_text("<p>seen<p hidden>not")
    (tmp_path / "b.html").write_text("<p hidden>all of it")
    source = FileSource([tmp_path])
    assert [document.text for document in source] == ["seen"]
    assert [remark.text for remark in source.remarks] == [HIDDEN]
    assert source.left_out[0].reason == f"holds no text; {HIDDEN}"


@pytest.mark.timeout(60)
@pytest.mark.parametrize("begin", ["<![CDATA[", "<!--", "<x", "<x ", "</"])
def test_what_is_never_closed_takes_no_time(page, begin):
    source = f'<html xmlns="http://www.w3.org/1999/xhtml"><body><p>seen</p>{begin * 200_000}'
    assert page(source).text.startswith("seen")


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<tr><td><p>a</p><p>b</p></td><td><div>c</div><td>d", "a b\tc\td"),
        ("<tr><td>a<br>b<td><ul><li>c<li>d</ul>", "a b\tc d"),
        ("<tr><th><p>a<td><td><p>b", "a\t\tb"),
        ("<tr><td><p>alone<p>below", "alone\n\nbelow"),
        ("<tr><td><p><td><p>", ""),
        ("<tr><td>1<td><pre>a\nb</pre>", "1\n\na\nb"),
        ("<tr><td>x<td><table><tr><td><p>a<td><p>b</table>", "x\n\na\tb"),
        (f"<tr><td><p>{'long ' * 400}<p>b<td><p>c", f"{'long ' * 399}long\n\nb\n\nc"),
    ],
)
def test_rows_of_cells_with_blocks_are_lines(page, source, text):
    assert page(f"<p>before<table>{source}</table><p>after").text.replace("\n\n\n", "\n") == (
        f"before\n\n{text}\n\nafter" if text else "before\n\nafter"
    )


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("<ol><li>a<li><p>b</p></ol>", "1. a\n\n2. b"),
        ("<ol start=3 type=A><li>a<li>b</ol>", "C. a\nD. b"),
        ("<ol type=i><li>a<li value=9>b<li>c</ol>", "i. a\nix. b\nx. c"),
        ("<ol reversed><li>a<li>b</ol>", "2. a\n1. b"),
        ("<ol><li>a<ul><li>b</ul><li>c</ol>", "1. a\n\nb\n\n2. c"),
        ("<ol><li><ol type=a><li>b</ol></ol>", "1. a. b"),
        ("<ol><li><li>b</ol>", "2. b"),
        ("<ol style='margin:0; list-style: none inside'><li>a</ol>", "a"),
        ("<ol start=nonsense><li value=99999999999999999999>a</ol>", "999999999. a"),
        ("<li>a", "a"),
    ],
)
def test_items_have_their_numbers(page, source, text):
    assert page(source).text == text
