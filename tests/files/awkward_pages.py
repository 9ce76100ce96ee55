"""Pages with a word of its own in every place that can hold text."""

from __future__ import annotations

from tests.files.awkward import Awkward

_HIDDEN = "hidden text is not read"
_NOSCRIPT = "what <noscript> has for browsers without scripts is not read"


def awkward_files() -> list[Awkward]:
    """Pages as people save and write them."""
    return [
        _places(),
        _unseen(),
        _broken(),
        _xhtml(),
        Awkward(
            "unclosed_noscript.html",
            b"<body><noscript><p>scriptless</p><p>remainder",
            found=("scriptless", "remainder"),
        ),
        Awkward(
            "unclosed_comment.htm",
            b"<p>preceding</p><!-- never closed <p>swallowed",
            found=("preceding",),
            unseen=("swallowed",),
            said=("a comment is not closed; what follows it is hidden, as in browsers",),
        ),
        Awkward(
            "all_hidden.html", b"<p hidden>invisible", found=(), said=(f"holds no text; {_HIDDEN}",)
        ),
        *_encodings(),
    ]


def _places() -> Awkward:
    places = [
        "<nav>navigation</nav><div role=navigation>menu</div><header>masthead</header>",
        "<footer>colophon</footer><aside>sidebar</aside><p aria-hidden=true>unspoken</p>",
        "<details><summary>summarized</summary>folded</details><dialog open>dialogue</dialog>",
        "<p hidden=until-found>discoverable</p>",
        "<svg><title>drawingtitle</title><text>drawn<tspan> spanned</tspan></text>"
        "<foreignObject><p>foreign</p></foreignObject></svg>",
        "<math><mtext>formula</mtext><semantics><mi>identifier</mi></semantics>"
        "<mfrac><mi>numerator</mi><mi>denominator</mi></mfrac></math>",
        "<select><optgroup label='grouplabel'><option>optional</option></optgroup></select>",
        "<textarea>typed</textarea><button>pressed</button><input type=submit value='submitted'>",
        "<input type=image alt='pictorial'><img src=x alt='photograph'>",
        "<map><area alt='district' href=x></map>",
        "<iframe srcdoc='<p>framed</p><iframe srcdoc=&quot;nested&quot;></iframe>'></iframe>",
        "<object data=x>objected</object>",
        "<table><caption>caption</caption><tr><th>headcell<td>bodycell"
        "<td><table><tr><td>innercell</table></table>",
        "<dl><dt>term<dd>definition</dl><ul><li>item<ul><li>below</ul></ul>",
        "<fieldset><legend>legendary</legend></fieldset><figure><figcaption>figured</figure>",
        "<pre>  preformatted\n   verbatim</pre><xmp>exampled</xmp><a-b>elemental</a-b>",
        "<p>un<b>bro</b>ken hy&shy;phen long<wbr>word &eacute;tude&nbsp;spaced",
        "<p>&#x4E2D;&#25991;</p>"
        "<p>above<br>beneath</p><a href='destination'>anchor</a><button>A1</button>touching",
        "<ruby>漢<rt>かん</ruby>",
        "<div><template shadowrootmode=open><p>shadowed<slot></slot></p></template>slotted</div>",
        "<![if !IE]>conditional<![endif]><p style='--x: display none'>styled</p>",
        "<meter>measured</meter> <progress>progressing</progress> <output>computed</output>",
        "<center>centred</center><marquee>scrolling</marquee> <blink>blinking</blink>",
    ]
    head = "<!doctype html><title>titled</title><body style='display:none'>"
    return Awkward(
        "places.html",
        "".join([head, *places]).encode(),
        found=(
            *("navigation", "menu", "masthead", "colophon", "sidebar", "unspoken", "summarized"),
            *("folded", "dialogue", "discoverable", "drawn", "spanned", "foreign", "formula"),
            *(
                "identifier",
                "numerator",
                "denominator",
                "grouplabel",
                "optional",
                "typed",
                "pressed",
                "submitted",
                "pictorial",
            ),
            *("photograph", "district", "framed", "nested", "objected", "caption", "headcell"),
            *("bodycell", "innercell", "term", "definition", "item", "below", "legendary"),
            *("figured", "preformatted", "verbatim", "exampled", "elemental", "unbroken", "hyphen"),
            *("longword", "étude", "spaced", "中文", "above", "beneath", "anchor", "A1"),
            *("touching", "漢", "かん", "shadowed", "slotted", "conditional", "styled"),
            *("measured", "progressing", "computed", "centred", "scrolling", "blinking"),
        ),
        unseen=("drawingtitle", "destination"),
    )


def _unseen() -> Awkward:
    hidden = [
        "<script>scripted</script><style>p { content: 'stylish' }</style><!-- commented -->",
        "<template><p>templated</p></template><datalist><option>suggested</datalist>",
        "<canvas>canvassed</canvas><video>filmed</video><audio>sounded</audio>",
        "<input type=hidden value='concealed'><input value='prefilled' placeholder='prompt'>",
        "<p title='tooltip' data-x='datum'>plainly</p>",
        "<math><annotation>annotated</annotation></math>",
        "<noscript>unscripted</noscript><p hidden>veiled</p><p style='display: none'>vanished</p>",
        "<p style='visibility:hidden'>ghostly</p><dialog>unopened</dialog>",
    ]
    return Awkward(
        "unseen.html",
        "".join(hidden).encode(),
        found=("plainly",),
        unseen=(
            *("scripted", "stylish", "commented", "templated", "suggested", "canvassed", "filmed"),
            *("sounded", "concealed", "prefilled", "prompt", "tooltip", "datum", "annotated"),
            *("unscripted", "veiled", "vanished", "ghostly", "unopened"),
        ),
        said=(_HIDDEN, _NOSCRIPT),
    )


def _broken() -> Awkward:
    return Awkward(
        "broken.html",
        b"<p>opened <b>bold <i>both</b> slanted</p></div><td>stray<li>listed <table>fostered<tr>"
        b'<td>celled</table></body></html>trailing <p a="b\'c>quoted</p>">attributed'
        b"<p>less < than & ampersand &bogus; &ltwithout</p>nul\0nil",
        found=(
            *("opened", "bold", "both", "slanted", "stray", "listed", "fostered", "celled"),
            *("trailing", "attributed", "less", "than", "ampersand", "bogus", "without"),
        ),
        unseen=("quoted",),
        said=("zero byte",),
    )


def _xhtml() -> Awkward:
    return Awkward(
        "page.xhtml",
        b'<?xml version="1.0" encoding="ISO-8859-2"?><!DOCTYPE html><html '
        b'xmlns="http://www.w3.org/1999/xhtml"><head><title/><script src="x"/></head>'
        + "<body><p>šťastný</p><p><![CDATA[markless <b>]]></p><noscript/><p>closing</p>".encode(
            "iso8859-2"
        )
        + b"<div/><p>after<br/>break</p></body></html>",
        found=("šťastný", "markless", "closing", "after", "break"),
        said=("Read as iso8859-2, not UTF-8",),
    )


def _encodings() -> list[Awkward]:
    declared = {
        "Shift_JIS": ("cp932", "<p>規則 ①</p>", ("規則",)),
        "gb2312": ("gb18030", "<p>规则 中文</p>", ("规则", "中文")),
        "big5": ("big5hkscs", "<p>規則 這是</p>", ("規則", "這是")),
        "ks_c_5601-1987": ("cp949", "<p>규칙 이것은</p>", ("규칙", "이것은")),
        "iso-8859-9": ("cp1254", "<p>“kiracı” ödemekle</p>", ("kiracı", "ödemekle")),
        "koi8-u": ("koi8-u", "<p>Це правило</p>", ("Це", "правило")),
        "utf-16": ("utf-16", "<p>größe</p>", ("größe",)),
    }
    return [
        Awkward(
            f"{name}.html",
            f"<meta charset={name}>{page}".encode(encoding),
            found=words,
            said=(f"Read as {encoding}, not UTF-8",),
        )
        for name, (encoding, page, words) in declared.items()
    ]
