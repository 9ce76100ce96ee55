"""Rich text with a word of its own in every place that can hold text."""

from __future__ import annotations

from tests.files.awkward import Awkward

_FONTS = (
    r"{\fonttbl{\f0\froman\fcharset0 Times New Roman{\*\falt unseenfont};}{\f1\fcharset2 Symbol;}"
    r"{\f2\fcharset128 MS Mincho;}{\f3\fcharset134 SimSun;}{\f4\fcharset129 Batang;}"
    r"{\f5\fcharset136 MingLiU;}{\f6\fcharset204 Arial Cyr;}{\f7\fcharset161 Arial Greek;}"
    r"{\f8\fcharset238 Arial CE;}{\f9\fcharset162 Arial Tur;}{\f10\fcharset177 Arial Hebrew;}"
    r"{\f11\fcharset178 Arial Arabic;}{\f12\fcharset186 Arial Baltic;}{\f13\fcharset222 Thai;}"
    r"{\f14\fcharset163 Arial Viet;}{\f15\fcharset77 Geneva;}{\f16\fcharset2 Wingdings;}"
    r"{\f17\fnil\cpg437 Terminal;}{\f18\fnil\fcharset1 Default;}{\f19\fcharset130 Johab;}}"
)
_HEAD = (
    r"{\colortbl;\red0\green0\blue0;}{\stylesheet{\s0 unseenstyle;}{\*\cs15 unseenrun;}}"
    r"{\*\listtable{\list{\listlevel{\leveltext\'02unseenlevel.;}}{\listname unseenlist;}}}"
    r"{\*\generator unseenprogram;}{\info{\title unseentitle}{\author unseenauthor}}"
)


def rich_text(body: str, head: str = "") -> bytes:
    """A document in fonts of every set of characters; what is not ASCII is as it is in Latin-1."""
    return (rf"{{\rtf1\ansi\ansicpg1252\deff0{_FONTS}{head}" + body + "}").encode("latin-1")


def shape(content: str) -> str:
    """A shape as Word writes it, with what it writes of it for older programs."""
    old = r"{\shprslt{\*\do{\dptxbxtext unseenbox\par}}}"
    return rf"{{\shp{{\*\shpinst\shpleft0\shptop0{content}}}{old}}}"


def shape_property(name: str, value: str) -> str:
    """A property of a shape."""
    return rf"{{\sp{{\sn {name}}}{{\sv {value}}}}}"


def awkward_files() -> list[Awkward]:
    """Documents as Word and other programs write them."""
    return [
        _body(),
        _tables(),
        _margins_and_notes(),
        _fields(),
        _drawn(),
        _characters(),
        _encodings(),
        _left_out(),
        Awkward(
            "cut.rtf",
            rich_text(r"beginning\par {\b middle")[:-1],
            found=("beginning", "middle"),
            said=("its end is missing, and what stood there is not read",),
        ),
        Awkward(
            "continued.rtf",
            rich_text("ended") + b"\r\n{\\rtf1 thereafter}",
            found=("ended",),
            unseen=("thereafter",),
            said=("20 bytes after its end are not read",),
        ),
        Awkward(
            "old.rtf",
            b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1 unseen",
            found=(),
            said=("is no rich text: it is encrypted, or in Word's old format",),
        ),
        Awkward("packed.rtf", b"PK\x03\x04", found=(), said=("it is packed, as .docx and .odt",)),
        Awkward("plain.rtf", b"plain words", found=(), said=(r"it does not begin with {\rtf",)),
    ]


def _body() -> Awkward:
    body = (
        r"\pard\plain heading\par {\b bo}ld{\i face}\par un\-divided\par"
        "\r\n"
        r"split{\rtlch\fcs1 \af0 \ltrch\fcs0 \insrsid1 word}\par"
        r"{\listtext\pard\plain 7.3\tab}numbered\par{\listtext\f1\'b7\tab}bulleted\par"
        r"{\pntext (c)\tab}{\*\pn{\pntxtb unseenbefore}}lettered\par"
        r"{\*\unknown unseenunknown {deeper}}{\*\cs15 styled} \unknownword known\par"
        r"{\upr{unseenversion}{\*\ud{\u20013\'d6version}}}\par"
        r"{\*\bkmkstart unseenmark}marked{\*\bkmkend unseenmark}\par"
        r"{\v{\xe unseenentry}}{\tc unseencontents}indexed\par"
        r"\pard\dropcapli3\dropcapt1 D\par\pard ropped\par"
        r"{\revised inserted}{\deleted unseendeleted{\footnote unseennote}}\par"
        r"{\mvt movedhere}{\mvf unseenmoved}\par un{\deleted\par}parted\par "
        r"first\sect second\page third\column fourth\line fifth\tab sixth"
    )
    return Awkward(
        "body.rtf",
        rich_text(body, _HEAD),
        found=(
            *("heading", "boldface", "undivided", "splitword", "7.3", "numbered", "bulleted"),
            *("lettered", "styled", "known", "中version", "marked", "indexed", "Dropped"),
            *("inserted", "movedhere", "unparted", "first", "second", "third", "fourth"),
            *("fifth", "sixth"),
        ),
        unseen=(
            *("unseenfont", "unseenstyle", "unseenrun", "unseenlevel", "unseenlist"),
            *("unseenprogram", "unseenauthor", "unseentitle", "unseenbefore", "unseenunknown"),
            *("deeper", "unseenversion", "unseenmark", "unseenentry", "unseencontents"),
            *("unseendeleted", "unseennote", "unseenmoved"),
        ),
    )


def _tables() -> Awkward:
    nested = (
        r"\intbl\itap2 inmost\nestcell next\nestcell"
        r"{\*\nesttableprops\trowd\cellx100\cellx200\nestrow}{\nonesttables\par}"
    )
    body = (
        r"before\par\trowd\clvmgf\cellx100\cellx200\pard\intbl merged\cell beside\par under\cell"
        r"\row\trowd\clvmrg\cellx100\cellx200\pard\intbl\cell below\cell\row"
        rf"\trowd\cellx100\cellx200\pard\intbl outside\par{nested}\pard\intbl\cell last\cell\row"
        r"\trowd\cellx100\pard\intbl framed\par sentence\cell\row\pard after\par"
        r"\trowd\cellx100\pard\intbl unended\cell"
    )
    return Awkward(
        "tables.rtf",
        rich_text(body),
        found=(
            *("before", "merged", "beside", "under", "below", "outside", "inmost", "next"),
            *("last", "framed", "sentence", "after", "unended"),
        ),
    )


def _margins_and_notes() -> Awkward:
    margins = "".join(
        rf"{{\{kind}{side} \pard\plain {kind}{name}\par}}"
        for kind in ("header", "footer")
        for side, name in [("", "usual"), ("l", "left"), ("r", "right"), ("f", "first")]
    )
    body = (
        rf"{{\*\ftnsep unseenline}}{{\*\aftnsep unseenline}}{margins}"
        r"text{\super\chftn{\footnote\pard\plain{\super\chftn} footnoted\par secondnote}}\par "
        r"more{\chftn{\*\footnote\ftnalt\pard\plain{\chftn} endnoted}}\par"
        r"{\*\atrfstart 1}spoken{\*\atrfend 1}{\*\atnid JR}{\*\atnauthor Commentator}\chatn"
        r"{\*\annotation{\*\atndate 1}{\*\atnref 1}\pard\plain remarked{\footnote noteofnote}}\par"
        r"{\*\atnid Initials}{\*\annotation reinitialled}"
        r"\sect{\header\pard\plain headerlater\par}last"
    )
    return Awkward(
        "margins_and_notes.rtf",
        rich_text(body),
        found=(
            *(f"{kind}{name}" for kind in ("header", "footer") for name in ("usual", "left")),
            *(f"{kind}{name}" for kind in ("header", "footer") for name in ("right", "first")),
            *("text", "footnoted", "secondnote", "more", "endnoted", "spoken", "Commentator"),
            *("remarked", "noteofnote", "Initials", "reinitialled", "headerlater", "last"),
        ),
        unseen=("unseenline",),
    )


def _fields() -> Awkward:
    choices = r"{\*\ffl unseenchoice}{\*\ffl chosen}"
    body = (
        r"{\field{\*\fldinst HYPERLINK unseenaddress}{\fldrslt{\ul linked}}}\par"
        r"{\field\fldedit{\fldinst IF {\field{\fldinst X}{\fldrslt unseeninner}}}{\fldrslt outer}}"
        r"\par{\field{\*\fldinst FORMTEXT{\*\formfield{\ffdeftext unseendefault}}}"
        r"{\fldrslt filled}}\par"
        rf"{{\field{{\*\fldinst FORMDROPDOWN{{\*\formfield\fftype2\ffres1{choices}}}}}"
        r"{\fldrslt}}\par"
        r'{\field{\*\fldinst SYMBOL 97 \\f "Symbol" \\s 12}{\fldrslt\f1}}\par'
        r"{\field{\*\fldinst EQ \\* jc2 \\o\\ad(\\s\\up 9(\u12363?\u12435?),\u28450?)}"
        r"{\fldrslt}}\par"
        r"{\field{\*\fldinst EQ \\f(upper,lower)}}\par"
        r"{\field{\*\fldinst TOC}{\fldrslt entry\tab 3\par second\tab 4}}\par"
        r"{\mmath{\*\moMath{\mf{\mfPr{\mctrlPr unseencontrol}}{\mnum{\mr over}}{\mden{\mr under}}}"
        r"{\md{\mdPr{\mbegChr [}{\mendChr ]}}{\me{\mr bracketed}}}}{\mmathPict{\pict 00}}}"
    )
    return Awkward(
        "fields.rtf",
        rich_text(body),
        found=(
            *("linked", "outer", "filled", "chosen", "α", "漢", "かん", "upper", "lower"),
            *("entry", "second", "over", "under", "bracketed"),
        ),
        unseen=("unseenaddress", "unseeninner", "unseendefault", "unseenchoice", "unseencontrol"),
    )


def _drawn() -> Awkward:
    told = shape_property("wzDescription", "shapetold")
    box = r"{\shptxt\pard\plain boxed\par\trowd\cellx9\pard\intbl boxcell\cell boxnext\cell\row}"
    art = shape_property("gtextUNICODE", "wordart")
    pictured = shape_property("pib", r"{\pict\pngblip 00ff}")
    group = r"{\shpgrp{\*\shpinst" + shape(r"{\shptxt grouped}") + "}}"
    boxes = shape(r"{\shptxt outerbox" + shape(r"{\shptxt innerbox}") + "}")
    picture = (
        rf"{{\*\shppict{{\pict{{\*\picprop{shape_property('wzDescription', 'picturetold')}"
        rf"{shape_property('wzName', 'unseenname')}}}\pngblip 89504e47}}}}"
        r"{\nonshppict{\pict\wmetafile8 0100}}"
    )
    body = (
        rf"{{\header head{shape(shape_property('gtextUNICODE', 'watermark'))}\par}}"
        rf"anchored{shape(told + box)}\par {shape(art)}{shape(pictured)}{group}\par"
        r"{\*\do\dobxcolumn{\dptxbxtext\pard\plain oldbox\par}}\par"
        rf"{boxes}\par {picture}\par"
        r"{\pict\bin5 }}}{{\wmetafile8}"
        r"{\object\objemb{\*\objclass unseenclass}{\*\objdata 00ff}{\result resulted{\pict 00}}}"
    )
    return Awkward(
        "drawn.rtf",
        rich_text(body),
        found=(
            *("head", "watermark", "anchored", "shapetold", "boxed", "boxcell", "boxnext"),
            *("wordart", "grouped", "oldbox", "outerbox", "innerbox", "picturetold", "resulted"),
        ),
        unseen=("unseenbox", "unseenname", "unseenclass", "00ff", "89504e47"),
        said=("3 pictures are not read", "1 embedded object is not read"),
    )


def _characters() -> Awkward:
    body = (
        r"dash\emdash ed\endash x \lquote quoted\rquote  \ldblquote doubly\rdblquote  \bullet item"
        r"\par hard\~space non\_breaking \\backslash \{braced\} wide\emspace apart\par"
        r"\uc1 Gr\u246\'f6\u223?e \uc2\u20013\'d6\'d0 \uc0 na\u239 ve \uc1\u-10179?\u-8704?"
        r" surr\u55357?ogate\par {\f1 a\'62} {\f16\'fc} {\f1\u-3999?}\par"
        "\\'09tabbed\\\nnewline\\\ttab"
    )
    return Awkward(
        "characters.rtf",
        rich_text(body),
        found=(
            *("dash", "ed", "quoted", "doubly", "item", "hard", "space", "non-breaking"),
            *("backslash", "braced", "wide", "apart", "Größe", "中", "naïve", "😀", "αβ", "✓"),
            *("α", "tabbed", "newline", "tab"),
        ),
    )


def _encodings() -> Awkward:
    words = {
        0: ("cp1252", "où"),
        2: ("cp932", "日本語ソ表"),
        3: ("gbk", "简体中文"),
        4: ("cp949", "한국어"),
        5: ("cp950", "功能繁體"),
        6: ("cp1251", "русский"),
        7: ("cp1253", "ελληνικά"),
        8: ("cp1250", "łódź"),
        9: ("cp1254", "şişe"),
        10: ("cp1255", "עברית"),
        11: ("cp1256", "عربية"),
        12: ("cp1257", "žuvų"),
        13: ("cp874", "ภาษาไทย"),
        14: ("cp1258", "đẹp"),
        15: ("mac-roman", "Übung"),
        17: ("cp437", "évité"),
        18: ("cp1252", "façade"),
        19: ("johab", "조합형"),
    }
    body = "".join(
        rf"{{\f{font} {_escaped(word, encoding)}}}\par"
        for font, (encoding, word) in words.items()
        if font != 14
    )
    found = tuple(word for font, (_, word) in words.items() if font != 14)
    return Awkward("encodings.rtf", rich_text(body), found=found)


def _escaped(text: str, encoding: str) -> str:
    """Bytes as programs write them: those of ASCII as they are, even as part of a character."""
    return "".join(
        chr(byte) if chr(byte).isalnum() and byte < 0x80 else f"\\'{byte:02x}"
        for byte in text.encode(encoding)
    )


def _left_out() -> Awkward:
    body = (
        r"shown{\v unseenhidden \b still}\par \v unseentoo\v0  again\par{\*\htmltag <p>}mail"
        r"{\pict 00}{\subdocument0}\f2\'81 damaged"
    )
    return Awkward(
        "left_out.rtf",
        rich_text(body),
        found=("shown", "again", "mail", "damaged"),
        unseen=("unseenhidden", "unseentoo", "still"),
        said=(
            *("2 pieces of hidden text are not read", "1 picture is not read"),
            *("1 inserted document is not read", "1 byte that is no character read as �"),
        ),
    )
