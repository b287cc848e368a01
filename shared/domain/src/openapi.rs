//! Schemas of the types that read and write themselves as text.

use std::borrow::Cow;

use utoipa::{
    PartialSchema, ToSchema,
    openapi::{
        RefOr, Schema,
        schema::{ObjectBuilder, OneOfBuilder, SchemaType, Type},
    },
};

use crate::{BackfillId, ClaimToken, ExecutionId, HumanDuration, IdempotencyKey, JobId, SlotName, duration};

macro_rules! text_schema {
    ($name:ident, $pattern:literal, $example:literal, $description:literal) => {
        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                text($pattern, $example, $description).into()
            }
        }
        impl ToSchema for $name {
            fn name() -> Cow<'static, str> {
                stringify!($name).into()
            }
        }
    };
}

text_schema!(
    JobId,
    "^(?![.]+$)[A-Za-z0-9_.-]{1,128}$",
    "daily_report",
    "Letters, digits, `_`, `-`, `.`, not of dots only; at most 128."
);
text_schema!(
    SlotName,
    "^[A-Za-z0-9_.:+-]{1,128}$",
    "2026-11-23T00:00:00Z",
    "The part of an execution id after the `@`: an instant, a ULID, or a name derived from an idempotency key."
);
text_schema!(
    IdempotencyKey,
    "^[!-~]{1,255}$",
    "order-42",
    "Names a request, so that it can be sent again: visible characters of ASCII, at most 255."
);
text_schema!(BackfillId, "^[0-7][0-9A-HJKMNP-TV-Z]{25}$", "01KB0000000000000000000000", "A ULID.");
text_schema!(
    ExecutionId,
    "^(?![.]+@)[A-Za-z0-9_.-]{1,128}@[A-Za-z0-9_.:+-]{1,128}(~([2-9]|[1-9][0-9]{1,8}))?(,(0|[1-9][0-9]{0,8})(~([2-9]|[1-9][0-9]{1,8}))?)?$",
    "daily_report@2026-11-23T00:00:00Z",
    "`job_id@slot`, with `~n` behind it from the second generation on; `,i` behind that names an element of its list, \
     which counts generations of its own."
);
text_schema!(
    ClaimToken,
    "^(0|[1-9][0-9]{0,8})-[0-9a-f]{16}$",
    "1-00c0ffee00c0ffee",
    "Token of one claim of an attempt. A request with the token acts for that attempt."
);

fn text(pattern: &str, example: &str, description: &str) -> ObjectBuilder {
    ObjectBuilder::new()
        .schema_type(SchemaType::new(Type::String))
        .pattern(Some(pattern))
        .examples([example])
        .description(Some(description))
}

impl PartialSchema for HumanDuration {
    fn schema() -> RefOr<Schema> {
        let seconds = ObjectBuilder::new()
            .schema_type(SchemaType::new(Type::Number))
            .minimum(Some(0.0))
            .maximum(Some(duration::MAX.as_secs_f64()))
            .description(Some("Seconds."));
        let pattern = "^([0-9]+d)?([0-9]+h)?([0-9]+m)?([0-9]+s)?([0-9]+ms)?$";
        let units =
            text(pattern, "90s", "Whole numbers with d, h, m, s, ms, from large to small; at most 366d.");
        OneOfBuilder::new()
            .item(seconds)
            .item(units.min_length(Some(2)))
            .description(Some(
                "A duration: a number of seconds, or text such as `500ms`, `90s`, `1h30m`, `7d`.",
            ))
            .into()
    }
}

impl ToSchema for HumanDuration {
    fn name() -> Cow<'static, str> {
        "HumanDuration".into()
    }
}
