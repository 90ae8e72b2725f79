"""The package of the applications: the deployment uploads the same files that a laptop runs."""

from __future__ import annotations

from aws_cdk import aws_iam as iam
from constructs import Construct

from cdk.assets.build_folder import Assets
from cdk.assets.published_file import PublishedFile
from contracts.aws.spark_submit import Package, Processor


class PublishedPackage(Construct):
    """`package` has the URLs. `code_sha256` is the hash of code.zip."""

    def __init__(self, scope: Construct, id: str, *, assets: Assets, processor: Processor) -> None:
        super().__init__(scope, id)
        code = PublishedFile(self, "Code", path=assets.code)
        entry = PublishedFile(self, "Entry", path=assets.entry)
        jars = [PublishedFile(self, f"Jar-{jar.stem}", path=jar) for jar in assets.jars]
        dependencies = PublishedFile(self, "Dependencies", path=assets.dependencies[processor])
        self._files = (code, entry, *jars, dependencies)
        self.code_sha256 = code.sha256
        # All are in one bucket, whose name is one value of the plan and not one for each file.
        urls = [f"s3://{code.bucket}/{file.key}" for file in self._files]
        self.package = Package(urls[0], urls[1], tuple(urls[2:-1]), urls[-1])

    def grant_read(self, grantee: iam.IGrantable) -> None:
        """Read its files, and nothing beside them."""
        for file in self._files:
            file.grant_read(grantee)
