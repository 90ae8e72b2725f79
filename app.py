"""``cdk synth -c environment=dev|staging|production``: settings to stacks to templates."""

from __future__ import annotations

from aws_cdk import App

from cdk.feature_flags import FLAGS
from cdk.settings import settings
from stacks.environment import environment

app = App(context=FLAGS, analytics_reporting=False)
environment(app, settings(app.node.try_get_context("environment") or "dev"))
app.synth()
