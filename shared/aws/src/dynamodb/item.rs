//! Items, read and written by typed attributes.

use std::{borrow::Cow, collections::HashMap, marker::PhantomData};

use aws_sdk_dynamodb::{primitives::Blob, types::AttributeValue};
use belfry_domain::Timestamp;
use belfry_engine::ports::StoreError;

use super::error::unreadable;

/// Item in the SDK's form.
pub(crate) type Raw = HashMap<String, AttributeValue>;

/// Name of an attribute, with the type of its values.
pub(crate) struct Attribute<T> {
    pub(crate) name: Cow<'static, str>,
    holds: PhantomData<fn() -> T>,
}

impl<T> Attribute<T> {
    pub(crate) const fn new(name: &'static str) -> Self {
        Self { name: Cow::Borrowed(name), holds: PhantomData }
    }

    /// Attribute of a numbered kind, such as one for each shard.
    pub(crate) fn numbered(kind: char, number: u16) -> Self {
        Self { name: Cow::Owned(format!("{kind}{number}")), holds: PhantomData }
    }
}

/// Type of a value that an attribute can hold.
pub(crate) trait Value: Sized {
    fn write(self) -> AttributeValue;
    fn read(value: &AttributeValue) -> Option<Self>;
}

impl Value for String {
    fn write(self) -> AttributeValue {
        AttributeValue::S(self)
    }

    fn read(value: &AttributeValue) -> Option<Self> {
        value.as_s().ok().cloned()
    }
}

impl Value for Vec<String> {
    fn write(self) -> AttributeValue {
        AttributeValue::L(self.into_iter().map(AttributeValue::S).collect())
    }

    fn read(value: &AttributeValue) -> Option<Self> {
        value.as_l().ok()?.iter().map(String::read).collect()
    }
}

impl Value for Vec<u8> {
    fn write(self) -> AttributeValue {
        AttributeValue::B(Blob::new(self))
    }

    fn read(value: &AttributeValue) -> Option<Self> {
        value.as_b().ok().map(|blob| blob.as_ref().to_vec())
    }
}

impl Value for Timestamp {
    fn write(self) -> AttributeValue {
        self.0.write()
    }

    fn read(value: &AttributeValue) -> Option<Self> {
        i64::read(value).map(Self)
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {
        $(
            impl Value for $number {
                fn write(self) -> AttributeValue {
                    AttributeValue::N(self.to_string())
                }

                fn read(value: &AttributeValue) -> Option<Self> {
                    value.as_n().ok()?.parse().ok()
                }
            }
        )*
    };
}
numbers!(u16, u32, u64, i64);

/// Row of a table.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Item(pub(crate) Raw);

/// Key of a row.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Key {
    pub(crate) pk: String,
    pub(crate) sk: String,
}

pub(crate) const PK: Attribute<String> = Attribute::new("pk");
pub(crate) const SK: Attribute<String> = Attribute::new("sk");
/// Sort key of rows that are alone in their partition.
pub(crate) const ALONE: &str = ".";

impl Key {
    pub(crate) fn new(pk: impl Into<String>, sk: impl Into<String>) -> Self {
        Self { pk: pk.into(), sk: sk.into() }
    }

    pub(crate) fn alone(pk: impl Into<String>) -> Self {
        Self::new(pk, ALONE)
    }
}

impl From<Key> for Item {
    fn from(key: Key) -> Self {
        Self::default().with(&PK, key.pk).with(&SK, key.sk)
    }
}

impl Item {
    pub(crate) fn with<T: Value>(mut self, attribute: &Attribute<T>, value: T) -> Self {
        self.0.insert(attribute.name.to_string(), value.write());
        self
    }

    pub(crate) fn with_some<T: Value>(self, attribute: &Attribute<T>, value: Option<T>) -> Self {
        match value {
            Some(value) => self.with(attribute, value),
            None => self,
        }
    }

    /// Value of an attribute. `None` where it is absent, or of another type.
    pub(crate) fn get<T: Value>(&self, attribute: &Attribute<T>) -> Option<T> {
        self.0.get(attribute.name.as_ref()).and_then(T::read)
    }

    pub(crate) fn need<T: Value>(&self, attribute: &Attribute<T>) -> Result<T, StoreError> {
        let missing = || unreadable(self.name(), format!("no {} that this version knows", attribute.name));
        self.get(attribute).ok_or_else(missing)
    }

    pub(crate) fn has<T>(&self, attribute: &Attribute<T>) -> bool {
        self.0.contains_key(attribute.name.as_ref())
    }

    pub(crate) fn key(&self) -> Key {
        Key { pk: self.get(&PK).unwrap_or_default(), sk: self.get(&SK).unwrap_or_default() }
    }

    /// Name of the row, for messages.
    pub(crate) fn name(&self) -> String {
        let key = self.key();
        format!("row {} {}", key.pk, key.sk)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COUNT: Attribute<u64> = Attribute::new("count");
    const NAMES: Attribute<Vec<String>> = Attribute::new("names");

    #[test]
    fn what_is_written_is_read() {
        let names = vec!["a".to_owned(), "b".to_owned()];
        let item = Item::from(Key::alone("x")).with(&COUNT, u64::MAX).with(&NAMES, names.clone());
        assert_eq!(item.get(&COUNT), Some(u64::MAX));
        assert_eq!(item.get(&NAMES), Some(names));
        assert_eq!(item.key(), Key::new("x", "."));
    }

    #[test]
    fn another_type_is_unreadable() {
        let item = Item::from(Key::alone("x")).with(&Attribute::<String>::new("count"), "1".to_owned());
        assert_eq!(item.get(&COUNT), None);
        assert!(matches!(item.need(&COUNT), Err(StoreError::Unreadable { .. })));
    }
}
