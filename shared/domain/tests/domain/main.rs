//! Tests of the rules from outside, in one program: each program is linked anew.

mod aws_targets;
mod definitions;
mod rules_graph;
mod rules_trigger_rule;
mod schedule_aws;
mod schedule_croner;
mod schedule_dst;
mod schedule_errors;
mod schedule_intervals;
mod schedule_oracle;
mod schedule_properties;
mod schedule_unix;
mod schedule_zones;
mod transitions;
mod waits;
