//! Translation of a service into a process.

use std::collections::BTreeMap;

use super::{
    Options,
    exec::{self, Names},
    span,
    unit::Unit,
};
use crate::import::{CommandTarget, Host, NoteKind};

const PATH: &str = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin";
const CONDITION: &str = "is ignored: the job runs in any case";
const IN_A_ROW: &str = "runs in one shell with the other commands, one after another, until one fails";
const RESTART: &str = "a failed run is not retried; set max_retries of the job";
const FILE: &str = "is not read; its variables are missing";
const LONGEST: u64 = 7 * 24 * 3600;

pub struct Running {
    pub target: CommandTarget,
    pub timeout: String,
}

pub fn read(host: &Host, options: &Options, name: &str, service: &mut Unit) -> Result<Running, String> {
    check_type(service)?;
    let variables = environment(service)?;
    let mut commands = commands(service, &Names { variables: &variables, unit: name })?;
    let user = user(host, options, service)?;
    if user != host.user {
        if host.user != "root" {
            return Err(format!(
                "runs as {user}; belfry runs as {}, and only root can run commands as another user",
                host.user
            ));
        }
        let own = ["runuser", "-u", &user, "--"].map(str::to_owned);
        commands.splice(0..0, own);
    }
    service.tell("EnvironmentFile", NoteKind::NotCarriedOver, FILE);
    service.tell("Restart", NoteKind::Changed, RESTART);
    for name in service.names_with(&["Condition", "Assert"]) {
        service.tell(&name, NoteKind::NotCarriedOver, CONDITION);
    }
    let target = CommandTarget {
        kind: "command",
        command: commands,
        working_directory: Some(directory(host, options, &user, service)?),
        environment: variables,
        pass_environment: passed(service)?,
    };
    Ok(Running { target, timeout: timeout(service)? })
}

/// Checks the type of a service: Belfry must see when it ends.
fn check_type(service: &mut Unit) -> Result<(), String> {
    let kind = service.last("Service", "Type").unwrap_or_else(|| "simple".to_owned());
    if !matches!(kind.as_str(), "simple" | "exec" | "oneshot" | "idle") {
        return Err(format!("Type={kind}: belfry would not see the end of the service"));
    }
    match service.truth("Service", "RemainAfterExit")? {
        Some(true) => Err("RemainAfterExit=yes: systemd starts the service once, not each time".to_owned()),
        _ => Ok(()),
    }
}

fn environment(service: &mut Unit) -> Result<BTreeMap<String, String>, String> {
    let mut variables = BTreeMap::from([("PATH".to_owned(), PATH.to_owned())]);
    for line in service.all("Service", "Environment") {
        for word in exec::words(&line)? {
            let (name, value) =
                word.split_once('=').ok_or_else(|| format!("Environment={line}: has no value"))?;
            if value.contains('%') && value.replace("%%", "").contains('%') {
                return Err(format!("Environment={line}: has a specifier that belfry does not support"));
            }
            variables.insert(name.to_owned(), value.replace("%%", "%"));
        }
    }
    Ok(variables)
}

fn passed(service: &mut Unit) -> Result<Vec<String>, String> {
    let lines = service.all("Service", "PassEnvironment");
    Ok(lines.iter().map(|line| exec::words(line)).collect::<Result<Vec<_>, _>>()?.concat())
}

fn commands(service: &mut Unit, names: &Names) -> Result<Vec<String>, String> {
    let mut commands = Vec::new();
    let mut of_service = 0;
    for kind in ["ExecCondition", "ExecStartPre", "ExecStart", "ExecStartPost"] {
        let lines = service.all("Service", kind);
        if kind == "ExecCondition" && !lines.is_empty() {
            return Err(
                "ExecCondition= decides whether the service runs; belfry has no such condition".to_owned()
            );
        }
        of_service += if kind == "ExecStart" { lines.len() } else { 0 };
        for line in lines {
            commands.push(exec::read(&line, names).map_err(|reason| format!("{kind}={reason}"))?);
        }
    }
    if of_service == 0 {
        return Err("has no ExecStart=, so it does nothing by itself".to_owned());
    }
    if commands.len() > 1 {
        for kind in ["ExecStartPre", "ExecStart", "ExecStartPost"] {
            service.tell(kind, NoteKind::Changed, IN_A_ROW);
        }
    }
    Ok(exec::in_a_row(commands))
}

fn user(host: &Host, options: &Options, service: &mut Unit) -> Result<String, String> {
    if matches!(service.last("Service", "DynamicUser").as_deref(), Some("yes" | "true" | "1" | "on")) {
        return Err("DynamicUser=yes: belfry creates no accounts; set User=".to_owned());
    }
    let user = service.last("Service", "User");
    if options.of_user {
        return Ok(host.user.clone());
    }
    let user = user.unwrap_or_else(|| "root".to_owned());
    if user.starts_with(|c: char| c.is_ascii_digit()) || user.contains('%') {
        return Err(format!("User={user}: is not the name of an account"));
    }
    Ok(user)
}

fn directory(host: &Host, options: &Options, user: &str, service: &mut Unit) -> Result<String, String> {
    let home =
        || host.home(user).map(str::to_owned).ok_or_else(|| format!("{user} has no home on this machine"));
    match service.last("Service", "WorkingDirectory") {
        None if options.of_user => home(),
        None => Ok("/".to_owned()),
        Some(path) if path == "~" => home(),
        Some(path) if path.starts_with('/') && !path.contains('%') => Ok(path),
        Some(path) => Err(format!("WorkingDirectory={path}: is not a directory that belfry can enter")),
    }
}

fn timeout(service: &mut Unit) -> Result<String, String> {
    let mut longest = LONGEST;
    for name in ["RuntimeMaxSec", "TimeoutStartSec"] {
        let is_oneshot = service.last("Service", "Type").as_deref() == Some("oneshot");
        let Some(text) = service.last("Service", name) else { continue };
        match span::seconds(&text).map_err(|reason| format!("{name}={reason}"))? {
            Some(seconds) if seconds > 0 && (name == "RuntimeMaxSec" || is_oneshot) => {
                longest = longest.min(seconds);
            }
            _ => {}
        }
    }
    Ok(if longest == LONGEST { "7d".to_owned() } else { format!("{longest}s") })
}
