//! Schemas for the OpenAPI document of what is the same for many routes.

mod responses;
mod shapes;
mod types;

pub(crate) use self::{
    responses::{Backlogged, Common, Conflict, NotFound, PreconditionFailed},
    shapes::Exact,
    types::{Asterisk, BatchExecution, JobBody, KeyHeader, RedriveBody, RerunBody, TagFilter},
};
