//! Jobs: definitions, and the versions that result from them.

mod aws_target;
mod pause;
mod push;
mod slot_clock;
mod spec;
mod target;
mod validate;
mod validate_aws;
mod validate_elements;
mod validate_limits;
mod work;

use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

pub use self::{
    aws_target::{
        EcsLaunchType, EcsTarget, EventBridgeTarget, LambdaInvocation, LambdaTarget, SqsTarget,
        StepFunctionsTarget,
    },
    pause::{MAX_NOTE_CHARACTERS, Pause},
    push::PushSpec,
    slot_clock::SlotClock,
    spec::JobSpec,
    target::{CommandLine, CommandTarget, CompletedBy, HttpMethod, HttpTarget, Target},
    validate::{MAX_INPUT_BYTES, Problem, validate_job, validate_job_by, validate_push},
    work::{OnFailure, Work},
};
use crate::{JobId, Limits, Timestamp, ZoneData, ZoneStamp, Zones, schedule::Schedule};

/// One version of a job, as stored. A version never changes, except for its pause, and for the names of
/// zone data that make no difference to it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Job {
    pub spec: JobSpec,
    /// Version number. It counts up with each change of the definition, and goes on after a deletion.
    pub version: u64,
    /// Revision of the graph with which this version was committed.
    pub revision: u64,
    pub created_at: Timestamp,
    /// Instant at which this version was accepted. Slots up to this instant belong to the version
    /// before.
    pub updated_at: Timestamp,
    #[serde(flatten, with = "pause")]
    pub pause: Option<Pause>,
    /// Whether this is a tombstone: the job is gone, and its version number goes on.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub deleted: bool,
    /// Zone data for the job's slots. `None` where the time zone makes no difference, and in rows from
    /// before zone data had versions.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zones: Option<ZoneStamp>,
    #[serde(skip)]
    derived: OnceLock<Derived>,
}

/// Values that are worked out once for each version of a job, not again for every slot and attempt.
#[derive(Debug, Clone)]
struct Derived {
    work: Work,
    schedule: Option<Schedule>,
    limits: Option<Limits>,
}

/// Compares what is stored, not the values that are worked out from it.
impl PartialEq for Job {
    fn eq(&self, other: &Self) -> bool {
        let Self { spec, version, revision, created_at, updated_at, pause, deleted, zones, derived: _ } =
            self;
        (spec, version, revision) == (&other.spec, &other.version, &other.revision)
            && (created_at, updated_at, pause, deleted, zones)
                == (&other.created_at, &other.updated_at, &other.pause, &other.deleted, &other.zones)
    }
}

impl Job {
    /// Instant of the pause; slots after it do not start.
    pub fn paused_at(&self) -> Option<Timestamp> {
        self.pause.as_ref().map(|pause| pause.at)
    }

    pub fn is_active(&self) -> bool {
        !self.deleted && self.pause.is_none()
    }

    pub fn new(spec: JobSpec, version: u64, revision: u64, created_at: Timestamp, now: Timestamp) -> Self {
        let derived = OnceLock::new();
        Self {
            spec,
            version,
            revision,
            created_at,
            updated_at: now,
            pause: None,
            deleted: false,
            zones: None,
            derived,
        }
    }

    /// Job with these zone data for its slots.
    #[must_use]
    pub fn judged_by(self, zones: Option<ZoneStamp>) -> Self {
        Self { zones, derived: OnceLock::new(), ..self }
    }

    /// Zone data that judge the job's slots. `None` where its zone does not matter.
    pub fn zone_stamp(&self) -> Option<ZoneStamp> {
        self.spec.has_zone().then(|| self.zones.clone().unwrap_or_default())
    }

    pub fn id(&self) -> &JobId {
        &self.spec.job_id
    }

    /// Parsed schedule. `None` where the job has none. It parses, because the definition was validated
    /// by the same zone data.
    pub fn schedule(&self) -> Option<&Schedule> {
        self.derived().schedule.as_ref()
    }

    pub fn work(&self) -> &Work {
        &self.derived().work
    }

    /// Limits of the job. `None` where nothing is limited.
    pub fn limits(&self) -> Option<&Limits> {
        self.derived().limits.as_ref()
    }

    fn derived(&self) -> &Derived {
        self.derived.get_or_init(|| Derived {
            work: self.spec.work(),
            schedule: self.parsed_schedule(),
            limits: self.spec.limits(),
        })
    }

    /// Parses the schedule by the job's zone data, which the store registered when it read the job. Earlier
    /// versions accepted all kinds of white space between fields, so a stored job may have them.
    fn parsed_schedule(&self) -> Option<Schedule> {
        let zones =
            self.zone_stamp().map_or_else(|| Some(Zones::of(ZoneData::bundled())), |stamp| stamp.zones());
        let zones = zones?;
        let parse = |spec: &JobSpec| spec.parsed_schedule(&zones).ok();
        parse(&self.spec).or_else(|| parse(&self.spec.with_plain_blanks())).flatten()
    }

    pub fn is_scheduled(&self) -> bool {
        self.spec.is_scheduled()
    }

    /// Tag of the state that a client saw, for `ETag` and `If-Match`.
    pub fn etag(&self) -> String {
        let suffix = if self.pause.is_some() { "-paused" } else { "" };
        format!("\"{}{suffix}\"", self.version)
    }
}
