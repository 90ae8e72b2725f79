"""The checks of a question: what was derived beside its answer in Postgres, the lake and Valkey.

They follow from the answer's table and from the sections of the question's file.
"""

from __future__ import annotations

import string
from collections.abc import Iterable, Sequence
from datetime import timedelta

from contracts.hot_keys import HotHash, HotKeys, HotSet
from contracts.tables.answer import Answer
from contracts.tables.columns import Column, Table, quoted
from proof.checks import Script, Section
from readers.sql_text import literal


def copied(columns: Iterable[Column]) -> tuple[Column, ...]:
    """The columns whose values the proof reads. A sketch stays in Postgres: how many are in it is a
    column of its own."""
    return tuple(column for column in columns if column.type != "bytes")


def derived_relation(answer: Answer) -> str:
    """The table of the rows that were derived for an answer."""
    return f"derived_{answer.question}"


def checks_of(answer: Answer, script: Script) -> list[Section]:
    """Every check of a question beside the stores of a stack."""
    gold = answer.gold_table
    return [
        _check(
            f"{answer.question} in Postgres equals what is derived from silver",
            _postgres(answer, script, answer.proved),
            script,
        ),
        *([_check(_gold_name(answer, gold), _gold(answer, gold), script)] if gold else []),
        *(
            _check(f"Valkey holds {_plain(keys)} as derived", _hot(answer, keys), script)
            for keys in answer.hot
        ),
        *script.sections_of("check"),
    ]


def file_check_of(answer: Answer, script: Script) -> Section:
    """The check of a question beside raw data files; what was derived is what they say."""
    absent = script.sections_of("not in a file")
    unknown = {name.strip() for part in absent for name in part.name.split(",")}
    columns = [column for column in answer.proved if column.name not in unknown]
    return _check(answer.question, _postgres(answer, script, columns), script)


def _check(name: str, statement: str, script: Script) -> Section:
    return Section("check", name, statement, script.file)


def _gold_name(answer: Answer, gold: Table) -> str:
    return f"{gold.name} equals Postgres" + (" for closed rows" if answer.closes else "")


def _plain(keys: HotKeys) -> str:
    return keys.template.replace("{{{", "{").replace("}}}", "}")


def _postgres(answer: Answer, script: Script, columns: Sequence[Column]) -> str:
    special = {part.name: part.statement for part in script.sections_of("agrees")}
    conditions = [part.statement for part in script.sections_of("compared")]
    return _compared(
        key=answer.table.key,
        derived=f"SELECT {_names(answer.table.key)}, each AS derived "
        f"FROM {derived_relation(answer)} each",
        answered=f"SELECT {_names(answer.table.key)}, "
        f"{_struct([column.name for column in columns])} AS answered "
        f"FROM answers.{answer.table.name} WHERE {' AND '.join(conditions) or 'true'}",
        agrees=[
            special.get(column.name) or _same(column)
            for column in columns
            if column.name not in answer.table.key
        ],
    )


def _gold(answer: Answer, gold: Table) -> str:
    """Gold beside Postgres, whose rows are checked against silver. A row that closed and was opened
    again by a late event is in gold as it was, until it closes once more."""
    assert answer.gold is not None
    key, columns = answer.table.key, copied(gold.columns)
    names = [column.name for column in columns]
    values = [
        f"json_sorted({quoted(column.name)})" if column.type == "json" else quoted(column.name)
        for column in columns
    ]
    row = f"struct_pack({_assigned(names, values)})"
    closed = (
        f"epoch_us({quoted(answer.closes)}) <= (SELECT coalesce(max(epoch_us(closed_until)), -1) "
        f"FROM answers.published WHERE table_name = {literal(gold.name)})"
        if answer.closes
        else "true"
    )
    return _compared(
        key=key,
        derived=f"SELECT {_names(key)}, {row} AS derived, {closed} AS closed "
        f"FROM answers.{answer.table.name} WHERE {answer.gold.only}",
        answered=f"SELECT {_names(key)}, {row} AS answered, "
        f"count(*) OVER (PARTITION BY {_names(key)}) AS copies FROM {gold.name}",
        agrees=["copies = 1", *(_same(column) for column in columns if column.name not in key)],
        only="coalesce(closed, true)",
    )


def _compared(
    *, key: Sequence[str], derived: str, answered: str, agrees: Sequence[str], only: str = "true"
) -> str:
    """A check of two queries: one gives rows `derived`, and the other rows `answered`."""
    both = " AND ".join(
        ["derived IS NOT NULL", "answered IS NOT NULL", *(f"({each})" for each in agrees)]
    )
    return f"""
    SELECT CASE WHEN NOT agrees THEN {_struct(key)} END AS key,
           CASE WHEN NOT agrees THEN coalesce(derived::VARCHAR, 'no row') END AS expected,
           CASE WHEN NOT agrees THEN coalesce(answered::VARCHAR, 'no row') END AS actual, agrees
    FROM (
      SELECT *, coalesce({both}, false) AS agrees
      FROM ({derived}) FULL JOIN ({answered}) USING ({_names(key)}) WHERE {only}
    )
    """


def _same(column: Column) -> str:
    """The condition under which both rows agree in a column; a set has no order."""
    form = "list_sort({})" if column.type == "texts" else "{}"
    answered, derived = (
        form.format(f"{row}.{quoted(column.name)}") for row in ("answered", "derived")
    )
    return f"{answered} IS NOT DISTINCT FROM {derived}"


def _hot(answer: Answer, keys: HotKeys) -> str:
    """Entries of Valkey beside those of derived rows. A key that goes within two minutes may be
    there or gone."""
    return f"""
    SELECT concat(key, ' ', entry) AS key, coalesce(d.value::VARCHAR, 'none') AS expected,
           coalesce(h.value::VARCHAR, 'none') AS actual,
           CASE WHEN h.value IS NULL THEN NOT stays(d.until_us)
                ELSE coalesce(d.value = h.value, false) END AS agrees
    FROM (FROM ({hot_entries(answer, keys)}) WHERE may_be_there(until_us)) d
    FULL JOIN (FROM hot.entries WHERE template = {literal(keys.template)}) h USING (key, entry)
    """


def hot_entries(answer: Answer, keys: HotKeys) -> str:
    """A query of what Valkey must hold: key, entry, value, and until when."""
    if isinstance(keys, HotSet):
        return _set_entries(answer, keys)
    assert isinstance(keys, HotHash)
    return _hash_entries(keys, derived_relation(answer))


def _set_entries(answer: Answer, keys: HotSet) -> str:
    score, parts = _number(answer, keys.score), _names(keys.columns)
    latest = f"max(epoch_us({quoted(keys.moment)})) OVER (PARTITION BY {parts})"
    newest = "true"
    if keys.newest is not None:
        newest = (
            f"rank <= {keys.newest} AND epoch_us({quoted(keys.moment)}) "
            f"> latest_us - {_micros(keys.lasts)}"
        )
    return f"""
    SELECT {_key(keys)} AS key, {quoted(keys.member)}::VARCHAR AS entry, ranked_by AS value,
           latest_us + {_micros(keys.lasts)} AS until_us
    FROM (
      SELECT *, {score} AS ranked_by, {latest} AS latest_us, row_number() OVER (
          PARTITION BY {parts} ORDER BY {score} DESC, {quoted(keys.member)} DESC) AS rank
      FROM {derived_relation(answer)}
    ) WHERE {newest}
    """


def _hash_entries(keys: HotHash, relation: str) -> str:
    summed = [(literal(name), f"CAST(sum({quoted(name)}) AS BIGINT)", "") for name in keys.sums]
    money = [
        (
            f"concat({literal(name + ':')}, {quoted(column)})",
            f"CAST(sum(minor({quoted(name)})) AS BIGINT)",
            f", {quoted(column)}",
        )
        for name, column in keys.money.items()
    ]
    return " UNION ALL ".join(
        f"SELECT {_key(keys)} AS key, {entry} AS entry, {value} AS value, "
        f"max(epoch_us({quoted(keys.moment)})) + {_micros(keys.lasts)} AS until_us "
        f"FROM {relation} GROUP BY {_names(keys.columns)}{more}"
        for entry, value, more in [*summed, *money]
    )


def _key(keys: HotKeys) -> str:
    """The name of a row's key, as an expression."""
    parts = []
    for text, name, form, _ in string.Formatter().parse(keys.template):
        parts.append(literal(text))
        if name and form:
            parts.append(f"strftime(make_timestamp(epoch_us({quoted(name)})), {literal(form)})")
        elif name:
            parts.append(quoted(name))
    return f"concat({', '.join(parts)})"


def _number(answer: Answer, name: str) -> str:
    is_time = answer.table.column(name).type == "timestamp"
    return f"epoch_us({quoted(name)})" if is_time else quoted(name)


def _micros(span: timedelta) -> int:
    return span // timedelta(microseconds=1)


def _names(names: Iterable[str]) -> str:
    return ", ".join(map(quoted, names))


def _struct(names: Sequence[str]) -> str:
    return f"struct_pack({_assigned(names, list(map(quoted, names)))})"


def _assigned(names: Sequence[str], values: Sequence[str]) -> str:
    return ", ".join(
        f"{quoted(name)} := {value}" for name, value in zip(names, values, strict=True)
    )
