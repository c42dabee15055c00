"""SQL for human eyes: laid out by sqlparse, long lists folded."""

from __future__ import annotations

import re
from collections import Counter
from functools import lru_cache

import sqlparse
from sqlparse.exceptions import SQLParseError
from sqlparse.sql import Function, Identifier, IdentifierList
from sqlparse.tokens import DML, Keyword

from glass.wording import WIDTH, count

_SHOWN_COLUMNS = 3
_LONGEST = 4000

_ITEM = r"(?:%s|%\(\w+\)s|\?|NULL|-?\d+(?:\.\d+)?|'(?:[^']|'')*')"
_LONG_LIST = re.compile(rf"(?:{_ITEM},\s*){{10,}}{_ITEM}")
_ROWS = re.compile(r"(\([^()]*\))(?:, \([^()]*\)){2,}")
_TOGETHER = re.compile(
    r"FILTER \(\s+WHERE|INSERT\s+OR\s+IGNORE|DELETE\s+FROM|DO\s+UPDATE\s+SET|DO\s+NOTHING"
)
_FOLD = re.compile(r"__(\d+)_(values|rows)__")
_FOLDED_COLUMNS = re.compile(r"__(\d+)_(columns?)_of__(\S+?)__(?=[\s,]|$)")
_EMPTY_LINE = re.compile(r"\n\s*\n")


@lru_cache(maxsize=1000)
def folded(sql: str) -> str:
    """The statement in short: more than three columns, ten values or two rows are only counted."""
    sql = _shorten_lists(sql.strip())
    try:
        return _layout(_fold_columns(sql))
    except (SQLParseError, RecursionError):
        return sql


@lru_cache(maxsize=1000)
def layout(sql: str) -> str:
    """The whole statement, a clause a line where it is long."""
    sql = _shorten_lists(sql.strip())
    try:
        return _layout(sql)
    except (SQLParseError, RecursionError):
        return sql


def _layout(sql: str) -> str:
    if sql.startswith("CREATE TABLE") and len(sql) > WIDTH:
        return _table(sql)
    if len(sql) > WIDTH or "\n" in sql:
        sql = sqlparse.format(sql, reindent=True, wrap_after=WIDTH, indent_width=2)
        # sqlparse begins a line at every keyword, also inside these.
        sql = _TOGETHER.sub(lambda match: re.sub(r"\s+", " ", match[0]).replace("( ", "("), sql)
        sql = _EMPTY_LINE.sub("\n", sql)
    sql = _FOLDED_COLUMNS.sub(r"... \1 \2 of \3 ...", sql)
    return _FOLD.sub(r"... \1 \2", sql)


def _table(sql: str) -> str:
    """A CREATE TABLE with one column or constraint a line; sqlparse breaks inside them."""
    head, opening, rest = sql.partition("(")
    lines, depth, begin = [], 0, 0
    for place, letter in enumerate(rest):
        depth += (letter == "(") - (letter == ")")
        if (letter == "," and depth == 0) or depth < 0:
            lines.append(f"  {rest[begin:place].strip()}")
            begin = place + 1
        if depth < 0:
            break
    return head + opening + "\n" + ",\n".join(lines) + "\n)" + rest[begin:]


def _shorten_lists(sql: str) -> str:
    # Before sqlparse sees it: an IN list of 3,000 values takes it 0.3 s, 10,000 are refused.
    # One word each, so that no line breaks inside it; _layout puts the spaces back.
    sql = _LONG_LIST.sub(lambda m: f"__{len(re.findall(_ITEM, m[0]))}_values__", sql)
    sql = _ROWS.sub(lambda m: f"{m[1]}, __{m[0].count('(')}_rows__", sql)
    return sql if len(sql) <= _LONGEST else f"{sql[:_LONGEST]} ... {len(sql)} characters"


def _fold_columns(sql: str) -> str:
    statement = sqlparse.parse(sql)[0]
    selecting = False
    for token in statement.tokens:
        if token.ttype is DML and token.normalized == "SELECT":
            selecting = True
        elif token.ttype is Keyword and token.normalized == "FROM":
            break
        elif selecting and isinstance(token, IdentifierList):
            return sql.replace(str(token), _columns(token), 1)
    return sql


def _columns(columns: IdentifierList) -> str:
    """What is shown as "... 11 columns of company_employee ..., COUNT(*) AS n"."""
    plain: Counter[str] = Counter()
    computed = []
    for column in columns.get_identifiers():
        table = column.get_parent_name() if isinstance(column, Identifier) else None
        if table and not any(isinstance(part, Function) for part in column.tokens):
            plain[table] += 1
        else:
            computed.append(str(column))
    if plain.total() <= _SHOWN_COLUMNS:
        return str(columns)
    return ", ".join(
        # One word each, as for long lists.
        [
            *(f"__{count(n, 'column').replace(' ', '_')}_of__{t}__" for t, n in plain.items()),
            *computed,
        ]
    )
