//! Airflow's trigger rules, as a table and as properties.
//!
//! Source: apache/airflow, airflow/ti_deps/deps/trigger_rule_dep.py

use belfry_domain::trigger_rule::{
    Decision, Outcome,
    TriggerRule::{self, *},
    decide,
};
use proptest::prelude::*;

const NAMES: [&str; 8] = ["a", "b", "c", "d", "e", "f", "g", "h"];
const OUTCOMES: [Option<Outcome>; 5] = [
    None,
    Some(Outcome::Success),
    Some(Outcome::Failed),
    Some(Outcome::UpstreamFailed),
    Some(Outcome::Skipped),
];

/// One letter per dependency: S success, F failed, U upstream failed, K skipped, dot not ended.
fn outcome(letter: char) -> Option<Outcome> {
    OUTCOMES[".SFUK".find(letter).expect("a known letter")]
}

fn verdict(rule: TriggerRule, outcomes: &[Option<Outcome>]) -> &'static str {
    match decide(rule, NAMES.into_iter().zip(outcomes.iter().copied())) {
        Decision::Run => "run",
        Decision::Wait => "wait",
        Decision::UpstreamFailed { .. } => "upstream_failed",
        Decision::Skip { .. } => "skip",
    }
}

#[test]
fn the_table() {
    for (rule, wanted, cases) in [
        (AllSuccess, "run", "SSS"),
        (AllSuccess, "wait", "SS. ..."),
        (AllSuccess, "upstream_failed", "F.. ..U SKF KKU FFF"),
        (AllSuccess, "skip", "K.. SSK KKK"),
        (AllFailed, "run", "FFF UUU FUF"),
        (AllFailed, "wait", "FF. U.. ..."),
        (AllFailed, "skip", "S.. K.. FFS UFK SSS"),
        (AllDone, "run", "SSS FFF SFU KKK SKU"),
        (AllDone, "wait", "SS. FFF. K.."),
        (OneSuccess, "run", "S.. .SF KFS SSS"),
        (OneSuccess, "wait", "FF. KK. ... KU."),
        (OneSuccess, "upstream_failed", "FFF FKK UKK UUU"),
        (OneSuccess, "skip", "KKK"),
        (OneFailed, "run", "F.. .U. SSF KUK"),
        (OneFailed, "wait", "SS. KK. ..."),
        (OneFailed, "skip", "SSS KKK SKS"),
        (OneDone, "run", "S.. .F. KKS UUF"),
        (OneDone, "wait", "... KU. UU."),
        (OneDone, "skip", "KKK UUU KUK"),
        (NoneFailed, "run", "SSS SKS KKK"),
        (NoneFailed, "wait", "SK. ... KK."),
        (NoneFailed, "upstream_failed", "F.. ..U SKF"),
        (NoneFailedMinOneSuccess, "run", "SSS SKK"),
        (NoneFailedMinOneSuccess, "wait", "SK. KK. ..."),
        (NoneFailedMinOneSuccess, "upstream_failed", "F.. ..U SKF KKU"),
        (NoneFailedMinOneSuccess, "skip", "KKK"),
        (NoneSkipped, "run", "SSS FFF SUF"),
        (NoneSkipped, "wait", "SF. ..."),
        (NoneSkipped, "skip", "K.. SFK KKK"),
        (AllSkipped, "run", "KKK"),
        (AllSkipped, "wait", "KK. ..."),
        (AllSkipped, "skip", "S.. F.. U.. KKS"),
        (Always, "run", "... FFF K.U SSS"),
    ] {
        for case in cases.split(' ') {
            let outcomes: Vec<_> = case.chars().map(outcome).collect();
            assert_eq!(verdict(rule, &outcomes), wanted, "{rule:?} {case}");
        }
    }
}

/// Answer of each rule in the words of Airflow's documentation ("Trigger Rules") and, for what fails on the
/// way, of `flag_upstream_failed`: worked out from how many ended in which way, by nothing of ours.
fn expected(rule: TriggerRule, outcomes: &[Option<Outcome>]) -> &'static str {
    let number = |of: Option<Outcome>| outcomes.iter().filter(|outcome| **outcome == of).count();
    let (open, success) = (number(None), number(Some(Outcome::Success)));
    let (failed, blocked) = (number(Some(Outcome::Failed)), number(Some(Outcome::UpstreamFailed)));
    let skipped = number(Some(Outcome::Skipped));
    let (bad, all) = (failed + blocked, outcomes.len());
    // Whether all may still come out as wanted, one has, or none can any more.
    let every = |wanted: usize, otherwise: &'static str| match wanted {
        wanted if wanted == all => "run",
        wanted if wanted + open == all => "wait",
        _ => otherwise,
    };
    let one = |wanted: usize, otherwise: &'static str| match (wanted, open) {
        (0, 0) => otherwise,
        (0, _) => "wait",
        _ => "run",
    };
    match rule {
        AllSuccess => every(success, if bad > 0 { "upstream_failed" } else { "skip" }),
        AllFailed => every(bad, "skip"),
        AllDone => every(success + bad + skipped, "never"),
        OneSuccess => one(success, if bad > 0 { "upstream_failed" } else { "skip" }),
        OneFailed => one(bad, "skip"),
        OneDone => one(success + failed, "skip"),
        NoneFailed => every(success + skipped, "upstream_failed"),
        NoneFailedMinOneSuccess if bad > 0 => "upstream_failed",
        NoneFailedMinOneSuccess if skipped == all => "skip",
        NoneFailedMinOneSuccess => every(success + skipped, "never"),
        NoneSkipped => every(success + bad, "skip"),
        AllSkipped => every(skipped, "skip"),
        Always => "run",
    }
}

/// All rules with all outcomes of one to three dependencies.
#[test]
fn every_case_of_up_to_three_dependencies() {
    let mut cases = 0;
    for rule in TriggerRule::ALL {
        for first in OUTCOMES {
            assert_eq!(verdict(rule, &[first]), expected(rule, &[first]), "{rule:?} {first:?}");
            for second in OUTCOMES {
                let two = [first, second];
                assert_eq!(verdict(rule, &two), expected(rule, &two), "{rule:?} {two:?}");
                for third in OUTCOMES {
                    let three = [first, second, third];
                    assert_eq!(verdict(rule, &three), expected(rule, &three), "{rule:?} {three:?}");
                    cases += 1;
                }
                cases += 1;
            }
            cases += 1;
        }
    }
    assert_eq!(cases, 11 * (5 + 25 + 125));
}

#[test]
fn without_dependencies_everything_runs() {
    for rule in TriggerRule::ALL {
        assert_eq!(decide(rule, []), Decision::Run);
    }
}

#[test]
fn reasons_name_the_dependency() {
    let reason = |rule, letters: &str| match decide(rule, NAMES.into_iter().zip(letters.chars().map(outcome)))
    {
        Decision::UpstreamFailed { reason } | Decision::Skip { reason } => reason,
        other => format!("{other:?}"),
    };
    assert_eq!(reason(AllSuccess, "SUF"), "dependency c failed");
    assert_eq!(reason(AllSuccess, "SU."), "dependency b ended as upstream_failed");
    assert_eq!(reason(AllSuccess, "SK."), "dependency b was skipped");
    assert_eq!(reason(AllFailed, "FS."), "dependency b succeeded");
    assert_eq!(reason(OneSuccess, "KFK"), "dependency b failed");
    assert_eq!(reason(OneSuccess, "KKK"), "every dependency was skipped");
    assert_eq!(reason(OneFailed, "SSK"), "no dependency failed");
    assert_eq!(reason(OneDone, "UUK"), "no dependency ran");
    assert_eq!(reason(AllSkipped, "KF."), "dependency b failed");
}

#[test]
fn names_are_airflow_s() {
    let names = serde_json::to_string(&TriggerRule::ALL).unwrap();
    assert_eq!(
        names,
        r#"["all_success","all_failed","all_done","one_success","one_failed","one_done","none_failed","none_failed_min_one_success","none_skipped","all_skipped","always"]"#
    );
    assert_eq!(TriggerRule::default(), AllSuccess);
}

fn rules() -> impl Strategy<Value = TriggerRule> {
    prop::sample::select(TriggerRule::ALL.to_vec())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn with_everything_known_nothing_waits(
        rule in rules(), outcomes in prop::collection::vec(prop::sample::select(OUTCOMES[1..].to_vec()), 0..8)
    ) {
        prop_assert_ne!(verdict(rule, &outcomes), "wait");
    }

    #[test]
    fn a_decision_stands_whatever_else_becomes_known(
        rule in rules(),
        outcomes in prop::collection::vec(
            (any::<bool>(), prop::sample::select(OUTCOMES[1..].to_vec())), 1..8)
    ) {
        let full: Vec<_> = outcomes.iter().map(|&(_, outcome)| outcome).collect();
        let partial: Vec<_> =
            outcomes.iter().map(|&(known, outcome)| outcome.filter(|_| known)).collect();
        let (early, late) = (verdict(rule, &partial), verdict(rule, &full));
        let airflow_s_exception = rule == AllSuccess && early == "skip" && late == "upstream_failed";
        prop_assert!(early == "wait" || early == late || airflow_s_exception, "{} then {}", early, late);
    }

    #[test]
    fn the_order_of_dependencies_does_not_matter(
        rule in rules(), outcomes in prop::collection::vec(prop::sample::select(OUTCOMES.to_vec()), 0..8)
    ) {
        let reversed: Vec<_> = outcomes.iter().rev().copied().collect();
        prop_assert_eq!(verdict(rule, &outcomes), verdict(rule, &reversed));
    }
}
