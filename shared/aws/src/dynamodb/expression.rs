//! Conditions and updates, built from typed attributes. All names and values of an expression are
//! placeholders, so no reserved word occurs in it.

use std::{borrow::Cow, collections::HashMap};

use aws_sdk_dynamodb::types::AttributeValue;

use super::item::{Attribute, PK, Raw, SK, Value};

type Name = Cow<'static, str>;

/// Condition that a row must meet for a write to happen.
#[derive(Debug, Clone)]
pub(crate) enum Test {
    Absent(Name),
    Present(Name),
    Compares(Name, &'static str, AttributeValue),
    All(Vec<Test>),
    Any(Vec<Test>),
}

pub(crate) fn absent<T>(attribute: &Attribute<T>) -> Test {
    Test::Absent(attribute.name.clone())
}

pub(crate) fn present<T>(attribute: &Attribute<T>) -> Test {
    Test::Present(attribute.name.clone())
}

pub(crate) fn is<T: Value>(attribute: &Attribute<T>, value: T) -> Test {
    Test::Compares(attribute.name.clone(), "=", value.write())
}

pub(crate) fn below<T: Value>(attribute: &Attribute<T>, value: T) -> Test {
    Test::Compares(attribute.name.clone(), "<", value.write())
}

pub(crate) fn above<T: Value>(attribute: &Attribute<T>, value: T) -> Test {
    Test::Compares(attribute.name.clone(), ">", value.write())
}

pub(crate) fn at_most<T: Value>(attribute: &Attribute<T>, value: T) -> Test {
    Test::Compares(attribute.name.clone(), "<=", value.write())
}

/// Condition that the row does not exist.
pub(crate) fn no_row() -> Test {
    absent(&PK)
}

/// Changes of a row: attributes to set, and attributes to remove.
#[derive(Debug, Clone, Default)]
pub(crate) struct Update {
    set: Vec<(Name, AttributeValue)>,
    remove: Vec<Name>,
}

impl Update {
    pub(crate) fn set<T: Value>(mut self, attribute: &Attribute<T>, value: T) -> Self {
        self.set.push((attribute.name.clone(), value.write()));
        self
    }

    pub(crate) fn remove<T>(mut self, attribute: &Attribute<T>) -> Self {
        self.remove.push(attribute.name.clone());
        self
    }

    /// Sets the attribute, or removes it where there is no value.
    pub(crate) fn put<T: Value>(self, attribute: &Attribute<T>, value: Option<T>) -> Self {
        match value {
            Some(value) => self.set(attribute, value),
            None => self.remove(attribute),
        }
    }
}

/// Range of rows in a partition that a query reads. Both ends are included.
#[derive(Debug, Clone)]
pub(crate) struct Range {
    pub(crate) keys: (Name, Name),
    pub(crate) pk: String,
    pub(crate) bounds: Bounds,
}

#[derive(Debug, Clone)]
pub(crate) enum Bounds {
    All,
    Prefix(String),
    Between(String, String),
}

impl Range {
    pub(crate) fn of(pk: impl Into<String>, bounds: Bounds) -> Self {
        Self { keys: (PK.name, SK.name), pk: pk.into(), bounds }
    }

    /// Whether the range is empty. DynamoDB refuses a query over an empty range.
    pub(crate) fn is_empty(&self) -> bool {
        matches!(&self.bounds, Bounds::Between(low, high) if low > high)
    }
}

/// Placeholders for the names and values of one request.
#[derive(Debug, Default)]
pub(crate) struct Placeholders {
    names: HashMap<String, String>,
    values: Raw,
}

impl Placeholders {
    pub(crate) fn name(&mut self, name: &str) -> String {
        let placeholder = format!("#{name}");
        self.names.insert(placeholder.clone(), name.to_owned());
        placeholder
    }

    fn value(&mut self, value: AttributeValue) -> String {
        let placeholder = format!(":v{}", self.values.len());
        self.values.insert(placeholder.clone(), value);
        placeholder
    }

    pub(crate) fn test(&mut self, test: Test) -> String {
        match test {
            Test::Absent(name) => format!("attribute_not_exists({})", self.name(&name)),
            Test::Present(name) => format!("attribute_exists({})", self.name(&name)),
            Test::Compares(name, operator, value) => {
                format!("{} {operator} {}", self.name(&name), self.value(value))
            }
            Test::All(tests) => self.join(tests, " AND "),
            Test::Any(tests) => self.join(tests, " OR "),
        }
    }

    fn join(&mut self, tests: Vec<Test>, word: &str) -> String {
        let tests: Vec<String> = tests.into_iter().map(|test| format!("({})", self.test(test))).collect();
        tests.join(word)
    }

    pub(crate) fn update(&mut self, update: Update) -> String {
        let set: Vec<String> = update
            .set
            .into_iter()
            .map(|(name, value)| format!("{} = {}", self.name(&name), self.value(value)))
            .collect();
        let remove: Vec<String> = update.remove.into_iter().map(|name| self.name(&name)).collect();
        let clause = |word: &str, parts: Vec<String>| {
            if parts.is_empty() { None } else { Some(format!("{word} {}", parts.join(", "))) }
        };
        let clauses = [clause("SET", set), clause("REMOVE", remove)];
        clauses.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    pub(crate) fn range(&mut self, range: Range) -> String {
        let (pk, sk) = range.keys;
        let partition = format!("{} = {}", self.name(&pk), self.value(AttributeValue::S(range.pk)));
        match range.bounds {
            Bounds::All => partition,
            Bounds::Prefix(prefix) => {
                let prefix = self.value(AttributeValue::S(prefix));
                format!("{partition} AND begins_with({}, {prefix})", self.name(&sk))
            }
            Bounds::Between(low, high) => {
                let (low, high) = (self.value(AttributeValue::S(low)), self.value(AttributeValue::S(high)));
                format!("{partition} AND {} BETWEEN {low} AND {high}", self.name(&sk))
            }
        }
    }

    /// Maps for the request. They are `None` where empty, because DynamoDB refuses empty maps.
    pub(crate) fn finish(self) -> (Option<HashMap<String, String>>, Option<Raw>) {
        let names = Some(self.names).filter(|names| !names.is_empty());
        let values = Some(self.values).filter(|values| !values.is_empty());
        (names, values)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOC: Attribute<String> = Attribute::new("doc");
    const COUNT: Attribute<u64> = Attribute::new("count");

    /// Checks that every name and value is used, and that all that are used are defined.
    fn check(text: &str, placeholders: Placeholders) {
        let (names, values) = placeholders.finish();
        let mut defined: Vec<String> = names.unwrap_or_default().into_keys().collect();
        defined.extend(values.unwrap_or_default().into_keys());
        let is_part = |c: char| c.is_ascii_alphanumeric() || "_#:".contains(c);
        let used: Vec<&str> =
            text.split(|c| !is_part(c)).filter(|word| word.starts_with(['#', ':'])).collect();
        assert!(defined.iter().all(|name| used.contains(&name.as_str())), "{text}: {defined:?}");
        assert!(used.iter().all(|word| defined.iter().any(|name| name == word)), "{text}: {defined:?}");
    }

    #[test]
    fn an_update_with_its_condition_shares_placeholders() {
        let mut placeholders = Placeholders::default();
        let update = Update::default().set(&DOC, "x".to_owned()).set(&COUNT, 2).remove(&SK).put(&PK, None);
        let update = placeholders.update(update);
        let test =
            placeholders.test(Test::Any(vec![no_row(), Test::All(vec![is(&COUNT, 1), present(&DOC)])]));
        assert_eq!(update, "SET #doc = :v0, #count = :v1 REMOVE #sk, #pk");
        assert_eq!(test, "(attribute_not_exists(#pk)) OR ((#count = :v2) AND (attribute_exists(#doc)))");
        check(&format!("{update} {test}"), placeholders);
    }

    #[test]
    fn ranges_name_their_keys() {
        for bounds in
            [Bounds::All, Bounds::Prefix("a".to_owned()), Bounds::Between("a".to_owned(), "b".to_owned())]
        {
            let mut placeholders = Placeholders::default();
            let text = placeholders.range(Range::of("p", bounds));
            assert!(text.starts_with("#pk = :v0"));
            check(&text, placeholders);
        }
    }

    #[test]
    fn without_placeholders_there_are_no_maps() {
        assert!(matches!(Placeholders::default().finish(), (None, None)));
    }

    #[test]
    fn comparisons_differ() {
        let tests = [is(&COUNT, 1), below(&COUNT, 1), above(&COUNT, 1), at_most(&COUNT, 1), absent(&DOC)];
        let written = tests.map(|test| Placeholders::default().test(test));
        let expected = ["#count = :v0", "#count < :v0", "#count > :v0", "#count <= :v0"];
        assert_eq!(written[..4], expected.map(str::to_owned));
        assert_eq!(written[4], "attribute_not_exists(#doc)");
    }
}
