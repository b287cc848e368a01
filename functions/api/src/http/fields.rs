//! Reads a struct from a map that has slightly more or fewer fields than the struct. There is no detour
//! over a tree of values, so errors keep their places and batches stay fast.

use std::{fmt, marker::PhantomData};

use belfry_domain::{IdempotencyKey, JobId, JobSpec, PushSpec};
use serde::{
    Deserialize, Deserializer,
    de::{self, DeserializeSeed, IntoDeserializer, MapAccess, Visitor, value::MapAccessDeserializer},
};

/// Map without one of its fields, which is returned separately. Another field may be put in front of it.
struct Fields<'a, M, T> {
    map: M,
    aside: &'static str,
    taken: &'a mut Option<T>,
    given: Given<'a>,
}

enum Given<'a> {
    Key(&'static str, &'a str),
    Value(&'a str),
    Nothing,
}

impl<'de, M: MapAccess<'de>, T: Deserialize<'de>> MapAccess<'de> for Fields<'_, M, T> {
    type Error = M::Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, M::Error> {
        if let Given::Key(key, value) = self.given {
            self.given = Given::Value(value);
            return seed.deserialize(key.into_deserializer()).map(Some);
        }
        let mut seed = seed;
        loop {
            match self.map.next_key_seed(Key { seed, aside: self.aside })? {
                None => return Ok(None),
                Some(Ok(key)) => return Ok(Some(key)),
                Some(Err(unused)) => seed = unused,
            }
            if self.taken.is_some() {
                return Err(de::Error::duplicate_field(self.aside));
            }
            *self.taken = Some(self.map.next_value()?);
        }
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, M::Error> {
        if let Given::Value(value) = std::mem::replace(&mut self.given, Given::Nothing) {
            return seed.deserialize(value.into_deserializer());
        }
        self.map.next_value_seed(seed)
    }
}

/// Key of a map. The seed is returned instead where the key is the one to set aside.
struct Key<K> {
    seed: K,
    aside: &'static str,
}

impl<'de, K: DeserializeSeed<'de>> DeserializeSeed<'de> for Key<K> {
    type Value = Result<K::Value, K>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de, K: DeserializeSeed<'de>> Visitor<'de> for Key<K> {
    type Value = Result<K::Value, K>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a field's name")
    }

    fn visit_str<E: de::Error>(self, key: &str) -> Result<Self::Value, E> {
        if key == self.aside {
            return Ok(Err(self.seed));
        }
        self.seed.deserialize(key.into_deserializer()).map(Ok)
    }
}

/// Push with its idempotency key among its fields, as batches have it.
#[derive(Debug, Clone, PartialEq)]
pub struct KeyedPush {
    pub spec: PushSpec,
    pub idempotency_key: Option<IdempotencyKey>,
}

impl<'de> Deserialize<'de> for KeyedPush {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut idempotency_key: Option<Option<IdempotencyKey>> = None;
        let reader = Reader {
            aside: "idempotency_key",
            taken: &mut idempotency_key,
            given: Given::Nothing,
            of: PhantomData,
        };
        let spec = deserializer.deserialize_map(reader)?;
        Ok(Self { spec, idempotency_key: idempotency_key.flatten() })
    }
}

/// Job whose id is in the path. In the body the id may be left out, and is then filled in.
#[derive(Clone, Copy)]
pub struct NamedJob<'a>(pub &'a JobId);

impl<'de> DeserializeSeed<'de> for NamedJob<'_> {
    /// Definition, and the id that the body contained.
    type Value = (JobSpec, Option<JobId>);

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let mut own: Option<JobId> = None;
        let given = Given::Key("job_id", self.0.as_str());
        let reader = Reader { aside: "job_id", taken: &mut own, given, of: PhantomData };
        let spec = deserializer.deserialize_map(reader)?;
        Ok((spec, own))
    }
}

/// Reader that accepts objects only. Serde also reads structs from lists, in the order of their fields,
/// which no caller means.
pub struct Object<T>(PhantomData<T>);

impl<T> Object<T> {
    pub const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T> Clone for Object<T> {
    fn clone(&self) -> Self {
        Self::new()
    }
}

impl<'de, T: Deserialize<'de>> DeserializeSeed<'de> for Object<T> {
    type Value = T;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<T, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de, T: Deserialize<'de>> Visitor<'de> for Object<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<T, M::Error> {
        T::deserialize(MapAccessDeserializer::new(map))
    }
}

struct Reader<'a, T, V> {
    aside: &'static str,
    taken: &'a mut Option<T>,
    given: Given<'a>,
    of: PhantomData<V>,
}

impl<'de, T: Deserialize<'de>, V: Deserialize<'de>> Visitor<'de> for Reader<'_, T, V> {
    type Value = V;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(self, map: M) -> Result<V, M::Error> {
        let fields = Fields { map, aside: self.aside, taken: self.taken, given: self.given };
        V::deserialize(MapAccessDeserializer::new(fields))
    }
}
