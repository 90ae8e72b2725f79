"""The lake of an environment on AWS, asked with Athena in the workgroup that bounds a query."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from contracts.errors import ShopstreamError

# Columns, rows, and whether there are more.
Found = dict[str, Any]
_LOOK_EVERY_SECONDS = 1.0
_LOOKS = 300
# The most that one page of results has, beside the line of names.
MAX_ROWS = 999


def ask_lake(
    env: str, query: str, athena: Any, sleep: Callable[[float], None] = time.sleep
) -> Found:
    """Columns, rows and whether there are more; a ShopstreamError where Athena refuses the query or
    does not end it. Values are text as Athena gives them."""
    started = athena.start_query_execution(
        QueryString=query,
        WorkGroup=f"shopstream-{env}-analysts",
        QueryExecutionContext={"Catalog": "AwsDataCatalog", "Database": "bronze"},
    )
    asked = {"QueryExecutionId": started["QueryExecutionId"]}
    for _ in range(_LOOKS):
        status = athena.get_query_execution(**asked)["QueryExecution"]["Status"]
        if status["State"] == "SUCCEEDED":
            return _answer(athena.get_query_results(**asked, MaxResults=MAX_ROWS + 1))
        if status["State"] in ("FAILED", "CANCELLED"):
            raise ShopstreamError(
                f"Athena: {status.get('StateChangeReason', status['State'].lower())}"
            )
        sleep(_LOOK_EVERY_SECONDS)
    raise ShopstreamError("Athena has not answered for five minutes", command="try again later")


def _answer(page: Found) -> Found:
    found = page["ResultSet"]
    _, *rows = ([cell.get("VarCharValue") for cell in row["Data"]] for row in found["Rows"])
    columns = [column["Name"] for column in found["ResultSetMetadata"]["ColumnInfo"]]
    return {"columns": columns, "rows": rows, "truncated": "NextToken" in page}
