"""From lark's parse tree to ours: folds words, resolves NEAR chains and fields, and keeps every position."""

from __future__ import annotations

import math
import re
from typing import Literal, cast

from lark import Token, Tree

from listener.query.error import QueryError
from listener.query.limits import DEPTH
from listener.query.tree import And, Is, Near, Node, Not, Or, Part, Rating, Term
from listener.text import fold, words

_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_DEFAULT_DISTANCE = 5  # words, for a bare NEAR
_STAR = "zqstarqz"  # stands for * while a pattern is split into words: letters stay together around it


class Builder:
    """Builds one query. Raises QueryError."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._depth = 0

    def node(self, tree: Tree[Token] | Token) -> Node:
        """Return our node for a node of the parse tree."""
        tree = cast("Tree[Token]", tree)
        kind, children = tree.data, tree.children
        if kind in {"any_of", "all_of"}:
            return self._several(kind, [self.node(child) for child in children])
        if kind == "negated":
            return self._negated(children)
        if kind == "group":
            return self._deeper(children[0])
        if kind == "near":
            return self._near(children)
        if kind == "field":
            return self._field(cast("Token", children[0]), cast("Tree[Token]", children[1]))
        return self._term(cast("list[Token]", children))

    def _several(self, kind: str, nodes: list[Node]) -> Node:
        made = Or if kind == "any_of" else And
        if len(nodes) == 1:
            return nodes[0]
        flat: list[Node] = []
        for node in nodes:
            flat.extend(node.of if isinstance(node, made) else (node,))
        return made(tuple(flat))

    def _negated(self, children: list[Tree[Token] | Token]) -> Node:
        inner = self._deeper(children[1])
        return inner.of if isinstance(inner, Not) else Not(inner, position=self._at(children[0]))

    def _deeper(self, child: Tree[Token] | Token) -> Node:
        self._depth += 1
        if self._depth > DEPTH:
            reason = f"it is nested deeper than {DEPTH} levels; write it flatter"
            raise QueryError(reason, self._at(child), self.text)
        made = self.node(child)
        self._depth -= 1
        return made

    def _near(self, children: list[Tree[Token] | Token]) -> Node:
        operands = [self._alternatives(child) for child in children[::2]]
        pairs: list[Node] = []
        for index, sign in enumerate(children[1::2]):
            token = cast("Token", sign)
            number = re.search(r"\d+", token)
            within = int(number[0]) if number else _DEFAULT_DISTANCE
            pairs.append(Near(operands[index], operands[index + 1], within, position=self._at(token)))
        return pairs[0] if len(pairs) == 1 else And(tuple(pairs))

    def _alternatives(self, child: Tree[Token] | Token) -> tuple[Term, ...]:
        node = self.node(child)
        terms = node.of if isinstance(node, Or) else (node,)
        if all(isinstance(term, Term) and term.within is None for term in terms):
            return cast("tuple[Term, ...]", terms)
        reason = "NEAR joins words, phrases and (a OR b) groups of them; take AND, NOT and fields out of it"
        raise QueryError(reason, self._at(child), self.text)

    def _term(self, tokens: list[Token]) -> Term:
        token, *distance = tokens
        raw = token[1:-1] if token.type == "PHRASE" else str(token)
        raw = _ESCAPED.sub(r"\1", raw)
        sigil = raw[0] if token.type == "WORD" and raw[:1] in {"@", "#"} else ""
        parts = self._parts(raw, self._at(token))
        if distance and len(parts) == 1:
            reason = 'a distance needs at least two words, as in "late order"~5; spelling variants are written word*'
            raise QueryError(reason, self._at(distance[0]), self.text)
        return Term(
            parts,
            written=raw.strip(),
            sigil=cast("Literal['', '@', '#']", sigil if len(parts) == 1 else ""),
            within=int(distance[0][1:]) if distance else None,
            position=self._at(token),
        )

    def _parts(self, raw: str, at: int) -> tuple[Part, ...]:
        found = [word.replace(_STAR, "*") for word in words(fold(raw).replace("*", _STAR))]
        if not found:
            reason = "there is no letter, digit or emoji to look for; punctuation alone is not searched"
            raise QueryError(reason, at, self.text)
        for word in found:
            if "*" in word and len(word.replace("*", "")) < 2:  # noqa: PLR2004 - said in the message
                raise QueryError("a wildcard needs at least two letters beside it", at, self.text)
        return tuple(Part(re.sub(r"\*+", "*", word)) for word in found)

    def _field(self, name: Token, value: Tree[Token]) -> Node:
        field, at = name[:-1].lower(), self._at(name)
        tokens = [cast("Token", child) for child in value.children]
        if field == "rating":
            return self._rating(value.data, tokens, at)
        if value.data != "is_value":
            raise QueryError(f"{field}: takes a value, not a comparison; write {field}:value", at, self.text)
        found: list[Node] = []
        for token in tokens:
            raw = token[1:-1] if token.type == "PHRASE" else str(token)
            plain = fold(_ESCAPED.sub(r"\1", raw)).strip()
            found.append(Is(cast("Literal['lang', 'channel', 'author']", field), plain, position=at))
        return found[0] if len(found) == 1 else Or(tuple(found))

    def _rating(self, kind: str, tokens: list[Token], at: int) -> Node:
        if kind == "ranged":
            opening, low, _, high, closing = tokens
            return Rating(
                self._number(low), self._number(high),
                low_open=opening == "{", high_open=closing == "}", position=at,
            )  # fmt: skip
        if kind == "compared":
            sign, number = tokens[0], self._number(tokens[1])
            if sign[0] == "<":
                return Rating(None, number, high_open=sign == "<", position=at)
            if sign[0] == ">":
                return Rating(number, None, low_open=sign == ">", position=at)
            return Rating(number, number, position=at)
        found: list[Node] = [Rating(number, number, position=at) for number in map(self._number, tokens)]
        return found[0] if len(found) == 1 else Or(tuple(found))

    def _number(self, token: Token) -> float | None:
        if token == "*":  # noqa: S105 - a token of the grammar
            return None
        try:
            number = float(token)
        except ValueError:
            number = math.nan
        if not math.isfinite(number):
            reason = f"{token!s} is not a number; write rating:4, rating:<3 or rating:[1 TO 2]"
            raise QueryError(reason, self._at(token), self.text)
        return number

    def _at(self, item: Tree[Token] | Token) -> int:
        at = item.start_pos if isinstance(item, Token) else getattr(item.meta, "start_pos", 0)
        return at or 0
