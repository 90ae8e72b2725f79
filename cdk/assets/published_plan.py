"""The job plan as a file that a deployment uploads under the hash of its bytes."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path

from aws_cdk import Stack, Stage
from aws_cdk import aws_iam as iam
from constructs import Construct

from cdk.assets.published_file import PublishedFile
from contracts.aws.job_plan import JobPlan
from contracts.aws.published_plan import SUFFIX, taken_apart

# How the CDK writes what CloudFormation fills in.
_TOKEN = re.compile(r"\$\{Token\[[^\]]+\]\}")


class PublishedPlan(Construct):
    """`variables` tell a function where the plan is and what goes into its places. The plan itself
    would fill the 4,096 bytes that Lambda gives to all variables together."""

    def __init__(self, scope: Construct, id: str, *, plan: JobPlan) -> None:
        super().__init__(scope, id)
        text, values = taken_apart(json.dumps(plan.document(), sort_keys=True), _TOKEN)
        stage = Stage.of(self)
        assert stage is not None
        digest = hashlib.sha256(text.encode()).hexdigest()
        path = Path(stage.asset_outdir) / f"asset.{digest}{SUFFIX}"
        path.write_text(text, encoding="utf-8")
        self._file = PublishedFile(self, "File", path=path)
        self.variables: Mapping[str, str] = {
            "JOB_PLAN": self._file.url,
            "JOB_PLAN_VALUES": Stack.of(self).to_json_string(values),
        }

    def grant_read(self, grantee: iam.IGrantable) -> None:
        """Read the plans of this and of other deployments."""
        self._file.grant_read_alike(
            grantee,
            because="Each plan has its own name, and a new grant takes effect later than the "
            "function that reads it.",
        )
