//! Random histories: the same verbs, in the same order, on several stores, must get the same answers.

mod generator;
mod verb;

use belfry_engine::ports::StoreError;

use self::generator::Generator;
pub use self::verb::Verb;
use crate::{Backend, Verdict};

/// Number of verbs that a failure shows.
const SHOWN: usize = 12;

/// Runs `length` random verbs on all of these stores, which are empty at first. The first store is the
/// model.
pub async fn run(seed: u64, length: usize, model: &Backend, others: &[(&str, Backend)]) -> Verdict {
    let all_remove = others.iter().all(|(_, other)| !other.expires_by_itself());
    let mut generator = Generator::new(seed, all_remove);
    let mut past = Vec::with_capacity(length);
    for number in 0..length {
        let verb = generator.next(model).await?;
        let expected = verb.answer(model).await?;
        generator.learn(&verb, model).await?;
        past.push(format!("{verb:?}"));
        for (name, other) in others {
            let answer = verb.answer(other).await?;
            let recent = &past[past.len().saturating_sub(SHOWN)..];
            assert_eq!(
                answer, expected,
                "{name} differs at verb {number} of seed {seed}; the last:\n{recent:#?}"
            );
        }
    }
    compare_remains(model, others).await
}

/// Compares what is left in the end, as far as the ports show it.
async fn compare_remains(model: &Backend, others: &[(&str, Backend)]) -> Result<(), StoreError> {
    for verb in generator::remains() {
        let expected = verb.answer(model).await?;
        for (name, other) in others {
            assert_eq!(verb.answer(other).await?, expected, "{name} differs in the end: {verb:?}");
        }
    }
    Ok(())
}
