"""What the job controller keeps running: the template holds it, and the function reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from contracts.applications import Endpoints, application
from contracts.aws.spark_submit import Package, Platform, Sizes, Submission


@dataclass(frozen=True)
class JobPlan:
    """`target` is the id of a cluster (yarn) or of an EMR Serverless application, which alone has
    `roles`: ARNs by application. `endpoints` has no brokers, because at each start their addresses
    are asked for by `kafka_cluster`, an ARN. `triggers` are in seconds."""

    platform: Platform
    target: str
    region: str
    kafka_cluster: str
    package: Package
    endpoints: Endpoints
    sizes: Mapping[str, Sizes]
    triggers: Mapping[str, int]
    roles: Mapping[str, str]
    log_url: str

    def submissions(self, bootstrap_servers: str = "") -> dict[str, Submission]:
        """What is to run, by application."""
        endpoints = replace(self.endpoints, bootstrap_servers=bootstrap_servers)
        return {
            name: Submission(
                application(name),
                self.package,
                self.platform,
                self.sizes[name],
                endpoints,
                trigger,
                self.region,
            )
            for name, trigger in self.triggers.items()
        }

    def document(self) -> dict[str, Any]:
        """The plan for JSON, with a list where the plan has a tuple."""
        document = asdict(self)
        document["package"]["jars"] = list(self.package.jars)
        return document

    @classmethod
    def from_json(cls, text: str) -> JobPlan:
        """The plan of `document`; TypeError or KeyError on anything else."""
        stored = json.loads(text)
        package = stored["package"]
        return cls(
            **{
                **stored,
                "package": Package(**{**package, "jars": tuple(package["jars"])}),
                "endpoints": Endpoints(**stored["endpoints"]),
                "sizes": {name: Sizes(**sizes) for name, sizes in stored["sizes"].items()},
            }
        )
