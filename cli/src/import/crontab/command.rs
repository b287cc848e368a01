//! Start of an entry's command.

use crate::import::{CommandTarget, Host};

use super::settings::Settings;

/// Script that passes a text to a command as standard input, whatever characters they contain. The exit
/// code is the command's.
const FEED: &str = r#"printf '%s' "$3" | "$1" -c "$2""#;

pub(super) fn target(
    host: &Host,
    settings: &Settings,
    user: &str,
    command: &str,
    input: Option<&str>,
) -> CommandTarget {
    let shell = settings.shell.as_str();
    let mut words = match input {
        None => vec![shell, "-c", command],
        Some(input) => vec!["/bin/sh", "-c", FEED, "cron", shell, command, input],
    };
    let home_variable = settings.home.as_ref().map(|home| format!("HOME={home}"));
    if user != host.user {
        // runuser sets HOME from the account, so that a crontab's own has to come after it.
        let own_home = home_variable.iter().flat_map(|variable| ["env", variable.as_str()]);
        words = ["runuser", "-u", user, "--"].into_iter().chain(own_home).chain(words).collect();
    }
    let mut environment = settings.environment.clone();
    if user == host.user {
        // cron tells commands who they are; runuser does it by itself.
        environment.insert("LOGNAME".to_owned(), user.to_owned());
    }
    let home = settings.home.as_deref().or_else(|| host.home(user));
    CommandTarget {
        kind: "command",
        command: words.into_iter().map(str::to_owned).collect(),
        // An account that this machine does not know has no home here: it starts where belfry does.
        working_directory: home.filter(|home| home.starts_with('/')).map(str::to_owned),
        environment,
        pass_environment: Vec::new(),
    }
}
