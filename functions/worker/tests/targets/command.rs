//! Tests of processes: their input, and the completion that follows from their end.

use std::{fs, os::unix::fs::PermissionsExt};

use belfry_engine::ports::Runner;
use belfry_worker::targets::{TargetSettings, Targets};
use serde_json::{Value, json};

use crate::support::{bounded, failure, invocation, printed, result, run, settings, targets, targets_with};

fn shell(line: &str) -> Value {
    json!({"type": "command", "command": line})
}

#[tokio::test]
async fn a_shell_line_and_an_argument_vector() {
    let targets = targets();
    let completion = run(&targets, shell("echo one | tr o 0; echo two >&2; echo three")).await;
    assert_eq!(result(&completion), None);
    assert_eq!(printed(&completion), "0ne\ntwo\nthree\n");
    assert_eq!(completion.output.unwrap().bytes, 14);

    let completion =
        run(&targets, json!({"type": "command", "command": ["printf", "%s|", "a b", "$HOME"]})).await;
    assert_eq!(printed(&completion), "a b|$HOME|");
    assert!(run(&targets, shell("true")).await.output.is_none());
}

#[tokio::test]
async fn the_input_is_on_standard_input_and_the_result_in_a_file() {
    let completion = run(&targets(), shell(r#"cat > "$BELFRY_RESULT"; echo "$BELFRY_RESULT""#)).await;
    assert_eq!(result(&completion), Some(json!({"day": "Monday"})));
    assert!(!fs::exists(printed(&completion).trim()).unwrap());
}

#[tokio::test]
async fn a_result_that_cannot_be_used_is_a_final_failure() {
    let targets = targets();
    for (line, expected) in [
        (r#"echo '{"a":' > "$BELFRY_RESULT""#, "not JSON"),
        (r#": > "$BELFRY_RESULT""#, "not JSON"),
        (r#"head -c 70000 /dev/zero > "$BELFRY_RESULT""#, "more than 65536 bytes"),
        (r#"mkfifo "$BELFRY_RESULT""#, "not a plain file"),
    ] {
        let failure = failure(&run(&targets, shell(line)).await);
        assert!(failure.is_final && failure.error.contains(expected), "{line}: {}", failure.error);
    }
}

#[tokio::test]
async fn the_environment_is_what_was_allowed() {
    let path = std::env::var("PATH").unwrap();
    let variables =
        [("PATH", path.as_str()), ("LANG", "C"), ("AWS_SECRET_ACCESS_KEY", "s3cret"), ("REGION", "eu")];
    let targets = targets_with(settings(), &variables);
    let completion = run(
        &targets,
        json!({
            "type": "command",
            "command": "env | grep -v -e ^BELFRY_RESULT= -e ^BELFRY_PROGRESS= -e ^PWD= -e ^_= -e ^SHLVL= -e ^OLDPWD= | sort",
            "pass_environment": ["REGION", "NOT_SET"],
            "environment": {"MODE": "fast", "LANG": "de", "BELFRY_ATTEMPT": "99"},
        }),
    )
    .await;
    let expected = format!(
        "BELFRY_ATTEMPT=3\nBELFRY_EXECUTION_ID=report@2026-11-23T00:00:00Z\nBELFRY_FENCE=3\nBELFRY_JOB_ID=report\n\
         BELFRY_RUN_ID=run-7\nBELFRY_SLOT=2026-11-23T00:00:00Z\nLANG=de\nMODE=fast\nPATH={path}\nREGION=eu\n"
    );
    assert_eq!(printed(&completion), expected);
}

#[tokio::test]
async fn exit_codes_and_signals_are_told() {
    let targets = targets();
    let failed = failure(&run(&targets, shell("echo first; echo 'no space left'; echo; exit 3")).await);
    assert_eq!((failed.error.as_str(), failed.is_final), ("exit code 3: no space left", false));
    let failed = failure(&run(&targets, shell("exit 1")).await);
    assert_eq!(failed.error, "exit code 1");
    let target = json!({"type": "command", "command": "exit 64", "final_exit_codes": [2, 64]});
    assert!(failure(&run(&targets, target).await).is_final);
    let failed = failure(&run(&targets, shell("kill -9 $$")).await);
    assert_eq!((failed.error.as_str(), failed.is_final), ("killed by signal 9 (SIGKILL)", false));
}

#[tokio::test]
async fn what_cannot_be_started_says_why_and_what_to_do() {
    let directory = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str, mode| {
        let path = directory.path().join(name);
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path.to_str().unwrap().to_owned()
    };
    let plain = file("plain", "", 0o644);
    let orphan = file("orphan", "#!/no/such/interpreter\n", 0o755);
    let data = file("data", "\u{1}\u{2}", 0o755);
    let at = |directory: &str| json!({"type": "command", "command": "true", "working_directory": directory});
    let program = |name: &str| json!({"type": "command", "command": [name]});
    let targets = targets();
    for (target, expected) in [
        (program("no-such-program-here"), "not found on this worker's PATH; install it"),
        (program("/no/such/program"), "\"/no/such/program\" not found on this worker; install it"),
        (program(&plain), "not executable; give it the permission (chmod +x)"),
        (program(&orphan), "interpreter named on the first line"),
        (program(&data), "cannot execute the format"),
        (at("/no/such/place"), "working directory \"/no/such/place\" does not exist; create it"),
        (at(&plain), "is not a directory"),
        (json!({"type": "command", "command": []}), "the command is empty"),
        (program("a\0b"), "NUL"),
        (json!({"type": "command", "command": ["true", "x".repeat(3_000_000)]}), "too long"),
    ] {
        let failure = failure(&run(&targets, target).await);
        assert!(failure.is_final && failure.error.contains(expected), "{} / {expected}", failure.error);
    }
}

#[tokio::test]
async fn a_working_directory_is_where_the_process_starts() {
    let completion =
        run(&targets(), json!({"type": "command", "command": ["pwd"], "working_directory": "/"})).await;
    assert_eq!(printed(&completion), "/\n");
}

#[tokio::test]
async fn a_worker_without_commands_refuses_them() {
    let targets = Targets::new(TargetSettings::default()).unwrap();
    let failure = failure(&run(&targets, shell("true")).await);
    assert!(failure.is_final);
    assert_eq!(failure.error, "this worker runs no commands; set a `pool` whose workers run commands");
}

#[tokio::test]
async fn output_is_bounded_and_counted() {
    let completion = run(&targets(), shell("head -c 30000000 /dev/zero | tr '\\0' x; echo; echo end")).await;
    let output = completion.output.unwrap();
    assert_eq!(output.bytes, 30_000_005);
    assert_eq!(output.tail.len(), 4096);
    assert!(output.tail.ends_with("xxx\nend\n"));
}

#[tokio::test]
async fn input_that_nobody_reads_does_no_harm() {
    let mut invocation = invocation(shell("exec <&-; head -c 300000 /dev/zero; echo done"));
    invocation.input = json!("y".repeat(1_000_000));
    let completion = bounded(targets().run(invocation.clone())).await;
    assert!(printed(&completion).ends_with("done\n"));
    assert_eq!(result(&completion), None);

    invocation.target = serde_json::from_value(shell("head -c 1000000 /dev/zero; wc -c")).unwrap();
    let completion = bounded(targets().run(invocation)).await;
    assert!(printed(&completion).ends_with("1000002\n"), "both directions at once");
}

#[tokio::test]
async fn an_empty_target_succeeds_at_once() {
    assert_eq!(result(&run(&targets(), json!({"type": "empty"})).await), None);
}
