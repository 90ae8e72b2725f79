"""``cdk synth -c environment=dev|staging|production``: settings to stacks to templates."""

from __future__ import annotations

from pathlib import Path

from aws_cdk import App

from cdk.assets.folder import Assets, MissingAssets
from cdk.feature_flags import FLAGS
from cdk.settings import InvalidSettings, settings
from stacks.environment import environment

app = App(context=FLAGS, analytics_reporting=False)
try:
    chosen = settings(app.node.try_get_context("environment") or "dev")
    assets = Assets.at(Path("build/assets"))
    environment(app, chosen, assets)
except (InvalidSettings, MissingAssets) as problem:
    raise SystemExit(f"error: {problem}") from None
app.synth()
