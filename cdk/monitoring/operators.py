"""The people whom alarms reach, and the budget that reaches the same people."""

from __future__ import annotations

from aws_cdk import Aws
from aws_cdk import aws_budgets as budgets
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from cdk.monitoring.alarms import link
from cdk.settings import EnvironmentSettings

BUDGET_SECTION = "monthly budget"
_FORECAST_PERCENT = 80
_ACTUAL_PERCENT = 100


class OperatorTopic(sns.Topic):
    """Encrypted, and only over TLS. CloudWatch and Budgets of this account may write to it. It
    mails `settings.alarm_email`, who has to confirm once."""

    def __init__(
        self, scope: Construct, id: str, *, settings: EnvironmentSettings, key: kms.IKey
    ) -> None:
        super().__init__(
            scope,
            id,
            display_name=f"Shopstream {settings.environment}: alarms",
            master_key=key,
            enforce_ssl=True,
        )
        # A policy of our own replaces the default one, which lets the account's alarms in.
        for service in ("cloudwatch", "budgets"):
            self.add_to_resource_policy(
                iam.PolicyStatement(
                    actions=["sns:Publish"],
                    principals=[iam.ServicePrincipal(f"{service}.amazonaws.com")],
                    resources=[self.topic_arn],
                    conditions={"StringEquals": {"aws:SourceAccount": Aws.ACCOUNT_ID}},
                )
            )
        if settings.alarm_email:
            self.add_subscription(subscriptions.EmailSubscription(settings.alarm_email))


class MonthlyBudget(Construct):
    """A budget of the whole account. A filter by tag would see nothing until somebody activates the
    tag for billing, and a budget that sees nothing never warns."""

    def __init__(
        self, scope: Construct, id: str, *, settings: EnvironmentSettings, topic: sns.ITopic
    ) -> None:
        super().__init__(scope, id)
        budget = budgets.CfnBudget
        subscriber = budget.SubscriberProperty(address=topic.topic_arn, subscription_type="SNS")
        warnings = (("FORECASTED", _FORECAST_PERCENT), ("ACTUAL", _ACTUAL_PERCENT))
        resource = budget(
            self,
            "Resource",
            budget=budget.BudgetDataProperty(
                budget_name=settings.name("monthly"),
                budget_type="COST",
                time_unit="MONTHLY",
                budget_limit=budget.SpendProperty(amount=settings.monthly_budget, unit="USD"),
            ),
            notifications_with_subscribers=[
                budget.NotificationWithSubscribersProperty(
                    notification=budget.NotificationProperty(
                        comparison_operator="GREATER_THAN",
                        notification_type=kind,
                        threshold=percent,
                        threshold_type="PERCENTAGE",
                    ),
                    subscribers=[subscriber],
                )
                for kind, percent in warnings
            ],
        )
        # A budget has no description, so the template says where to read on.
        resource.add_metadata("runbook", link(BUDGET_SECTION))
        # AWS Budgets tests the topic when it makes the budget.
        resource.node.add_dependency(topic)
