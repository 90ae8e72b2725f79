"""An environment of ours on a LocalStack: synthesized, reduced, deployed by the CDK command."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from cdk.settings import settings
from tests.architecture.tree import ROOT
from tests.localstack.reduction import NEED_A_FUNCTION, reduce_assembly
from tests.localstack.server import resource_types
from tests.stacks.templates import assemble

REGION = "us-east-1"
# The only environment whose stacks may be destroyed without asking twice.
ENVIRONMENT = "dev"
_CDK_SECONDS = 300


@dataclass(frozen=True)
class Cloud:
    """`expected`: types of the resources that are to be made, by stack and logical id."""

    url: str
    folder: Path
    expected: dict[str, dict[str, str]]

    def cdk(self, *words: str) -> None:
        """Run the pinned command; what it said is in the failure."""
        result = subprocess.run(
            [
                ROOT / "node_modules" / ".bin" / "cdk",
                "--no-notices",
                "--ci",
                "--app",
                "cdk.out",
                *words,
            ],
            env=self._environment(),
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=_CDK_SECONDS,
            check=False,
        )
        assert result.returncode == 0, f"cdk {' '.join(words)}\n{result.stdout}\n{result.stderr}"

    def client(self, service: str) -> Any:
        """A client of boto3, aimed as the command is."""
        return boto3.client(
            service,
            endpoint_url=self.url,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"max_attempts": 1}),
        )

    def physical_id(self, stack: str, logical_id: str) -> str:
        """What a resource of a stack is called here."""
        detail = self.client("cloudformation").describe_stack_resource(
            StackName=f"shopstream-{ENVIRONMENT}-{stack}", LogicalResourceId=logical_id
        )["StackResourceDetail"]
        return str(detail["PhysicalResourceId"])

    def templates(self) -> dict[str, dict[str, Any]]:
        """The templates as they were deployed, by the stack's name without its environment."""
        return {
            stack.rpartition("-")[2]: json.loads(
                (self.folder / "cdk.out" / f"{stack}.template.json").read_text()
            )
            for stack in self.expected
        }

    def _environment(self) -> dict[str, str]:
        return {
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
            "HOME": str(self.folder),
            "TMPDIR": str(self.folder),
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
            "AWS_EC2_METADATA_DISABLED": "true",
            "AWS_ENDPOINT_URL": self.url,
            # Of its own, or the name of the bucket becomes part of the host's name.
            "AWS_ENDPOINT_URL_S3": self.url,
            "CDK_DISABLE_CLI_TELEMETRY": "true",
        }


def synthesized(url: str, folder: Path) -> Cloud:
    """The environment's templates in `folder`, reduced to what the LocalStack at `url` makes."""
    assembly = folder / "cdk.out"
    assemble(settings(ENVIRONMENT), str(assembly))
    expected = reduce_assembly(assembly, resource_types() - NEED_A_FUNCTION)
    return Cloud(url, folder, expected)
