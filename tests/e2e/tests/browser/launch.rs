//! A browser, headless, with a profile of its own, in which one name of the web leads to loopback.

use std::{
    fs,
    os::unix::process::CommandExt as _,
    path::Path,
    process::{Child, Command, Stdio},
};

use rustix::process::{Pid, Signal, kill_process_group};

/// Name that belongs to nobody (RFC 2606).
pub const FOREIGN: &str = "evil.example";

#[derive(Clone, Copy)]
pub enum Browser {
    Chromium,
    Firefox,
}

/// Running browser, which ends with this value, and all its processes with it.
pub struct Reader(Child);

impl Browser {
    /// Names of the program in Debian.
    pub fn programs(self) -> &'static [&'static str] {
        match self {
            Self::Chromium => &["chromium"],
            Self::Firefox => &["firefox-esr", "firefox"],
        }
    }

    pub fn open(self, program: &Path, profile: &Path, url: &str) -> Reader {
        fs::create_dir(profile).unwrap();
        let mut command = Command::new(program);
        match self {
            Self::Chromium => chromium(&mut command, profile),
            Self::Firefox => firefox(&mut command, profile),
        }
        command.arg(url).env("HOME", profile).env_remove("DISPLAY").env_remove("WAYLAND_DISPLAY");
        let log = fs::File::create(profile.with_extension("log")).unwrap();
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log);
        Reader(command.process_group(0).spawn().unwrap())
    }
}

/// Options of Chromium. Its sandbox is not available to root nor in most containers; the browser reads
/// pages of this test only.
fn chromium(command: &mut Command, profile: &Path) {
    command.args([
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-dev-shm-usage",
        "--disable-quic",
        "--no-first-run",
        "--no-default-browser-check",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-default-apps",
        "--disable-extensions",
        "--disable-sync",
        "--disable-breakpad",
        "--disable-popup-blocking",
        "--no-proxy-server",
        // Loopback asks loopback: it would not help a reader whose page is on another machine, but it would ask here.
        "--disable-features=LocalNetworkAccessChecks,HttpsUpgrades",
    ]);
    command.arg(format!("--host-resolver-rules=MAP {FOREIGN} 127.0.0.1, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"));
    command.arg(format!("--user-data-dir={}", profile.display()));
}

const PREFERENCES: &[(&str, &str)] = &[
    // Every name, so that it reaches nothing else either.
    ("network.dns.forceResolve", "\"127.0.0.1\""),
    ("network.proxy.type", "0"),
    ("network.lna.enabled", "false"),
    ("network.lna.blocking", "false"),
    ("dom.disable_open_during_load", "false"),
    ("dom.security.https_first", "false"),
    ("dom.security.https_first_schemeless", "false"),
    ("network.captive-portal-service.enabled", "false"),
    ("network.connectivity-service.enabled", "false"),
    ("app.update.enabled", "false"),
    ("app.normandy.enabled", "false"),
    ("browser.aboutwelcome.enabled", "false"),
    ("browser.safebrowsing.malware.enabled", "false"),
    ("browser.safebrowsing.phishing.enabled", "false"),
    ("browser.shell.checkDefaultBrowser", "false"),
    ("browser.startup.homepage_override.mstone", "\"ignore\""),
    ("datareporting.policy.dataSubmissionEnabled", "false"),
    ("extensions.update.enabled", "false"),
    ("toolkit.telemetry.enabled", "false"),
];

fn firefox(command: &mut Command, profile: &Path) {
    let lines = PREFERENCES.iter().map(|(name, value)| format!("user_pref(\"{name}\", {value});\n"));
    fs::write(profile.join("user.js"), lines.collect::<String>()).unwrap();
    command.args(["--headless", "--no-remote", "--profile"]).arg(profile);
}

impl Drop for Reader {
    fn drop(&mut self) {
        let group = Pid::from_child(&self.0);
        kill_process_group(group, Signal::KILL).ok();
        self.0.wait().ok();
    }
}
