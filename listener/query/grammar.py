"""The grammar (LALR by lark) and the limits that keep any query cheap to ask.

`a b` means AND; OR binds weaker, NOT (or a leading minus) tighter; NEAR~n joins words, phrases and (a OR b) groups.
Operators are upper case. Typographic quotes count as quotes; a quote inside a Hebrew abbreviation is a letter of it.
"""

from __future__ import annotations

from functools import cache

from lark import Lark, Token
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken

from listener.query.build import Builder
from listener.query.error import QueryError
from listener.query.limits import LENGTH, check
from listener.query.tree import Node

_GRAMMAR = r"""
?start: any
?any: all (_OR all)*                     -> any_of
?all: one (_AND? one)*                   -> all_of
?one: NOT one                            -> negated
    | MINUS atom                         -> negated
    | _PLUS atom
    | atom
?atom: group | item | near | field
near: operand (NEAR operand)+
?operand: item | group
group: "(" any ")"
item: (WORD | PHRASE) DISTANCE?
field: FIELD value
value: (WORD | PHRASE)                   -> is_value
     | "(" (WORD | PHRASE) (_OR (WORD | PHRASE))* ")"   -> is_value
     | COMPARE WORD                      -> compared
     | OPEN WORD TO WORD CLOSE           -> ranged

_AND.3: /(AND|&&)(?![^\s()"])/
_OR.3: /(OR|\|\|)(?![^\s()"])/
NOT.3: /NOT(?![^\s()"])/
TO.3: /TO(?=[\s])/
NEAR.3: /NEAR([~\/]\d{1,4})?(?![^\s()"])/
FIELD.2: /(lang|channel|author|rating):/i
MINUS.2: /-(?=[^\s\-])/
_PLUS.2: /\+(?=[^\s+])/
DISTANCE.2: /~\d{1,4}/
COMPARE.2: /[<>]=?|=/
OPEN.2: /[\[{]/
CLOSE.2: /[\]}]/
PHRASE.1: /"(?:\\.|[^"\\])*"/s
START: /\\.|[^\s()"\[\]{}<>=~:\\]/s
INNER: /\\.|(?<=[\u05d0-\u05ea])"(?=[\u05d0-\u05ea])|[^\s()"\[\]{}~:\\]/s
WORD: /(?!(AND|OR|NOT|NEAR([~\/]\d{1,4})?)(?![^\s()"]))/ START INNER*
%ignore /\s+/
"""
_QUOTES = str.maketrans(dict.fromkeys("\u201c\u201d\u201e\u201f\u00ab\u00bb\uff02", '"'))


@cache
def _parser() -> Lark:
    return Lark(
        _GRAMMAR, parser="lalr", lexer="contextual", propagate_positions=True, maybe_placeholders=False
    )


def tree_of(text: str) -> Node:
    """Return the tree of a query. Raises QueryError."""
    if len(text) > LENGTH:
        raise QueryError(
            f"it is longer than {LENGTH} characters; split it into several queries", LENGTH, text
        )
    if not text.strip():
        raise QueryError("it is empty; write a word, such as the brand's name", 0, text)
    straight = text.translate(_QUOTES)
    try:
        parsed = _parser().parse(straight)
    except UnexpectedInput as error:
        raise _explained(error, text, straight) from error
    node = Builder(text).node(parsed)
    check(node, text)
    return node


def _explained(error: UnexpectedInput, text: str, straight: str) -> QueryError:
    at: int = getattr(error, "pos_in_stream", None) or 0
    if isinstance(error, UnexpectedToken) and error.token.type == "$END":
        if straight.count("(") > straight.count(")"):
            return QueryError('a parenthesis is never closed; add ")"', straight.rfind("("), text)
        return QueryError("it ends too early; a word or phrase must follow", len(text.rstrip()), text)
    if isinstance(error, UnexpectedCharacters):
        return _odd_character(at, text, straight)
    token = error.token if isinstance(error, UnexpectedToken) else Token("?", text[at : at + 1])
    if token.type == "RPAR":
        reason = 'this ")" closes nothing or stands where a word must follow; remove it or write the word'
    elif token.type in {"_AND", "_OR", "NEAR"}:
        reason = (
            f'{token} needs a word or phrase on both sides; write the missing one, or put "{token}" in quotes'
        )
    else:
        reason = f"{token!s} is not expected here; remove it, or put it in quotes if it is a word to look for"
    return QueryError(reason, at, text)


def _odd_character(at: int, text: str, straight: str) -> QueryError:
    char = straight[at]
    if char == '"':
        return QueryError("a quotation mark is never closed; add the second one", at, text)
    if char == ":":
        start = max(straight.rfind(" ", 0, at), straight.rfind("(", 0, at)) + 1
        name = straight[start:at]
        return QueryError(
            f"there is no field {name!r}; the fields are lang: channel: author: rating:, "
            "and a text with a colon is written in quotes", start, text,
        )  # fmt: skip
    if char == "~":
        return QueryError(
            '"~" needs a number of words and stands after a phrase or NEAR, as in "late order"~5', at, text
        )
    return QueryError(f"{char!r} cannot stand here; remove it or put the term in quotes", at, text)
