"""How X counts a post: by weight, 280 at most; a link is 23, an emoji 2, most letters of Latin scripts 1, others 2.

The published rule (https://docs.x.com/fundamentals/counting-characters, configuration 3 of twitter-text): the text is
composed (NFC), code points up to U+10FF and some punctuation weigh 1, the rest 2, an emoji sequence 2 in all, and
whatever X makes a link of weighs 23, however long it is.
"""

from __future__ import annotations

import unicodedata

import regex

MOST = 280
URL_LENGTH = 23
_LIGHT = ((0, 4351), (8192, 8205), (8208, 8223), (8242, 8247))
# An address without a scheme is a link too where its last label is a real top-level domain: these are the usual ones.
_TLDS = (
    "construction|engineering|photography|consulting|foundation|industries|restaurant|university|"
    "amsterdam|community|education|insurance|marketing|solutions|attorney|boutique|discount|services|"
    "software|training|academy|careers|charity|company|coupons|courses|digital|fashion|finance|fitness|"
    "flights|hamburg|holiday|markets|network|recipes|service|support|systems|trading|website|africa|"
    "agency|beauty|berlin|church|clinic|design|doctor|energy|estate|family|health|hotels|lawyer|london|"
    "market|moscow|online|photos|school|social|studio|supply|travel|build|cheap|click|cloud|deals|email|"
    "forum|games|gifts|green|group|homes|hotel|house|koeln|legal|media|money|music|paris|parts|photo|"
    "pizza|promo|radio|space|store|style|today|tokyo|tools|tours|trade|video|works|world|asia|auto|baby|"
    "bank|bike|blog|cafe|care|cars|chat|club|film|food|free|fund|game|help|info|jobs|kids|land|life|link|"
    "live|mobi|name|news|page|rent|sale|shop|site|taxi|team|tech|toys|tube|wien|wiki|work|yoga|zone|app|"
    "art|bar|bio|biz|car|com|dev|dog|eco|edu|gov|int|law|mil|net|nyc|org|pet|pro|run|tax|top|vip|web|win|"
    "xyz|ai|co|eu|fm|gg|io|me|su|tv|uk"
)
_WORD = r"[\p{L}\p{N}](?:[\p{L}\p{N}_-]*[\p{L}\p{N}])?"
_END = r"(?:[:/?#](?:[^\s<>\"]*[^\s<>\".,;:!?)\]'\u2019\u00bb])?)?"
_URL = regex.compile(
    rf"(?<![\p{{L}}\p{{N}}@$#_./-])(?:https?://(?:{_WORD}\.)+{_WORD}{_END}"
    rf"|(?:{_WORD}\.)+(?:{_TLDS})(?![\p{{L}}\p{{N}}_@-]|\.\p{{L}}){_END}"
    # two letters are a country; X links a bare one only with a path or a second label before it
    rf"|(?:{_WORD}\.)+[a-z]{{2}}/[^\s<>\"]*|(?:{_WORD}\.){{2,}}[a-z]{{2}}(?![\p{{L}}\p{{N}}_@.-]){_END})",
    regex.IGNORECASE,
)
_CLUSTER = regex.compile(r"\X")
_EMOJI = regex.compile(r"\p{Emoji_Presentation}|\p{Extended_Pictographic}\ufe0f|[#*0-9]\ufe0f?\u20e3")


def measure(text: str) -> int:
    """Return the weighted length of a post."""
    composed = unicodedata.normalize("NFC", text)
    links = len(_URL.findall(composed))
    rest = _URL.sub("", composed) if links else composed
    return links * URL_LENGTH + (len(rest) if rest.isascii() else sum(map(_weight, _CLUSTER.findall(rest))))


def _weight(cluster: str) -> int:
    if _EMOJI.search(cluster):
        return 2
    return sum(1 if any(low <= ord(char) <= high for low, high in _LIGHT) else 2 for char in cluster)
