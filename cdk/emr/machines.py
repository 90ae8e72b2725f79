"""Machines of an EMR cluster: fleets, their limits, and the network between them."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_emr as emr
from constructs import Construct

from cdk.foundation import Foundation
from cdk.settings.parts import EmrSettings

# For the shuffle and the state of a few streams. Everything else is in S3 and Postgres.
_DISK_GB = 64
# Without Spot capacity a machine comes from the on-demand market after this long.
_SPOT_PATIENCE_MINUTES = 10

_Cluster = emr.CfnCluster
_Fleet = _Cluster.InstanceFleetConfigProperty
_Launch = _Cluster.InstanceFleetProvisioningSpecificationsProperty


class MachineNetwork(Construct):
    """`primary` and `workers` talk to one another and to AWS. The stores let `jobs` in."""

    def __init__(self, scope: Construct, id: str, *, foundation: Foundation) -> None:
        super().__init__(scope, id)
        self.primary, self.workers, self.jobs = (
            foundation.security_group(self, name, f"EMR: {name.lower()}")
            for name in ("Primary", "Workers", "Jobs")
        )
        inside = ec2.Peer.ipv4(foundation.settings.vpc_cidr)
        for group in (self.primary, self.workers):
            group.add_egress_rule(inside, ec2.Port.all_traffic(), "Machines and endpoints")
            group.add_egress_rule(ec2.Peer.any_ipv4(), ec2.Port.tcp(443), "S3 by its gateway")
            # EMR would add these rules itself, and then the stack could not remove the groups.
            for peer in (self.primary, self.workers):
                for port in (ec2.Port.all_tcp(), ec2.Port.all_udp(), ec2.Port.all_icmp()):
                    group.add_ingress_rule(peer, port)


def instances(
    foundation: Foundation, network: MachineNetwork, service_access: ec2.ISecurityGroup
) -> _Cluster.JobFlowInstancesConfigProperty:
    """The fleets and their subnets, of which EMR takes the one with the most capacity."""
    settings = foundation.settings.emr
    task = fleet("Task", settings.task_types, spot=1)
    return _Cluster.JobFlowInstancesConfigProperty(
        ec2_subnet_ids=foundation.subnet_ids,
        emr_managed_master_security_group=network.primary.security_group_id,
        emr_managed_slave_security_group=network.workers.security_group_id,
        service_access_security_group=service_access.security_group_id,
        additional_master_security_groups=[network.jobs.security_group_id],
        additional_slave_security_groups=[network.jobs.security_group_id],
        master_instance_fleet=fleet("Primary", [settings.primary_type], on_demand=1),
        core_instance_fleet=fleet("Core", settings.core_types, on_demand=settings.core_units),
        task_instance_fleets=[task] if settings.max_task_units else [],
        keep_job_flow_alive_when_no_steps=True,
        # It holds no data. Its replacement takes over, so it must be possible to delete it.
        termination_protected=False,
        unhealthy_node_replacement=True,
    )


def fleet(name: str, types: Sequence[str], *, on_demand: int = 0, spot: int = 0) -> _Fleet:
    """A fleet of machines of any of `types`. Each machine is one unit."""
    launch = (
        _Launch(
            spot_specification=_Cluster.SpotProvisioningSpecificationProperty(
                allocation_strategy="price-capacity-optimized",
                timeout_action="SWITCH_TO_ON_DEMAND",
                timeout_duration_minutes=_SPOT_PATIENCE_MINUTES,
            )
        )
        if spot
        else _Launch(
            on_demand_specification=_Cluster.OnDemandProvisioningSpecificationProperty(
                allocation_strategy="lowest-price"
            )
        )
    )
    return _Fleet(
        name=name,
        target_on_demand_capacity=on_demand,
        target_spot_capacity=spot,
        instance_type_configs=[_machine(each) for each in types],
        launch_specifications=launch,
    )


def managed_scaling(settings: EmrSettings) -> _Cluster.ManagedScalingPolicyProperty:
    """Task machines come and go with the work that waits in YARN. Core machines stay."""
    return _Cluster.ManagedScalingPolicyProperty(
        compute_limits=_Cluster.ComputeLimitsProperty(
            unit_type="InstanceFleetUnits",
            minimum_capacity_units=settings.core_units,
            maximum_capacity_units=settings.core_units + settings.max_task_units,
            maximum_core_capacity_units=settings.core_units,
            maximum_on_demand_capacity_units=settings.core_units,
        )
    )


def _machine(instance_type: str) -> _Cluster.InstanceTypeConfigProperty:
    volume = _Cluster.VolumeSpecificationProperty(volume_type="gp3", size_in_gb=_DISK_GB)
    return _Cluster.InstanceTypeConfigProperty(
        instance_type=instance_type,
        weighted_capacity=1,
        ebs_configuration=_Cluster.EbsConfigurationProperty(
            ebs_block_device_configs=[
                _Cluster.EbsBlockDeviceConfigProperty(volume_specification=volume)
            ]
        ),
    )
