//! Corrections of derived schemas, where they say less, or more, than the reader does.

use std::mem::take;

use utoipa::{
    Modify,
    openapi::{
        Components, Object, OpenApi, RefOr, Schema,
        schema::{AdditionalProperties, SchemaType, Type},
    },
};

pub struct Exact;

impl Modify for Exact {
    fn modify(&self, document: &mut OpenApi) {
        if let Some(components) = &mut document.components {
            components.schemas.values_mut().for_each(lift_descriptions);
            merge_variants(components, "Target");
        }
        for path in document.paths.paths.values_mut() {
            for operation in
                [&mut path.get, &mut path.put, &mut path.post, &mut path.delete].into_iter().flatten()
            {
                for parameter in operation.parameters.iter_mut().flatten() {
                    parameter.schema = parameter.schema.take().map(without_null);
                }
            }
        }
    }
}

/// Merges the parts of a tagged enum's variants. A tagged enum of structs comes as `allOf: [struct,
/// {type}]`, which nothing can satisfy once the struct allows no other fields. So each variant becomes
/// one object that has both.
fn merge_variants(components: &mut Components, name: &str) {
    let Some(RefOr::T(Schema::OneOf(mut variants))) = components.schemas.get(name).cloned() else { return };
    for variant in &mut variants.items {
        if let RefOr::T(Schema::AllOf(parts)) = variant {
            let merged = parts.items.iter().filter_map(|part| object(components, part)).reduce(merge);
            *variant = RefOr::T(Schema::Object(merged.unwrap_or_default()));
        }
        if let RefOr::T(Schema::Object(object)) = variant {
            if let Some(RefOr::T(Schema::Object(tag))) = object.properties.get_mut("type") {
                tag.description = Some("Kind of the target.".to_owned());
            }
            object.additional_properties = Some(Box::new(AdditionalProperties::FreeForm(false)));
        }
    }
    components.schemas.insert(name.to_owned(), RefOr::T(Schema::OneOf(variants)));
}

fn object(components: &Components, part: &RefOr<Schema>) -> Option<Object> {
    let part = match part {
        RefOr::Ref(reference) => components.schemas.get(reference.ref_location.rsplit('/').next()?)?,
        RefOr::T(_) => part,
    };
    match part {
        RefOr::T(Schema::Object(object)) => Some(object.clone()),
        _ => None,
    }
}

fn merge(mut all: Object, more: Object) -> Object {
    all.properties.extend(more.properties);
    all.required.extend(more.required);
    all
}

/// Moves descriptions to their properties. The derive puts the description of an optional property
/// inside the branch that refers to its type, where few editors and generators look.
fn lift_descriptions(schema: &mut RefOr<Schema>) {
    match schema {
        RefOr::T(Schema::Object(object)) => {
            for property in object.properties.values_mut() {
                if let RefOr::T(Schema::OneOf(branches)) = property {
                    let described = branches.items.iter_mut().filter_map(|branch| match branch {
                        RefOr::Ref(reference) if !reference.description.is_empty() => Some(reference),
                        _ => None,
                    });
                    if let Some(reference) = described.last() {
                        branches.description = Some(take(&mut reference.description));
                    }
                }
            }
        }
        RefOr::T(Schema::AllOf(parts)) => parts.items.iter_mut().for_each(lift_descriptions),
        RefOr::T(Schema::OneOf(parts)) => parts.items.iter_mut().for_each(lift_descriptions),
        _ => {}
    }
}

/// Removes null from a schema. A query string or a header has no null: a value that may be absent is
/// just not required.
fn without_null(schema: RefOr<Schema>) -> RefOr<Schema> {
    match schema {
        RefOr::T(Schema::OneOf(mut variants)) if variants.items.first().is_some_and(is_null) => {
            variants.items.pop().unwrap_or_else(|| Schema::OneOf(variants).into())
        }
        RefOr::T(Schema::Object(mut object)) => {
            if let SchemaType::Array(types) = &object.schema_type
                && let Some(kind) = types.iter().find(|kind| **kind != Type::Null)
            {
                object.schema_type = SchemaType::new(kind.clone());
            }
            RefOr::T(Schema::Object(object))
        }
        schema => schema,
    }
}

fn is_null(schema: &RefOr<Schema>) -> bool {
    matches!(schema, RefOr::T(Schema::Object(object)) if object.schema_type == SchemaType::new(Type::Null))
}
