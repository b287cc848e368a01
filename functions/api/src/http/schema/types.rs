//! Schemas of the types that are read by hand.

use std::borrow::Cow;

use belfry_domain::{ExecutionId, IdempotencyKey, Job, JobId, JobSpec, PushSpec, Status};
use serde_json::json;
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        KnownFormat, Object, Ref, RefOr, Schema, SchemaFormat,
        schema::{
            AdditionalProperties, ArrayBuilder, ObjectBuilder, OneOfBuilder, RefBuilder, SchemaType, Type,
        },
    },
};

use crate::http::problem::ApiError;

type Collected = Vec<(String, RefOr<Schema>)>;

fn object_of<T: PartialSchema>() -> Object {
    match T::schema() {
        RefOr::T(Schema::Object(object)) => object,
        _ => Object::new(),
    }
}

fn reference(name: &str) -> Ref {
    Ref::from_schema_name(name)
}

fn described(name: &str, description: &str) -> Ref {
    RefBuilder::new().ref_location_from_schema_name(name).description(Some(description)).build()
}

fn execution_ids(description: &str) -> ArrayBuilder {
    ArrayBuilder::new()
        .items(reference("ExecutionId"))
        .min_items(Some(1))
        .max_items(Some(1000))
        .description(Some(description))
}

/// Definition of a job whose id may be left out, because the path has it.
pub struct JobBody;

impl PartialSchema for JobBody {
    fn schema() -> RefOr<Schema> {
        let mut object = object_of::<JobSpec>();
        object.required.retain(|field| field != "job_id");
        object.description = Some("A job's definition; `job_id` is the one in the path.".to_owned());
        Schema::Object(object).into()
    }
}

impl ToSchema for JobBody {
    fn name() -> Cow<'static, str> {
        "JobBody".into()
    }

    fn schemas(schemas: &mut Collected) {
        JobSpec::schemas(schemas);
    }
}

/// Push with its idempotency key among its fields.
pub struct BatchExecution;

impl PartialSchema for BatchExecution {
    fn schema() -> RefOr<Schema> {
        let mut object = object_of::<PushSpec>();
        let key = OneOfBuilder::new()
            .item(ObjectBuilder::new().schema_type(SchemaType::new(Type::Null)))
            .item(reference("IdempotencyKey"))
            .description(Some("Key under which the entry may be repeated. Default: none."));
        object.properties.insert("idempotency_key".to_owned(), key.into());
        object.description =
            Some("One-time work with its target inline, and its idempotency key.".to_owned());
        Schema::Object(object).into()
    }
}

impl ToSchema for BatchExecution {
    fn name() -> Cow<'static, str> {
        "BatchExecution".into()
    }

    fn schemas(schemas: &mut Collected) {
        schemas.push((IdempotencyKey::name().into(), IdempotencyKey::schema()));
        PushSpec::schemas(schemas);
    }
}

/// Selection of dead letters, named in exactly one way.
pub struct RedriveBody;

impl PartialSchema for RedriveBody {
    fn schema() -> RefOr<Schema> {
        let yes = ObjectBuilder::new()
            .schema_type(SchemaType::new(Type::Boolean))
            .enum_values(Some([true]))
            .description(Some("Redrive all dead letters."));
        OneOfBuilder::new()
            .item(only("execution_ids", execution_ids("Dead letters to redrive, 1 to 1,000.")))
            .item(only("job_id", described("JobId", "Job whose dead letters to redrive.")))
            .item(only("all", yes))
            .examples([json!({"job_id": "daily_report"})])
            .into()
    }
}

fn only(field: &str, schema: impl Into<RefOr<Schema>>) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(SchemaType::new(Type::Object))
        .property(field, schema)
        .required(field)
        .additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(false)))
}

impl ToSchema for RedriveBody {
    fn name() -> Cow<'static, str> {
        "RedriveRequest".into()
    }

    fn schemas(schemas: &mut Collected) {
        schemas.push((ExecutionId::name().into(), ExecutionId::schema()));
        schemas.push((JobId::name().into(), JobId::schema()));
    }
}

/// Selection of executions to run again, named in exactly one way.
pub struct RerunBody;

impl PartialSchema for RerunBody {
    fn schema() -> RefOr<Schema> {
        let dry_run = || {
            ObjectBuilder::new()
                .schema_type(SchemaType::new(Type::Boolean))
                .description(Some("Whether to answer with the plan and write nothing. Default false."))
        };
        let limit = ObjectBuilder::new()
            .schema_type(or_null(Type::Integer))
            .minimum(Some(1))
            .maximum(Some(1000))
            .description(Some("Maximum number of executions to select. 1 to 1,000. Default 100."));
        let cursor = text("^([A-Za-z0-9_-]{4})*$")
            .schema_type(or_null(Type::String))
            .description(Some("Value of `next_cursor` in the answer before. Default: the first executions."));
        let by_filter = only("filter", rerun_filter()).property("limit", limit).property("cursor", cursor);
        let named = execution_ids("Executions to run again, 1 to 1,000.");
        let run = described("ExecutionId", "Run whose failed part runs again: its first execution.");
        OneOfBuilder::new()
            .item(only("execution_ids", named).property("dry_run", dry_run()))
            .item(only("run_id", run).property("dry_run", dry_run()))
            .item(by_filter.property("dry_run", dry_run()))
            .examples([json!({"filter": {"since": "2026-11-23T00:00:00Z"}, "dry_run": true})])
            .into()
    }
}

fn rerun_filter() -> ObjectBuilder {
    let instant = |description: &str| {
        ObjectBuilder::new()
            .schema_type(or_null(Type::String))
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .description(Some(description))
    };
    let null = ObjectBuilder::new().schema_type(SchemaType::new(Type::Null));
    let job_id = OneOfBuilder::new()
        .item(null)
        .item(reference("JobId"))
        .description(Some("Job of the executions. Default: all jobs."));
    let ended = Status::ALL.into_iter().filter(|status| status.is_terminal()).map(Status::as_str);
    let status = ObjectBuilder::new().schema_type(SchemaType::new(Type::String)).enum_values(Some(ended));
    let statuses = ArrayBuilder::new()
        .items(status)
        .description(Some("States of the executions. Default: `failed` and `timed_out`."));
    let values = ObjectBuilder::new().schema_type(SchemaType::new(Type::String));
    let tags = ObjectBuilder::new()
        .schema_type(SchemaType::new(Type::Object))
        .description(Some("Tags of the job as it is now; all must match. Default: none."))
        .additional_properties(Some(AdditionalProperties::RefOr(Schema::Object(values.build()).into())));
    ObjectBuilder::new()
        .schema_type(SchemaType::new(Type::Object))
        .description(Some("Conditions on ended executions; all must hold."))
        .property("job_id", job_id)
        .property("tags", tags)
        .property("status", statuses)
        .property("since", instant("Earliest `due_at`, inclusive. Default: no bound."))
        .property("until", instant("Latest `due_at`, exclusive. Default: no bound."))
        .additional_properties(Some(AdditionalProperties::<Schema>::FreeForm(false)))
}

impl ToSchema for RerunBody {
    fn name() -> Cow<'static, str> {
        "RerunRequest".into()
    }

    fn schemas(schemas: &mut Collected) {
        schemas.push((ExecutionId::name().into(), ExecutionId::schema()));
        schemas.push((JobId::name().into(), JobId::schema()));
    }
}

/// Tag of a job in a filter, `key:value`.
pub struct TagFilter {
    pub key: String,
    pub value: String,
}

impl TagFilter {
    pub fn parse(text: &str) -> Result<Self, ApiError> {
        let pair = text.split_once(':').filter(|(key, _)| !key.is_empty());
        let (key, value) = pair.ok_or_else(|| ApiError::parameter("tag", "must be key:value"))?;
        Ok(Self { key: key.to_owned(), value: value.to_owned() })
    }

    pub fn fits(&self, job: &Job) -> bool {
        job.spec.tags.get(&self.key) == Some(&self.value)
    }
}

impl PartialSchema for TagFilter {
    fn schema() -> RefOr<Schema> {
        text("^[^:]+:").examples(["team:data"]).into()
    }
}

impl ToSchema for TagFilter {
    fn name() -> Cow<'static, str> {
        "TagFilter".into()
    }
}

/// The header value `*`.
pub struct Asterisk;

impl PartialSchema for Asterisk {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(SchemaType::new(Type::String)).enum_values(Some(["*"])).into()
    }
}

impl ToSchema for Asterisk {
    fn name() -> Cow<'static, str> {
        "Asterisk".into()
    }
}

/// The header `Idempotency-Key`.
pub struct KeyHeader;

impl PartialSchema for KeyHeader {
    fn schema() -> RefOr<Schema> {
        let bare = r"[!#-~][!-~]{0,254}";
        let quoted = r#""([!#-\[\]-~]|\\["\\]){1,255}""#;
        let description = "1 to 255 visible characters of ASCII, as they are or as the string of a structured field \
                           (RFC 9651): in quotes, which are no part of the key.";
        let examples = ["order-42", "\"8e03978e-40d5-43dd-bc93-6894a57f9324\""];
        text(&format!("^({bare}|{quoted})$")).examples(examples).description(Some(description)).into()
    }
}

impl ToSchema for KeyHeader {
    fn name() -> Cow<'static, str> {
        "IdempotencyKeyHeader".into()
    }
}

/// Type that may also be null, which means the same as an absent field.
fn or_null(kind: Type) -> SchemaType {
    SchemaType::from_iter([kind, Type::Null])
}

fn text(pattern: &str) -> ObjectBuilder {
    ObjectBuilder::new().schema_type(SchemaType::new(Type::String)).pattern(Some(pattern))
}
