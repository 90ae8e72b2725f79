"""The network: private subnets in three zones, and the ways out that are needed."""

from __future__ import annotations

from aws_cdk import Aws, Environment, Fn, RemovalPolicy, Stack, Tags
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_logs as logs
from constructs import Construct

from cdk.emr.cluster import EMR_TAG
from cdk.log_retention import retention
from cdk.outputs import tell
from cdk.settings import Compute, EnvironmentSettings
from cdk.settings.parts import ZONES

PRIVATE = "private"

# The services that jobs and functions call. Each endpoint costs in every zone. Metrics are lines of
# logs, Lambda's provisioned pollers need no endpoint, and analysts are outside the network.
_SERVICES = {
    "Glue": ec2.InterfaceVpcEndpointAwsService.GLUE,
    "Kms": ec2.InterfaceVpcEndpointAwsService.KMS,
    "Logs": ec2.InterfaceVpcEndpointAwsService.CLOUDWATCH_LOGS,
    "Secrets": ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
    "Sns": ec2.InterfaceVpcEndpointAwsService.SNS,
    "Ssm": ec2.InterfaceVpcEndpointAwsService.SSM,
    "Sts": ec2.InterfaceVpcEndpointAwsService.STS,
}
_COMPUTE: dict[Compute, ec2.InterfaceVpcEndpointAwsService] = {
    "ec2": ec2.InterfaceVpcEndpointAwsService.EMR,
    "serverless": ec2.InterfaceVpcEndpointAwsService.EMR_SERVERLESS,
}


class NetworkStack(Stack):
    """`vpc` has one subnet group, ``private``. A second one, ``public``, exists only for NAT
    gateways. `emr_service_access` is how an EMR cluster reaches its service; it is None without a
    cluster."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: EnvironmentSettings,
        env: Environment | None = None,
    ) -> None:
        super().__init__(scope, id, env=env, termination_protection=settings.deletion_protection)
        self.vpc = self._own(settings) if settings.vpc_id is None else self._existing(settings)
        if settings.internet == "endpoints":
            self._endpoints(settings)
        tell(self, VpcId=self.vpc.vpc_id)
        self.emr_service_access = self._emr_cell(settings) if settings.compute == "ec2" else None

    def _own(self, settings: EnvironmentSettings) -> ec2.IVpc:
        nat = settings.internet == "nat"
        vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr(settings.vpc_cidr),
            # They are named one by one, because a stack without an account gets only two zones.
            availability_zones=list(settings.zones)
            or [Fn.select(zone, Fn.get_azs()) for zone in range(ZONES)],
            nat_gateways=ZONES if nat else 0,
            subnet_configuration=_subnets(nat),
        )
        self._flow_logs(vpc, settings)
        # It is free of charge, and the lake's bytes do not pass a NAT gateway.
        vpc.add_gateway_endpoint("S3", service=ec2.GatewayVpcEndpointAwsService.S3)
        return vpc

    def _existing(self, settings: EnvironmentSettings) -> ec2.IVpc:
        """The shop's network. Its flow logs, its endpoint of S3 and its routes are the shop's."""
        vpc_id = settings.vpc_id
        assert vpc_id is not None
        return ec2.Vpc.from_vpc_attributes(
            self,
            "Vpc",
            vpc_id=vpc_id,
            vpc_cidr_block=settings.vpc_cidr,
            availability_zones=list(settings.zones),
            private_subnet_ids=list(settings.vpc_subnets),
            private_subnet_names=[PRIVATE],
        )

    def _flow_logs(self, vpc: ec2.Vpc, settings: EnvironmentSettings) -> None:
        group = logs.LogGroup(
            self,
            "FlowLogs",
            retention=retention(settings.log_days),
            removal_policy=RemovalPolicy.DESTROY,
        )
        vpc.add_flow_log(
            "FlowLog",
            destination=ec2.FlowLogDestination.to_cloud_watch_logs(group),
            traffic_type=ec2.FlowLogTrafficType.REJECT,
        )

    def _endpoints(self, settings: EnvironmentSettings) -> None:
        doors = self._doors("Endpoints", settings, "Services of AWS, from inside")
        for name, service in {**_SERVICES, "Emr": _COMPUTE[settings.compute]}.items():
            self._endpoint(name, service, doors)
        # The service's former name accepts no new connections (MSK's guide, "Interface VPC
        # Endpoints").
        kafka = ec2.InterfaceVpcEndpointService(f"aws.api.{Aws.REGION}.kafka-api")
        self._endpoint("KafkaApi", kafka, doors)

    def _emr_cell(self, settings: EnvironmentSettings) -> ec2.SecurityGroup:
        """Since its releases 8.x, EMR speaks to machines in private subnets only by this endpoint,
        even with NAT."""
        doors = self._doors("EmrServiceAccess", settings, "EMR, from its machines")
        cell = f"aws.api.{Aws.REGION}.emr-service-cell01"
        self._endpoint("EmrCell", ec2.InterfaceVpcEndpointService(cell), doors)
        for scope in (self.vpc, doors):
            Tags.of(scope).add(
                EMR_TAG,
                "true",
                include_resource_types=[
                    "AWS::EC2::SecurityGroup",
                    "AWS::EC2::Subnet",
                    "AWS::EC2::VPC",
                ],
            )
        return doors

    def _doors(self, id: str, settings: EnvironmentSettings, description: str) -> ec2.SecurityGroup:
        group = ec2.SecurityGroup(
            self, id, vpc=self.vpc, description=description, allow_all_outbound=False
        )
        group.add_ingress_rule(ec2.Peer.ipv4(settings.vpc_cidr), ec2.Port.tcp(443))
        return group

    def _endpoint(
        self, name: str, service: ec2.IInterfaceVpcEndpointService, doors: ec2.SecurityGroup
    ) -> None:
        self.vpc.add_interface_endpoint(
            name,
            service=service,
            subnets=ec2.SubnetSelection(subnet_group_name=PRIVATE),
            private_dns_enabled=True,
            open=False,
            security_groups=[doors],
        )


def _subnets(nat: bool) -> list[ec2.SubnetConfiguration]:
    kind = ec2.SubnetType.PRIVATE_WITH_EGRESS if nat else ec2.SubnetType.PRIVATE_ISOLATED
    private = ec2.SubnetConfiguration(name=PRIVATE, subnet_type=kind)
    if not nat:
        return [private]
    public = ec2.SubnetConfiguration(
        name="public",
        subnet_type=ec2.SubnetType.PUBLIC,
        cidr_mask=26,
        map_public_ip_on_launch=False,
    )
    return [private, public]
