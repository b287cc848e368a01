//! Suggestions ("did you mean …?") for names that are nearly right.

/// Nearest of the `known` names, if it is so near that `name` may be a slip.
pub fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let distance = |candidate: &str| strsim::osa_distance(name, candidate);
    let (steps, best) = known.into_iter().map(|candidate| (distance(candidate), candidate)).min()?;
    (steps <= 1 + name.chars().count() / 4).then_some(best)
}

/// Shortens a message of serde's, which lists all known names, to the one that is near, if there is
/// one.
pub fn shorten(message: &str) -> String {
    let mut names = message.split('`').skip(1).step_by(2);
    let is_unknown = message.starts_with("unknown field") || message.starts_with("unknown variant");
    let Some(name) = names.next().filter(|_| is_unknown) else { return message.to_owned() };
    match nearest(name, names) {
        None => message.to_owned(),
        Some(best) => {
            let what = if message.starts_with("unknown field") { "field" } else { "variant" };
            format!("unknown {what} `{name}`; did you mean `{best}`?")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_gets_a_hint_and_a_riddle_keeps_the_list() {
        let message =
            |name: &str| format!("unknown field `{name}`, expected one of `job_id`, `schedule`, `timeout`");
        assert_eq!(shorten(&message("shedule")), "unknown field `shedule`; did you mean `schedule`?");
        assert_eq!(shorten(&message("colour")), message("colour"));
        assert_eq!(shorten("invalid type: null"), "invalid type: null");
    }
}
