"""A file that a deployment uploads under the hash of its bytes."""

from __future__ import annotations

import hashlib
import shutil
from pathlib import Path

from aws_cdk import FileAssetPackaging, Stack, Stage
from aws_cdk import aws_iam as iam
from constructs import Construct

from cdk.grants import allow


class PublishedFile(Construct):
    """`sha256` is the hash of the file itself, so it can be compared with what runs elsewhere."""

    def __init__(self, scope: Construct, id: str, *, path: Path) -> None:
        super().__init__(scope, id)
        with path.open("rb") as file:
            self.sha256 = hashlib.file_digest(file, "sha256").hexdigest()
        stage = Stage.of(self)
        assert stage is not None
        staged = Path(stage.asset_outdir) / f"asset.{self.sha256}{path.suffix}"
        if not staged.exists():
            shutil.copyfile(path, staged)
        location = Stack.of(self).synthesizer.add_file_asset(
            source_hash=self.sha256,
            file_name=staged.name,
            packaging=FileAssetPackaging.FILE,
            display_name=f"{id} {path.name}",
        )
        self.bucket, self.key = location.bucket_name, location.object_key
        self.url = f"s3://{self.bucket}/{self.key}"

    def grant_read(self, grantee: iam.IGrantable) -> None:
        """Read this file, and nothing beside it."""
        allow(grantee, ["s3:GetObject"], [self._arn(self.key)])

    def grant_read_alike(self, grantee: iam.IGrantable, *, because: str) -> None:
        """Read every uploaded file with the suffix of this one. `because` says why."""
        alike = self._arn(f"*{Path(self.key).suffix}")
        allow(grantee, ["s3:GetObject"], [alike], because=because)

    def _arn(self, key: str) -> str:
        resource = f"{self.bucket}/{key}"
        return Stack.of(self).format_arn(service="s3", region="", account="", resource=resource)
