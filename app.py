"""``cdk synth -c environment=dev|staging|production -c settings=FILE``: settings to stacks to
templates."""

from __future__ import annotations

from pathlib import Path

from aws_cdk import App

from cdk.assets.build_folder import Assets, MissingAssets
from cdk.feature_flags import FLAGS
from cdk.settings import EnvironmentSettings
from cdk.settings.file import chosen_settings
from cdk.settings.parts import InvalidSettings
from cdk.settings.placeholders import placeholders
from stacks.environment import environment


def refuse_examples(chosen: EnvironmentSettings) -> None:
    """Raises InvalidSettings with every setting that is still an example."""
    found = [f"\n  {name}: {rule}" for name, rule in placeholders(chosen)]
    if found:
        raise InvalidSettings(
            f"settings of {chosen.environment}: a deployment would fail or tell nobody"
            f"{''.join(found)}"
        )


app = App(context=FLAGS, analytics_reporting=False)
try:
    file = app.node.try_get_context("settings")
    chosen = chosen_settings(app.node.try_get_context("environment"), Path(file) if file else None)
    # `shopstream cost` prices templates that are never deployed.
    if not app.node.try_get_context("examples"):
        refuse_examples(chosen)
    assets = Assets.at(Path("build/assets"))
    environment(app, chosen, assets)
except (InvalidSettings, MissingAssets) as problem:
    raise SystemExit(f"error: {problem}") from None
app.synth()
