"""Text in old encodings, notes, programs, XML, messages and packed files."""

from __future__ import annotations

import gzip
from email.message import EmailMessage

from tests.files.awkward import Awkward, bytes_of
from tests.files.builders import write_pdf
from tests.files.sentences import TEXTS, encode


def awkward_files() -> list[Awkward]:
    """Files that are text, or hold it in others' wrapping."""
    return [
        *_encodings(),
        *_plain(),
        *_xml(),
        _message(),
        _versions(),
        _stub_message(),
        _apple_message(),
        *_packed(),
    ]


def _encodings() -> list[Awkward]:
    texts = {
        ("Turkish", "cp1254"): ("imzalanan", "sözleşmeye", "yükümlüdür", "güçleşir", "araçlar"),
        ("Polish", "iso8859-2"): ("zobowiązuje", "ptaki", "podjęła", "głośno", "przyszłego"),
        ("Czech", "iso8859-2"): ("Nájemce", "příštího", "Žádný", "nevysvětlil"),
        ("French", "cp1252"): ("prévue", "château", "mécène", "préférait"),
        ("Russian", "cp1251"): ("Арендатор", "обязуется", "гнёзда", "услышал"),
        ("Ukrainian", "koi8-u"): ("Орендар", "зобов", "їх", "оприлюднено"),
        ("Greek", "cp1253"): ("μισθωτής", "άνοιξη", "τόλμησε", "οχήματα"),
        ("Hebrew", "cp1255"): ("השוכר", "האביב", "הסבר"),
        ("Arabic", "cp1256"): ("يلتزم", "الربيع", "القديمة"),
        ("Vietnamese", "cp1258"): ("nghĩa", "chim", "định", "dụng"),
        ("Japanese", "cp932"): ("賃借人", "評議会", "コンピューター", "説明"),
        ("Japanese", "iso2022_jp"): ("賃借人", "評議会", "カタカナ"),
        ("Korean", "cp949"): ("임차인은", "봄이", "자동차에", "설명은"),
        ("Chinese", "gb18030"): ("承租人", "委员会", "争议", "有效期"),
        ("Chinese, traditional", "big5hkscs"): ("承租人", "委員會", "爭議", "有效期"),
    }
    return [
        Awkward(
            f"{language.split(',')[0].lower()}.{encoding}.txt",
            encode(TEXTS[language, encoding.removesuffix("hkscs")], encoding),
            found=words,
            said=(f"Read as {encoding}, not UTF-8",),
        )
        for (language, encoding), words in texts.items()
    ] + [
        Awkward(
            "euc.log",
            encode(TEXTS["Korean", "cp949"], "euc_kr"),
            found=("임차인은", "둥지를", "설명은"),
            said=("Read as cp949, not UTF-8",),
        ),
        *(
            Awkward(
                f"{encoding}.txt",
                TEXTS["German", "cp1252"].encode(encoding),
                found=("unverzüglich", "größere", "Außerdem", "aufgerissen"),
                said=(f"Read as {encoding}, not UTF-8",),
            )
            for encoding in ("utf-16", "utf-16-be", "utf-32")
        ),
        Awkward(
            "uncertain.txt",
            b"He paid for the hotel \xef and left it.",
            found=(),
            said=("is not certain", "--encoding"),
        ),
        Awkward(
            "damaged.txt",
            "ça et là é".encode() + b"\xff" + "é ü".encode(),
            found=(),
            said=("UTF-8 with damaged bytes, the first at byte 13",),
        ),
        Awkward("binary.txt", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0", found=(), said=("zero bytes",)),
    ]


def _plain() -> list[Awkward]:
    return [
        Awkward(
            "stray.txt",
            b"before\0after\x0cpaged\x1b[1mbold\x1b[0m " + b"and so on " * 30,
            found=("before", "after", "paged", "and"),
            said=("1 zero byte in it read as spaces",),
        ),
        Awkward(
            "marks.txt",
            "\ufeffopening co\u00adoperate zero\u200bwidth no\u00a0break “curly” don’t ﬁnally "
            "ＷＩＤＥ e\u0301tude straße\u2028separated\u2029paragraph\rreturned\r\nlast".encode(),
            found=(
                *("opening", "co\u00adoperate", "no", "curly", "don’t", "ﬁnally", "ＷＩＤＥ"),
                *("e\u0301tude", "straße", "separated", "paragraph", "returned", "last"),
            ),
        ),
        Awkward(
            "notes.md",
            b"---\ntags: frontal\n---\n# Heading\n\n- *emph*asis [anchor](target) `inlined`\n"
            b"<!-- remarked -->\n\n| celled | right |\n|---|---|\n\n    blocked\n[^1]: footed\n",
            found=(
                *("frontal", "heading", "anchor", "target", "inlined", "remarked", "celled"),
                *("right", "blocked", "footed"),
            ),
        ),
        Awkward(
            "film.srt",
            b"1\r\n00:00:01,000 --> 00:00:02,000\r\n<i>spoken</i> aloud\r\n\r\n2\r\n"
            b"00:00:03,000 --> 00:00:04,000\r\nanswered\r\n",
            found=("spoken", "aloud", "answered"),
        ),
        Awkward(
            "program.py",
            b'"""Documented."""\n\ndef calling(argument):  # commented\n    return "stringent"\n',
            found=("documented", "calling", "argument", "commented", "stringent"),
        ),
        Awkward("settings.toml", b'[section]\nkeyed = "valued"\n', ("section", "keyed", "valued")),
        Awkward("Makefile", b"all: nothing\n", found=(), said=("without an extension",)),
        Awkward("old.doc", b"\xd0\xcf\x11\xe0", found=(), said=("save it as .docx",)),
    ]


def _xml() -> list[Awkward]:
    return [
        Awkward(
            "any.xml",
            "<?xml version='1.0' encoding='koi8-r'?><!DOCTYPE a SYSTEM 'a.dtd' ["
            "<!ENTITY e 'entity'><!ENTITY f SYSTEM 'f.txt'>]>"
            "<a x='attribute'>текст <b>inner <c>bold</c> tail</b> "
            "<!-- unread --><?pi instructed?><![CDATA[literal <d>]]> an &e; &eacute;tude &f;"
            "<p>un<q>bro</q>ken</p></a>".encode("koi8-r"),
            found=(*("текст", "inner", "bold", "tail", "literal", "entity", "étude", "unbroken"),),
            unseen=("attribute", "unread", "instructed"),
            said=("Read as koi8-r, not UTF-8", "other files that it takes text from are not read"),
        ),
        Awkward("open.xml", b"<a><b>half", found=(), said=("is damaged XML",)),
    ]


def _message() -> Awkward:
    within = EmailMessage()
    within["Subject"] = "forwarded"
    within.set_content("forwardedtext")
    mail = EmailMessage()
    mail["Subject"] = "Größe"
    mail["From"] = "Ann <a@example.org>"
    mail.set_content("plainly grüße\n-- \nsigned", cte="quoted-printable")
    mail.add_attachment(b"%PDF", maintype="application", subtype="pdf", filename="lease.pdf")
    mail.add_attachment("attachedtext", filename="note.txt")
    mail.add_attachment(within)
    return Awkward(
        "mail.eml",
        mail.as_bytes(),
        found=("Größe", "plainly", "grüße", "signed"),
        unseen=("attachedtext", "forwardedtext"),
        said=("attachments are not read: lease.pdf, note.txt, message/rfc822",),
    )


def _versions() -> Awkward:
    """Parts one after another, one of them in two versions, none in the encoding of another."""
    parts = [
        b"Content-Type: text/plain; charset=iso-2022-jp\n\n"
        + "これは規則です".encode("iso2022_jp"),
        b"Content-Type: multipart/alternative; boundary=y\n\n--y\nContent-Type: text/plain\n\n"
        b"plainversion\n--y\nContent-Type: text/html\n\n<p>plainversion<p>\n--y--\n",
        b"Content-Type: text/html; charset=iso-8859-9\n\n<p>kirac\xfd<p hidden>unseen",
        b"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: base64\n\n"
        b"YmFzZXNpeHR5Zm91cg==",
        b"Content-Type: image/png\n\nPNG",
    ]
    head = b"Subject: s\nMIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=x\n\npreamble\n"
    return Awkward(
        "versions.eml",
        head + b"".join(b"--x\n%b\n" % part for part in parts) + b"--x--\nepilogue\n",
        found=("規則", "plainversion", "kiracı", "basesixtyfour"),
        unseen=("unseen", "preamble", "epilogue"),
        said=("attachments are not read: image/png", "hidden text is not read"),
    )


def _stub_message() -> Awkward:
    mail = EmailMessage()
    mail["Subject"] = "s"
    mail.set_content("Your program shows no pages.")
    mail.add_alternative("<p>What was to be said is said here, and at length.", subtype="html")
    mail.add_alternative("BEGIN:VCALENDAR", subtype="calendar")
    return Awkward(
        "stub.eml",
        mail.as_bytes(),
        found=("said", "length"),
        unseen=("pages", "vcalendar"),
        said=("attachments are not read: text/calendar",),
    )


def _apple_message() -> Awkward:
    """Attachments in the midst of the version that is a page."""
    page = (
        b"Content-Type: multipart/mixed; boundary=y\n\n--y\n"
        b"Content-Type: text/html\n\n<p>greeting\n"
        b"--y\nContent-Type: application/pdf; name=bill.pdf\n"
        b"Content-Disposition: inline; filename=bill.pdf\n\n%PDF\n--y\nContent-Type: text/html\n\n"
        b"<p>regards\n--y--\n"
    )
    head = b"Subject: s\nMIME-Version: 1.0\nContent-Type: multipart/alternative; boundary=x\n\n"
    plain = b"--x\nContent-Type: text/plain\n\ngreeting\n\nregards\n"
    return Awkward(
        "apple.eml",
        head + plain + b"--x\n" + page + b"--x--\n",
        found=("greeting", "regards"),
        said=("attachments are not read: bill.pdf",),
    )


def _packed() -> list[Awkward]:
    page = "<meta charset=windows-1250><p>šťastný".encode("cp1250")
    return [
        Awkward(
            "twice.log.gz",
            gzip.compress(b"firstmember ") + gzip.compress(b"secondmember"),
            found=("firstmember", "secondmember"),
        ),
        Awkward(
            "packed.csv.gz",
            gzip.compress(b'text,x\nunpacked,1\n"open,2\nlater,3\n'),
            found=("unpacked", "later"),
            unseen=("open",),
            said=("row 2: line 3 opens a quote that is not closed",),
        ),
        Awkward(
            "packed.html.gz",
            gzip.compress(page),
            found=("šťastný",),
            said=("Read as cp1250, not UTF-8",),
        ),
        Awkward(
            "cut.txt.gz",
            gzip.compress(b"text " * 1_000)[:-20],
            found=(),
            said=("is a damaged gzip file",),
        ),
        Awkward(
            "packed.pdf.gz",
            gzip.compress(bytes_of(write_pdf, [["packedpage"]])),
            found=("packedpage",),
        ),
    ]
