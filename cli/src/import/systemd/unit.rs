//! Unit files, line by line: sections, settings, comments, and continued lines.

use crate::import::{Note, NoteKind};

/// Setting, and whether it was read and reported.
#[derive(Debug, Clone)]
struct Setting {
    file: String,
    line: usize,
    section: String,
    name: String,
    value: String,
    is_read: bool,
    is_told: bool,
}

/// Unit with its drop-ins.
#[derive(Debug, Clone, Default)]
pub struct Unit {
    settings: Vec<Setting>,
    pub notes: Vec<Note>,
}

impl Unit {
    /// Adds the lines of a file. Later files override earlier ones.
    pub fn add(&mut self, file: &str, text: &str) {
        let mut section = String::new();
        let mut lines = text.lines().enumerate();
        while let Some((index, line)) = lines.next() {
            let number = index + 1;
            let mut text = line.trim().to_owned();
            let is_comment = text.starts_with(['#', ';']);
            while text.ends_with('\\') && !is_comment {
                text.pop();
                let Some((index, next)) = lines.next() else { break };
                // A comment between them belongs to neither.
                if next.trim_start().starts_with(['#', ';']) {
                    self.notes.push(note(file, index + 1, next.trim(), NoteKind::Comment, ""));
                    text.push('\\');
                } else {
                    text = format!("{} {}", text.trim_end(), next.trim());
                }
            }
            if text.is_empty() {
            } else if is_comment {
                self.notes.push(note(file, number, &text, NoteKind::Comment, ""));
            } else if let Some(name) = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')) {
                self.notes.push(note(file, number, &text, NoteKind::Comment, ""));
                name.clone_into(&mut section);
            } else if let Some((name, value)) = text.split_once('=') {
                self.settings.push(Setting {
                    file: file.to_owned(),
                    line: number,
                    section: section.clone(),
                    name: name.trim().to_owned(),
                    value: value.trim().to_owned(),
                    is_read: false,
                    is_told: false,
                });
            } else {
                let reason = "is neither a section, a comment nor a setting";
                self.notes.push(note(file, number, &text, NoteKind::NotCarriedOver, reason));
            }
        }
    }

    pub fn is_empty(&self) -> bool {
        self.settings.is_empty()
    }

    /// Values of a setting. An empty value cancels the values before it.
    pub fn all(&mut self, section: &str, name: &str) -> Vec<String> {
        let named = self.places(section, name);
        let reset = named.iter().rposition(|at| self.settings[*at].value.is_empty());
        let (before, valid) = named.split_at(reset.map_or(0, |at| at + 1));
        for at in before {
            self.take_back(*at);
        }
        for at in valid {
            self.settings[*at].is_read = true;
        }
        valid.iter().map(|at| self.settings[*at].value.clone()).collect()
    }

    /// Last value of a setting, which replaces the values before it.
    pub fn last(&mut self, section: &str, name: &str) -> Option<String> {
        let named = self.places(section, name);
        let (last, replaced) = named.split_last()?;
        for at in replaced {
            self.take_back(*at);
        }
        self.settings[*last].is_read = true;
        Some(self.settings[*last].value.clone()).filter(|value| !value.is_empty())
    }

    fn places(&self, section: &str, name: &str) -> Vec<usize> {
        let is_named = |setting: &Setting| setting.section == section && setting.name == name;
        (0..self.settings.len()).filter(|at| is_named(&self.settings[*at])).collect()
    }

    fn take_back(&mut self, at: usize) {
        let Setting { file, line, name, value, is_told, .. } = &mut self.settings[at];
        if !*is_told {
            let text = format!("{name}={value}");
            self.notes.push(note(file, *line, &text, NoteKind::Ignored, "a later setting overrides it"));
            *is_told = true;
        }
    }

    pub fn truth(&mut self, section: &str, name: &str) -> Result<Option<bool>, String> {
        let Some(value) = self.last(section, name) else { return Ok(None) };
        match value.to_ascii_lowercase().as_str() {
            "1" | "yes" | "y" | "true" | "t" | "on" => Ok(Some(true)),
            "0" | "no" | "n" | "false" | "f" | "off" => Ok(Some(false)),
            _ => Err(format!("{name}={value}: is neither true nor false")),
        }
    }

    /// Names of settings that begin with one of these texts.
    pub fn names_with(&self, beginnings: &[&str]) -> Vec<String> {
        let names = self.settings.iter().map(|setting| &setting.name);
        let mut names: Vec<String> =
            names.filter(|name| beginnings.iter().any(|begin| name.starts_with(begin))).cloned().collect();
        names.dedup();
        names
    }

    /// Adds a note about a setting, wherever it is.
    pub fn tell(&mut self, name: &str, kind: NoteKind, reason: &str) {
        for setting in self.settings.iter_mut().filter(|setting| setting.name == name && !setting.is_told) {
            (setting.is_read, setting.is_told) = (true, true);
            let text = format!("{name}={}", setting.value);
            self.notes.push(note(&setting.file, setting.line, &text, kind, reason));
        }
    }

    /// Reports the rest: settings that were read are part of `job`, others are lost. Without a job all
    /// are lost.
    pub fn finish(mut self, job: Option<&str>, unknown: &str) -> Vec<Note> {
        for setting in self.settings.iter().filter(|setting| !setting.is_told) {
            let Setting { file, line, name, value, .. } = setting;
            let is_carried = setting.is_read && job.is_some();
            let (kind, reason) =
                if is_carried { (NoteKind::CarriedOver, "") } else { (NoteKind::NotCarriedOver, unknown) };
            let job = job.filter(|_| is_carried).map(str::to_owned);
            self.notes.push(Note { job, ..note(file, *line, &format!("{name}={value}"), kind, reason) });
        }
        self.notes
    }
}

fn note(file: &str, line: usize, text: &str, kind: NoteKind, reason: &str) -> Note {
    Note { line, text: text.to_owned(), ..Note::of_file(file, kind, reason) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_drop_ins_and_lines_that_go_on() {
        let mut unit = Unit::default();
        unit.add("a", "# x\n[Timer]\nOnCalendar=daily\nOnCalendar = weekly\n[Service]\nExecStart=/x a \\\n; y\n  b\nhello\n");
        assert_eq!(unit.all("Timer", "OnCalendar"), ["daily", "weekly"]);
        unit.add("b", "[Timer]\nOnCalendar=\nOnCalendar=hourly\n");
        assert_eq!(unit.all("Timer", "OnCalendar"), ["hourly"]);
        assert_eq!(unit.last("Service", "ExecStart").as_deref(), Some("/x a b"));
        let notes = unit.finish(Some("job"), "unknown");
        let lost: Vec<&str> = notes
            .iter()
            .filter(|note| note.kind == NoteKind::NotCarriedOver)
            .map(|note| note.text.as_str())
            .collect();
        assert_eq!((notes.len(), lost), (11, vec!["hello"]));
    }
}
