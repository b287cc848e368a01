//! Paths of fields as problems name them: `target.url`, `dependencies[2]`.

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    Key(String),
    Index(usize),
}

pub fn parse(field: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    for part in field.split('.').filter(|part| !part.is_empty()) {
        let (key, indices) = part.split_once('[').unwrap_or((part, ""));
        steps.push(Step::Key(key.to_owned()));
        let numbers = indices.split('[').filter_map(|text| text.trim_end_matches(']').parse().ok());
        steps.extend(numbers.map(Step::Index));
    }
    steps
}

pub fn from_serde(path: &serde_path_to_error::Path) -> Vec<Step> {
    use serde_path_to_error::Segment;
    let step = |segment: &Segment| match segment {
        Segment::Seq { index } => Some(Step::Index(*index)),
        Segment::Map { key } => Some(Step::Key(key.clone())),
        Segment::Enum { .. } | Segment::Unknown => None,
    };
    path.iter().filter_map(step).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_keys_and_indices() {
        let key = |key: &str| Step::Key(key.to_owned());
        assert_eq!(parse("target.url"), [key("target"), key("url")]);
        assert_eq!(parse("dependencies[2]"), [key("dependencies"), Step::Index(2)]);
        assert_eq!(parse(""), []);
    }
}
