//! Signed requests to services for which no SDK is linked.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use belfry_emulator::{ACCESS_KEY, REGION, SECRET_KEY};
use reqwest::Method;

use super::installation::Installation;

pub const BUCKET: &str = "belfry-history-000000000000-us-east-1";

pub struct Caller {
    pub key: String,
    pub secret: String,
    pub token: Option<String>,
}

pub struct Answer {
    pub is_success: bool,
    pub body: Vec<u8>,
}

impl Caller {
    /// Caller with the account's own keys, who may do everything.
    pub fn of_the_account() -> Self {
        Self { key: ACCESS_KEY.to_owned(), secret: SECRET_KEY.to_owned(), token: None }
    }

    pub fn ask(
        &self,
        belfry: &Installation,
        service: &str,
        method: &Method,
        path: &str,
        body: &str,
    ) -> Answer {
        let user = format!("{}:{}", self.key, self.secret);
        let scope = format!("aws:amz:{REGION}:{service}");
        let url = format!("{}{path}", belfry.emulator.url());
        let token = self.token.as_ref().map(|token| format!("x-amz-security-token: {token}"));
        let mut args = vec!["--user", &user, "--aws-sigv4", &scope, "--request", method.as_str()];
        args.extend(token.iter().flat_map(|header| ["--header", header]));
        if *method != Method::GET {
            args.extend(["--data-binary", "@-"]);
        }
        args.push(&url);
        curl(&args, body)
    }
}

/// Whether the caller lacks the right. SNS has an error code of its own for that.
pub fn is_refused(answer: &Answer) -> bool {
    let body = String::from_utf8_lossy(&answer.body);
    !answer.is_success && ["AccessDenied", "AuthorizationError"].iter().any(|code| body.contains(code))
}

pub fn curl(args: &[&str], body: &str) -> Answer {
    let mut curl = Command::new("curl");
    curl.args(["--silent", "--show-error", "--fail-with-body", "--max-time", "60"]).args(args);
    let mut curl = curl.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    // It does not read what it isn't told to send.
    drop(curl.stdin.take().unwrap().write_all(body.as_bytes()));
    let answer = curl.wait_with_output().unwrap();
    Answer { is_success: answer.status.success(), body: answer.stdout }
}
