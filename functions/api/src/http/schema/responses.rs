//! The problems that operations answer with: those of all of them, by what they take, and names for
//! the others.

use utoipa::{
    Modify, PartialSchema, ToResponse, ToSchema,
    openapi::{
        ContentBuilder, HeaderBuilder, Object, OpenApi, Ref, RefOr, Response, ResponseBuilder,
        path::Operation,
        schema::{SchemaType, Type},
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};

use crate::http::problem::{ApiError, Kind, PROBLEM_JSON, ProblemDetails};

struct Documented {
    name: &'static str,
    status: &'static str,
    description: &'static str,
    kind: Kind,
    header: Option<&'static str>,
}

const fn documented(
    name: &'static str,
    status: &'static str,
    kind: Kind,
    description: &'static str,
) -> Documented {
    Documented { name, status, description, kind, header: None }
}

const NOT_FOUND: Documented =
    documented("NotFound", "404", Kind::NotFound, "The named resource does not exist");
const CONFLICT: Documented =
    documented("Conflict", "409", Kind::Conflict, "The current state does not allow this");
const PRECONDITION_FAILED: Documented = Documented {
    header: Some("ETag"),
    ..documented(
        "PreconditionFailed",
        "412",
        Kind::PreconditionFailed,
        "If-Match or If-None-Match doesn't hold; the ETag is the present one",
    )
};
const BAD_REQUEST: Documented =
    documented("BadRequest", "400", Kind::Malformed, "Malformed id, parameter, header or JSON");
const UNAUTHORIZED: Documented = Documented {
    header: Some("WWW-Authenticate"),
    ..documented("Unauthorized", "401", Kind::Unauthorized, "No token, or an unknown one")
};
const FOREIGN_PAGE: Documented =
    documented("ForeignPage", "403", Kind::ForeignPage, "A web page of another origin sent the request");
const MISDIRECTED: Documented =
    documented("Misdirected", "421", Kind::Misdirected, "The Host header names another host");
const TOO_LARGE: Documented = documented(
    "TooLarge",
    "413",
    Kind::TooLarge,
    "The body is larger than 1 MiB, or 16 MiB for batches and applies",
);
const UNSUPPORTED: Documented = documented(
    "UnsupportedMediaType",
    "415",
    Kind::UnsupportedMediaType,
    "The Content-Type is not application/json",
);
const INVALID: Documented =
    documented("Invalid", "422", Kind::Invalid, "The request is not valid; `problems` names each field");
const BACKLOGGED: Documented = Documented {
    header: Some("Retry-After"),
    ..documented(
        "Backlogged",
        "429",
        Kind::Backlogged,
        "The queue is full; `detail` names it, and Retry-After says when to try again",
    )
};
const INTERNAL: Documented = documented("Internal", "500", Kind::Internal, "An unexpected error");
const UNAVAILABLE: Documented = Documented {
    header: Some("Retry-After"),
    ..documented(
        "Unavailable",
        "503",
        Kind::Unavailable,
        "This process is a standby, its store did not answer, or other requests keep changing the same rows",
    )
};

const ALL: [Documented; 13] = [
    NOT_FOUND,
    CONFLICT,
    PRECONDITION_FAILED,
    BAD_REQUEST,
    UNAUTHORIZED,
    FOREIGN_PAGE,
    MISDIRECTED,
    TOO_LARGE,
    UNSUPPORTED,
    INVALID,
    BACKLOGGED,
    INTERNAL,
    UNAVAILABLE,
];

impl Documented {
    fn response(&self) -> Response {
        let example = ApiError::new(self.kind, self.description).into_details();
        let content = ContentBuilder::new()
            .schema(Some(Ref::from_schema_name(ProblemDetails::name())))
            .example(serde_json::to_value(example).ok())
            .build();
        let mut response =
            ResponseBuilder::new().description(self.description).content(PROBLEM_JSON, content);
        if let Some(header) = self.header {
            let text = Object::with_type(SchemaType::new(Type::String));
            response = response.header(header, HeaderBuilder::new().schema(text).build());
        }
        response.build()
    }

    fn add_to(&self, operation: &mut Operation) {
        let reference = Ref::from_response_name(self.name);
        operation.responses.responses.entry(self.status.to_owned()).or_insert(reference.into());
    }
}

macro_rules! named {
    ($name:ident, $documented:ident) => {
        pub struct $name;
        impl<'r> ToResponse<'r> for $name {
            fn response() -> (&'r str, RefOr<Response>) {
                ($documented.name, $documented.response().into())
            }
        }
    };
}
named!(NotFound, NOT_FOUND);
named!(Conflict, CONFLICT);
named!(PreconditionFailed, PRECONDITION_FAILED);
named!(Backlogged, BACKLOGGED);

/// Modifier that adds what handlers need not mention, such as the common responses and the bearer
/// token.
pub struct Common;

impl Modify for Common {
    fn modify(&self, document: &mut OpenApi) {
        let components = document.components.get_or_insert_default();
        for documented in ALL {
            components.responses.insert(documented.name.to_owned(), documented.response().into());
        }
        components.schemas.insert(ProblemDetails::name().into_owned(), ProblemDetails::schema());
        let mut nested = Vec::new();
        ProblemDetails::schemas(&mut nested);
        components.schemas.extend(nested);
        let bearer = HttpBuilder::new()
            .scheme(HttpAuthScheme::Bearer)
            .description(Some("Token made by `belfry token create`."));
        components.add_security_scheme("bearer", SecurityScheme::Http(bearer.build()));
        for path in document.paths.paths.values_mut() {
            let operations = [&mut path.get, &mut path.put, &mut path.post, &mut path.delete];
            operations.into_iter().flatten().for_each(complete);
        }
    }
}

fn complete(operation: &mut Operation) {
    let has_body = operation.request_body.is_some();
    let is_open = operation.security.is_some();
    let applicable = [
        // The door stands before everything: a second Host, a body where none is asked for.
        (BAD_REQUEST, true),
        (FOREIGN_PAGE, true),
        (MISDIRECTED, true),
        (UNAUTHORIZED, !is_open),
        (TOO_LARGE, has_body),
        (UNSUPPORTED, true),
        (INVALID, has_body),
        (INTERNAL, true),
        (UNAVAILABLE, true),
    ];
    for (documented, _) in applicable.iter().filter(|(_, applies)| *applies) {
        documented.add_to(operation);
    }
}
