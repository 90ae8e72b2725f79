"""Every request that a function of the platform sends in these tests has to be one AWS accepts."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.client import BaseClient

from tests.service_models import violations


@pytest.fixture(autouse=True)
def _valid_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    send = BaseClient._make_api_call

    def checked(client: BaseClient, operation: str, parameters: dict[str, Any]) -> Any:
        refused = violations(client.meta.service_model.service_name, operation, parameters)
        assert not refused, refused
        return send(client, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", checked)
