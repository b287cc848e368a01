//! Writer of definitions as a job file.

use serde::Serialize;

/// Writes YAML. Every text in it is read back unchanged.
pub fn to_yaml(jobs: &[impl Serialize]) -> anyhow::Result<String> {
    Ok(serde_saphyr::to_string(&jobs)?)
}

/// Writes YAML with each text in one line, in which a command is easier to search for.
pub fn to_yaml_in_lines(jobs: &[impl Serialize]) -> anyhow::Result<String> {
    let options = serde_saphyr::ser_options! { prefer_block_scalars: false };
    Ok(serde_saphyr::to_string_with_options(&jobs, options)?)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use belfry_domain::JobSpec;

    use super::*;
    use crate::files::{parse::definitions, source::Source};

    /// Texts that YAML interprets in another way, or cuts off.
    const SPECIAL: [&str; 44] = [
        "",
        " ",
        "\n",
        "\n\n",
        "\n\n\n",
        " \n",
        "\n ",
        "a\n",
        "a\n\n",
        "\na",
        " a",
        "a ",
        "\ta",
        "a\t",
        "a\n b\n",
        "\r",
        "\r\n",
        "a\r\nb",
        "null",
        "~",
        "true",
        "yes",
        "off",
        "y",
        "010",
        "0x10",
        "0o7",
        "0b1",
        "1e3",
        "1_000",
        ".inf",
        ".nan",
        "12:30:45",
        "2026-11-23",
        "<<",
        "=",
        "---",
        "...",
        "- a",
        "a: b",
        "a #b",
        "\u{85}\u{2028}\u{2029}",
        "\u{feff}a",
        "\u{0}\u{7f}\u{1b}",
    ];

    fn text() -> impl Strategy<Value = String> {
        prop_oneof![
            any::<String>(),
            prop::sample::select(&SPECIAL[..]).prop_map(str::to_owned),
            "[ \n\r\ta:#'\"\\\\|>{}\\[\\]&*!%@`0~,.?-]{0,12}",
            prop::collection::vec(prop::sample::select(&SPECIAL[..]), 2..6).prop_map(|parts| parts.concat()),
            // Longer than a line that a writer would fold.
            "([a-z]{1,12}[ \n]{1,2}){8,30}",
        ]
    }

    fn value() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            text().prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 12, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map(text(), inner, 0..4).prop_map(|map| json!(map)),
            ]
        })
    }

    fn job() -> impl Strategy<Value = JobSpec> {
        (text(), prop::collection::vec(text(), 1..4), prop::collection::btree_map(text(), text(), 0..3), value()).prop_map(
            |(text, words, named, input)| {
                let target = json!({ "type": "command", "command": words, "environment": named });
                let job = json!({ "job_id": "a", "description": text, "target": target, "tags": named, "input": input });
                serde_json::from_value(job).unwrap()
            },
        )
    }

    fn read_back(written: String) -> Vec<Value> {
        let source = Source { name: "f.yaml".to_owned(), text: written, directory: "/d".into() };
        let jobs = definitions(&source).unwrap_or_else(|errors| panic!("{errors}\n{}", source.text));
        jobs.into_iter().map(|job| json!(job.spec)).collect()
    }

    fn both(jobs: &[JobSpec]) -> [String; 2] {
        [to_yaml(jobs).unwrap(), to_yaml_in_lines(jobs).unwrap()]
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_as_it_was(jobs in prop::collection::vec(job(), 1..3)) {
            let wanted: Vec<Value> = jobs.iter().map(|job| json!(job)).collect();
            for written in both(&jobs) {
                prop_assert_eq!(read_back(written.clone()), wanted.clone(), "{}", written);
            }
        }
    }

    #[test]
    fn every_special_text_is_read_as_it_was() {
        for text in SPECIAL {
            let job =
                json!({ "job_id": "a", "command": [text], "input": { text: [text], "b": { "c": text } } });
            let job: JobSpec = serde_json::from_value(job).unwrap();
            for written in both(std::slice::from_ref(&job)) {
                assert_eq!(read_back(written.clone()), [json!(job)], "{text:?}: {written}");
            }
        }
    }
}
