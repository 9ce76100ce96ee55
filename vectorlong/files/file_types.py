"""What files are called by type, and what to do with those that are not read."""

from __future__ import annotations

from pathlib import PurePath

# Read as they stand: the text is the file's, and its lines are the file's lines.
_NOTES = ("txt", "text", "md", "markdown", "rst", "adoc", "asciidoc", "org", "tex", "bib", "log")
_SUBTITLES = ("srt", "vtt")
_SETTINGS = ("ini", "cfg", "conf", "properties", "toml", "yaml", "yml")
_WEB = ("js", "mjs", "cjs", "jsx", "ts", "tsx", "css", "scss", "less", "vue", "svelte", "php")
_SCRIPTS = ("py", "pyi", "rb", "pl", "pm", "lua", "r", "jl", "m", "sql", "graphql", "vb", "groovy")
_SHELLS = ("sh", "bash", "zsh", "ps1", "bat")
_COMPILED = ("c", "h", "cc", "cpp", "cxx", "hh", "hpp", "cs", "go", "rs", "swift", "java", "kt")
_OTHER_COMPILED = ("scala", "f90", "pas", "asm", "proto")
_FUNCTIONAL = ("hs", "ml", "ex", "exs", "erl", "clj", "lisp", "el")
_BUILDS = ("cmake", "gradle", "tf")
_PROGRAMS = (
    *(*_WEB, *_SCRIPTS, *_SHELLS),
    *(*_COMPILED, *_OTHER_COMPILED, *_FUNCTIONAL, *_BUILDS),
)
PLAIN_TYPES = (*_NOTES, *_SUBTITLES, *_SETTINGS, *_PROGRAMS)
_PAGES = ("html", "htm", "xhtml", "xml", "eml", "rtf")
_TABLES = ("jsonl", "ndjson", "json", "csv", "tsv")
_PACKED = "gz"
# By what they hold, not by their names, as which they are saved wrongly now and then.
WORKBOOK_TYPES = ("xlsx", "xlsb", "xls", "ods")
_ARCHIVES = (
    *("pdf", "docx", "docm", "dotx", "dotm", "pptx", "pptm", "ppsx", "ppsm", "potx", "potm"),
    *("epub", *WORKBOOK_TYPES, "xlsm", "xltx", "xltm"),
    *("odt", "ott", "odp", "otp", "odg"),
)
FILE_TYPES = (*PLAIN_TYPES, *_PAGES, *_TABLES, *_ARCHIVES)
# For a line of help.
SHOWN_TYPES = (
    ".txt .md .rst .rtf .html .xml .eml .json .jsonl .csv .tsv .pdf .docx .pptx .xlsx .xls .ods "
    ".odt .odp .odg .epub, logs, settings and programs; also packed as .gz"
)
# Other suffixes of the same types.
_SAME = {
    "text": "txt",
    "markdown": "md",
    "htm": "html",
    "xhtml": "html",
    "ndjson": "jsonl",
    "asciidoc": "adoc",
    "yml": "yaml",
    **dict.fromkeys(("docm", "dotx", "dotm"), "docx"),
    "ott": "odt",
    "otp": "odp",
    **dict.fromkeys(("pptm", "ppsx", "ppsm", "potx", "potm"), "pptx"),
    **dict.fromkeys(("xlsm", "xltx", "xltm"), "xlsx"),
}
# What people have that is not read, and what is.
_ADVICE = {
    **dict.fromkeys(("doc", "dot", "pages"), "save it as .docx"),
    "ppt": "save it as .pptx",
    **dict.fromkeys(("key", "djvu", "ps"), "save it as .pdf"),
    **dict.fromkeys(("numbers", "parquet"), "save it as .csv"),
    **dict.fromkeys(("msg", "mbox"), "save its messages as .eml"),
    **dict.fromkeys(("zip", "tar", "tgz", "7z", "rar", "bz2", "xz", "zst"), "unpack it"),
    **dict.fromkeys(
        ("png", "jpg", "jpeg", "tif", "tiff", "gif", "bmp", "webp", "heic"),
        "text in pictures needs recognition first",
    ),
}


def type_of(path: PurePath) -> str:
    """Give the type that a file's name says it has, as its documents' metadata have it.

    Examples
    --------
    >>> type_of(PurePath("a.HTM")), type_of(PurePath("a.csv.gz")), type_of(PurePath("LICENSE"))
    ('html', 'csv', '')
    """
    suffix = _suffix(path)
    if suffix == _PACKED:
        suffix = _suffix(path.with_suffix(""))
    return _SAME.get(suffix, suffix)


def is_packed(path: PurePath) -> bool:
    """Whether a file's name says that it must be unpacked first."""
    return _suffix(path) == _PACKED


def why_not_read(path: PurePath) -> str | None:
    """Say why files of such a name are not read, and what to do; None if they are.

    Examples
    --------
    >>> why_not_read(PurePath("a.pages"))
    'files of type .pages are not read; save it as .docx'
    """
    suffix = _suffix(path)
    if suffix == _PACKED:
        inner = _suffix(path.with_suffix(""))
        if inner in FILE_TYPES:
            return None
        name = f".{inner}.{_PACKED}" if inner else f".{_PACKED}"
        return f"files of type {name} are not read; unpack it"
    if suffix in FILE_TYPES:
        return None
    kind = f"files of type .{suffix}" if suffix else "files without an extension"
    advice = f"; {_ADVICE[suffix]}" if suffix in _ADVICE else ""
    return f"{kind} are not read{advice}"


def _suffix(path: PurePath) -> str:
    return path.suffix.lower().removeprefix(".")
