//! Acyclic paths: the checker's `eventually` is sound only where no path comes back to a state that it
//! has left. This test checks that instead of assuming it.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

use belfry_model::actions::WritePath;
use belfry_model::config::Config;
use belfry_model::state::State;
use belfry_model::worlds;
use stateright::Model;

fn fingerprint(state: &State) -> u64 {
    let mut hasher = DefaultHasher::new();
    state.hash(&mut hasher);
    hasher.finish()
}

/// Searches depth first for a path that comes back. A state is open while the search is below it.
fn assert_acyclic(config: Config) {
    let model = WritePath { config, sometimes: vec![] };
    let start = model.init_states().remove(0);
    let mut open = HashMap::from([(fingerprint(&start), true)]);
    let mut path = vec![(fingerprint(&start), model.next_states(&start))];
    while let Some((here, successors)) = path.last_mut() {
        let Some(next) = successors.pop() else {
            open.insert(*here, false);
            path.pop();
            continue;
        };
        let key = fingerprint(&next);
        match open.get(&key) {
            Some(true) => panic!("a path comes back to {next:#?}"),
            Some(false) => {}
            None => {
                open.insert(key, true);
                path.push((key, model.next_states(&next)));
            }
        }
    }
}

#[test]
fn one_job() {
    assert_acyclic(worlds::one_job(2));
    assert_acyclic(Config { rekeys: 2, ..worlds::one_job(1) });
}

#[test]
fn join() {
    assert_acyclic(Config { faults: 0, targets_fail: true, ..worlds::join() });
}

#[test]
fn waiting() {
    assert_acyclic(Config { faults: 0, rekeys: 1, ..worlds::waiting() });
}

#[test]
fn push() {
    assert_acyclic(Config { faults: 2, ..worlds::push() });
    assert_acyclic(Config { rekeys: 1, tidy: false, faults: 0, ..worlds::push() });
}

#[test]
fn callbacks() {
    assert_acyclic(Config { faults: 0, callbacks: true, retries: 0, far_retries: false, ..worlds::push() });
}
