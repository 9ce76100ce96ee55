"""PDF: what is read of it, what is said of the rest, and words that the ends of lines divide."""

import base64
import sys
import zlib

import pytest

from tests.files.builders import pdf_annotation, write_pdf, write_pdf_of_objects
from vectorlong.errors import MissingExtraError
from vectorlong.files.formats.hyphens import BREAK, join_divided_words
from vectorlong.files.formats.pdf import read_pdf
from vectorlong.files.records import Columns
from vectorlong.files.source import FileSource
from vectorlong.files.unreadable import UnreadableError

ANY = Columns()
PAGE = (
    b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents %d 0 R /Annots [%b] "
    b"/Resources << /Font << /F1 3 0 R >> /XObject << /P 6 0 R >> >> >>"
)
PICTURE = (
    b"<< /Type /XObject /Subtype /Image /Width 1 /Height 1 /ColorSpace /DeviceGray "
    b"/BitsPerComponent 8 /Length 1 >>\nstream\nx\nendstream"
)
# The word "secret", packed and in base 85: encrypted with AES and no password, with AES and one,
# with RC4 and one. The libraries that write such files are not needed otherwise.
AES_OPEN = (
    "c-oCrKZsmK7)Lut4hsbfK?daP%$xb<KQ1S^yIl+>+;M9H8UoIrZ!R15_8o8E9Z4#|LW7VdooFFeX|$1mg%)ZrC<sBc"
    "h;~*A78U{L?QZTC)*|mccr(BGegA%Z^R4f04_@JC1X+LZ`wu@6P8qGkHPY*m>dhO6NUJU1`f<Has$IX2QwoK!M>aMH"
    "PEtpN6@wX%RBw#ZlwPKy<I^jo+NzHxE#*t5;(txMKn)h^JW_Q5)5veu*NZP!Ud@3T2Xl{;wh*UO&Y62St&f^mlI%PV"
    "%ISQ;sd|+3{9DAAOYsMzaf=PD24mmiHpV)YM9$-6zr9K=>x`ytgZ_ZryZg(FKfnFgyARf0yYp|o`Qzq0pZ@*Awd&sJ"
    "_HVC#_2mb*zP^9u+b2GH>)GSAKQ2D`@F9Kb!>84E&xx0wfBC)75C8f2lhNAu_y2tV?iZgu;|9NebN+Id%)<2|Ewv&`"
    "R|=_yN1>f<JCKuV(@$|$Wc50ZkFgy^zf_!F@^Xo)q7Kz36@e=2T`Ivzrwuqb6=2x<N%Bo1)eh~c=$K=gu|i{<d9DDW"
    "7LuiGK|mB*N6iBF!W$4;c$A=dj({mf%*=z!<!53s7dbH@qD^RJ2rgx?VS`i`X)g$uRZ0=Oa$KowWnrLH=o#}#G9j(d"
    "0c{E9lt3kONyaiML<&Z73>vgUn`M#(&YXK0v$0ND7rV?#l&!(66^3nEtj->_SNq3Zn^oI&+&RQaN4h|(v;E;EaUzs}"
    "MavY^g8`j8=r+yiW~Wbkr98!~k5)y=6)QSvOddo?(aMY-bnpgk@Y)$EjYrP0l&W2+A+uyVA&MKpP!(H`Rsa{q*r1f}"
    "bP-V$O@V7j2w-&P!ZOE&5*C@Tk$Vn-b#8XCIVcw(IAc;VV=6`OL-G>6&uF5};FE>rdvLwMOc*tUojg=4B^1r{1mmSG"
    "XD5?WOv@FFgIK{p@fA!mSjEf|);4}L#%9*P!_iGF=~a7mT_(u<vY*>71EH6sMG-POu47IRlmO)tMwbExE^y;<C}ouN"
    "C$YJ4*i!vyP)u9jv@>Bi14Gu=`#S^jA3gtYss"
)
AES_CLOSED = (
    "c-oCr&5K+`5Z9Y|9wHGz5V1k_ut<FU{Q<*jvO9wx3A65KF2O@}clGXs*_q|dn~?P&`2z$GB6|=I0r9LC{|X@oy$cH7"
    "1L7qh)|=Vv4vYuidpx?UfAy=XAJw(Bzc;up-d5Gt?|(f0r4o#@S-e;EdR6`L=?SuW7h0Ii4y$?}4sp&T0S>C2oeHP9"
    "1Ii7DC9bMJ9OpT^%T$MFpH}tmY%y(_SaVhX>DmQqkf5tb^=-^!xH)@3T%2AjBy&No7^f`(=S;7V2RNTCnnX!<i~~Ad"
    "Ed(>ql3so1@%38#!FbYQ!|K5VTHM1l%aq71oF2AE%=6A^-Zluw)#-O%oekgl`Rqyc^yy#Xtrx$2<@)iJM`!xEA3yr_"
    "@851cdft5b@b1^wuHyFehw}Yv4?jpxPU1h4mluzJ`r_5?;r{DK_|hAHz8k)|`uUp&?e+^@GUwFiX_*aKx>Blow219;"
    "+Zjbw--J0Xi>%+n$$f0c3D%0UYb<w|A$6F&s7M-G?=vlf4%W#aF9jI2FwM~9svfeQ_Xuc{Kn2QV>$q@8KG}I^qK%Q4"
    "A~FY`K%giIl>(E%M_Y^qqoq_fIZWE2FxC}Wge(%W00Ksje5a~EVLca$3qq!nyw%CNq@!0(YaONKAQjiDlw4w=B+v)#"
    "Whq`~G+J=TCJ{N65ThsxIQ@L)J}D<n%$UJuin2Rcw!)~*=c^lw_NafqYqNT9mWC%d?LfC#eWO3Rqb`I}^1Nlp^?1Nm"
    "1l^{&+zk7yS2Q<ZjFHYm2+=3+ypl2(ECqo_;8`XcZII4USy?zCjVNA#QK~@fgdiHK47@8@kY^DV=$Mo2q<_gKa4mwf"
    "GICF%1PD%<5Ik2<d=B&nB$|C}j_CqK=NwpvMQZ6J57}#S)Xw=#+Q__q4<0mFD$ZQRFCJ!%QHB+EVH4Dr%aiG)&FT%C"
    "kZQw5m2TKHmzy@XW@{T5Pq10`?`ZrPQhN2lY(^7gb=lwFqk+&%;6P9-N_5hOP>{T{Hj%V1J`}a{e;_nU`qR{$p0vz9"
    "8x->vnszCS;L=rFTm9jn`WF;bYMB"
)
RC4_CLOSED = (
    "c-oCpyN=U96z!*>L^Lo>Bq(6sV-Jc_>}Den3%g2q6o_JM-w8p%UfC0rrGS1Vv;}+s1r<UF2~jN+bW4R09{_@{08ucG"
    "v)M?Yz;@v|KKGt;k8f+c+dI!L2-N!V^Yd54FvUf354GEfT;JUROxCTp<6?-&wjDx+c_8#rr-LBRY9e1LnDG#~GRi7^"
    "8;hEc?;x^XOmdIeQmOc7X)RPjpf*b6Dr6(OR!l=L8g9)vjtp-)<~|TBEE{GYs$x>6!DQXB7rr(x467s4%`?}ROZvUh"
    "*h7g)Z)`nuAuY0CWE1kCzl#;Eiz;7&y^o&0Ieq5f%k-5)CqGUfUEDv>e*EFv%eS}o-@SkK>HE1S{ex5EKfexJ*IsPy"
    "o&A0IeD8HFH!q$GtChiPvxp2PiJu*7kRh^WE0~QzF2VQ#_)%(??CYg2H!%<MW3lkecpQSnk{fAs#0@_lao}y9*)l_9"
    "3%4mG%qRs};0TxSn8ngi8R<k(YN<#lvxY^MMOtP&HA!r>Ok&W$m}As+5V?WdLTHg{C%6MJ5Ls=6R7@ypnM`9H+9pnd"
    "0tu0dtz=qK8qV4|XDOrc@?V*j;1I<TqKgY_rG&x`FEAD&oPEiUF)ddx#>EQ86<fhX#8)sWmoQ)2(HP2E)`QVQ2=++7"
    "D8fEBt9Q8@*0asEjJ1tSVqD^=NkOMsW<oYutaQk&^FNfZ*c*9T?(TT3kJh&Gw)C@Lw2DxxwXxMhe*th~1+x"
)


def stream(content):
    return b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content)


def shown(*lines):
    return b"BT /F1 12 Tf 72 720 Td " + b"".join(b"(%b) Tj 0 -14 Td " % it for it in lines) + b"ET"


def write(path, contents, annotations=(), catalog=b"", others=()):
    """Pages of these contents, annotations on the first of them."""
    first = 7 + len(annotations)
    kids = b" ".join(b"%d 0 R" % (first + 2 * number) for number in range(len(contents)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R %b >>" % catalog,
        b"<< /Type /Pages /Kids [%b] /Count %d >>" % (kids, len(contents)),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
        *[b"null"] * 2,
        PICTURE,
        *annotations,
    ]
    own = b" ".join(b"%d 0 R" % (7 + number) for number in range(len(annotations)))
    for number, content in enumerate(contents):
        objects += [PAGE % (first + 2 * number + 1, b"" if number else own), stream(content)]
    return write_pdf_of_objects(path, [*objects, *others])


def read(path):
    return next(read_pdf(path, ANY))


def pages_of(content):
    starts = content.facts["page_starts"]
    return [content.text[a:b] for a, b in zip(starts, [*starts[1:], None], strict=True)]


def test_pages_and_title(tmp_path):
    path = write_pdf(tmp_path / "a.pdf", [["One (1)", "two"], [], ["Three"]], "A title")
    content = read(path)
    assert content.metadata == {"title": "A title"}
    assert pages_of(content) == ["One (1)\ntwo\n", "\n", "Three"]
    assert content.remarks == ()


def test_unreadable_pdfs(tmp_path):
    damaged = tmp_path / "damaged.pdf"
    damaged.write_bytes(b"%PDF-1.4\nnothing of the kind")
    with pytest.raises(UnreadableError, match="is a damaged PDF"):
        read(damaged)
    for content in (b"", b"/P Do"):
        with pytest.raises(UnreadableError, match="pictures need text recognition"):
            read(write(tmp_path / "scan.pdf", [content]))


def test_pages_that_are_pictures_are_said(tmp_path):
    contents = [shown(b"One"), b"/P Do", b"", shown(b"Two"), *[b"/P Do"] * 12]
    content = read(write(tmp_path / "a.pdf", contents))
    assert content.remarks == (
        "13 of 16 pages (2, 5, 6, 7, 8, 9, 10, 11, 12, 13 and 3 more) hold no text; "
        "pictures need text recognition first",
    )
    (remark,) = read(write(tmp_path / "a.pdf", contents[:4])).remarks
    assert remark.startswith("1 of 4 pages (2) holds no text; ")


def test_a_missing_page_is_said(tmp_path):
    path = write(tmp_path / "a.pdf", [shown(b"One"), shown(b"Two")])
    path.write_bytes(path.read_bytes().replace(b"[7 0 R 9 0 R]", b"[7 0 R 5 0 R]"))
    content = read(path)
    assert "One" in content.text
    assert content.remarks == ("1 of 2 pages (2) is damaged and not read",)


def test_a_missing_end_is_said(tmp_path):
    path = write(tmp_path / "a.pdf", [shown(b"One")])
    path.write_bytes(path.read_bytes().replace(b"%%EOF", b""))
    content = read(path)
    assert (content.text, content.remarks) == (
        "One",
        ("its end is missing, and what stood there is not read",),
    )


def test_comments_and_forms(tmp_path):
    annotations = [
        pdf_annotation(kind, rest)
        for kind, rest in [
            (b"Text", b"/Contents (a note) /T (Jane Roe)"),
            (b"FreeText", b"/Contents (written there)"),
            (b"Highlight", b"/Contents (why so?)"),
            (b"Popup", b"/Contents (no)"),
            (b"Link", b"/Contents (no)"),
            (b"Widget", b"/FT /Tx /T (name) /V (filled in)"),
            (b"Widget", b"/FT /Ch /Ff 131072 /T (which) /Opt [(a) (chosen)] /V (chosen)"),
            (b"Widget", b"/FT /Btn /T (box) /V /Yes"),
            (b"Widget", b"/Parent 18 0 R"),
        ]
    ]
    fields = b" ".join(b"%d 0 R" % number for number in (12, 13, 14, 18))
    parent = rb"<< /FT /Tx /T (parent) /V (\376\377\000i\000n\000h\000\351) /Kids [15 0 R] >>"
    path = write(
        tmp_path / "a.pdf",
        [shown(b"Page")],
        annotations,
        b"/AcroForm << /Fields [%b] >>" % fields,
        [parent],
    )
    content = read(path)
    assert content.text.split("\n") == [
        *["Page", "[Comment by Jane Roe: a note]", "written there", "[Comment: why so?]"],
        *["filled in", "chosen", "inhé"],
    ]
    assert content.remarks == ()


def test_attached_files_are_said(tmp_path):
    pin = b"<< /Type /Annot /Subtype /FileAttachment /Rect [9 9 99 99] >>"
    content = read(write(tmp_path / "a.pdf", [shown(b"One")], [pin, pin]))
    assert content.remarks == ("2 attached files are not read",)
    names = (
        b"/Names << /EmbeddedFiles << /Names [(a) << /Type /Filespec /F (a) "
        b"/EF << /F 9 0 R >> >>] >> >>"
    )
    content = read(
        write(tmp_path / "a.pdf", [shown(b"One")], catalog=names, others=[stream(b"inside")])
    )
    assert content.remarks == ("1 attached file is not read",)


@pytest.mark.parametrize(("packed", "is_open"), [(AES_OPEN, 1), (AES_CLOSED, 0), (RC4_CLOSED, 0)])
def test_encrypted(tmp_path, packed, is_open):
    path = tmp_path / "a.pdf"
    path.write_bytes(zlib.decompress(base64.b85decode(packed)))
    if is_open:
        assert read(path).text == "secret"
    else:
        with pytest.raises(UnreadableError, match="is encrypted; save it without its password"):
            read(path)


def test_a_missing_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pypdfium2", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'vectorlong\[pdf\]'"):
        read(tmp_path / "any")


def test_columns_are_read_one_after_the_other(tmp_path):
    def column(left, words):
        lines = b"".join(b"(%b) Tj 0 -14 Td " % word for word in words)
        return b"BT /F1 12 Tf %d 720 Td %b ET " % (left, lines)

    left, right = (
        column(72, [b"The first column", b"goes on"]),
        column(320, [b"The second", b"ends"]),
    )
    text = read(write(tmp_path / "a.pdf", [left + right])).text
    assert text.split() == ["The", "first", "column", "goes", "on", "The", "second", "ends"]


# --- words that the ends of lines divide ---------------------------------------------------------


def test_words_are_whole_and_spans_are_of_the_text(tmp_path):
    lines = [b"The reconsid-", b"eration of state-of-the-", b"art methods, 2010-", b"2011"]
    write(tmp_path / "a.pdf", [shown(*lines, b"and co-"), shown(b"operation", b"next")])
    (document,) = FileSource([tmp_path / "a.pdf"])
    assert document.text == (
        "The reconsideration\nof state-of-the-art\nmethods, 2010-\n2011\nand cooperation\nnext"
    )
    starts = document.metadata["file"]["page_starts"]
    assert document.text[starts[1] :] == "next"


@pytest.mark.parametrize(
    ("page", "text"),
    [
        ("reconsid|eration, then", "reconsideration,\nthen"),
        ("reconsid|eration\nthen", "reconsideration\nthen"),
        ("reconsid|eration", "reconsideration"),
        ("state-of-the|art", "state-of-the-art"),
        ("state|of-the-art", "state-of-the-art"),
        ("Anglo|Saxon", "Anglo-Saxon"),
        ("CONSID|ERATION", "CONSIDERATION"),
        ("PDF|file", "PDF-file"),
        ("over|seas", "overseas"),
        ("seas over over|seas", "seas over over-seas"),
        ("seas over overseas over|seas", "seas over overseas overseas"),
        ("a third party, third|party", "a third party, third-party"),
        ("be come be|come", "be come become"),
        ("non-linear non|linear", "non-linear non-linear"),
        ("nonlinear non-linear nonlinear non|linear", "nonlinear non-linear nonlinear nonlinear"),
        ("X-linear X|linear", "X-linear X-linear"),
        ("in|ter|est rates", "interest\nrates"),
        ("œuv|re Ärz|te", "œuvre\nÄrzte"),
        ("|one two| 3|three", "\ufffdone two\ufffd 3\ufffdthree"),
    ],
)
def test_which_hyphens_are_a_words_own(page, text):
    assert join_divided_words([page.replace("|", BREAK)]) == [text]


def test_the_whole_document_decides():
    pages = ["a third|party b", "third party", "x"]
    joined = join_divided_words([page.replace("|", BREAK) for page in pages])
    assert joined == ["a third-party\nb", "third party", "x"]


def test_what_no_hyphen_divides_stays():
    pages = ["a -", "b-", "Cd e-", "1", "", "x-"]
    assert join_divided_words(pages) == pages
    assert join_divided_words(["co-\n", "operate now"]) == ["cooperate", "now"]


@pytest.mark.timeout(60)
def test_long_words_take_no_time():
    for page in ("x" * 2_000_000, f"x{BREAK}" * 300_000, "x-" * 1_000_000, "x" * 1_000_000 + BREAK):
        (joined,) = join_divided_words([f"{page}{BREAK}x"])
        assert joined.replace("-", "").startswith("xx")
    assert join_divided_words(["a-", "b" * 1_000_000]) == ["a-", "b" * 1_000_000]
