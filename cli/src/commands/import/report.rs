//! Report for people: file by file, in 80 columns.

use comfy_table::{ContentArrangement, Table};

use super::Kind;
use crate::{
    import::{Note, NoteKind, Translation},
    show::{self, table},
};

const WIDTH: u16 = 80;
/// Maximum number of characters that are shown of a line. The job file or the JSON report has the rest.
const MAX_TEXT: usize = 200;

pub fn text<T>(kind: &Kind, translation: &Translation<T>) -> String {
    let notes = &translation.notes;
    let count = |kind| notes.iter().filter(|note| note.kind == kind).count();
    let (changed, lost) = (count(NoteKind::Changed), count(NoteKind::NotCarriedOver));
    let jobs = translation.jobs.len();
    let mut text = wrapped(&format!("{jobs} jobs, {changed} changes, {lost} losses; {}", kind.remark));
    if changed + lost == 0 {
        text.push_str("\neverything was converted");
    }
    let files = by_file(notes);
    let (ignored, read): (Vec<_>, Vec<_>) = files.into_iter().partition(|notes| is_ignored(notes));
    for notes in read {
        text.push_str(&of_file(&notes));
    }
    if !ignored.is_empty() {
        text.push_str(&of_ignored(&ignored));
    }
    text
}

/// Groups notes by file, in the order of the files, and sorts them by line. Notes about a whole file
/// come first.
fn by_file(notes: &[Note]) -> Vec<Vec<&Note>> {
    let mut files: Vec<Vec<&Note>> = Vec::new();
    for note in notes.iter().filter(|note| note.kind != NoteKind::Comment) {
        match files.iter_mut().find(|file| file[0].file == note.file) {
            Some(file) => file.push(note),
            None => files.push(vec![note]),
        }
    }
    for file in &mut files {
        file.sort_by_key(|note| note.line);
    }
    files
}

fn is_ignored(notes: &[&Note]) -> bool {
    notes.iter().all(|note| note.kind == NoteKind::Ignored)
}

/// Reasons for ignored files, each with its files.
fn of_ignored(files: &[Vec<&Note>]) -> String {
    let mut reasons: Vec<(&str, Vec<String>)> = Vec::new();
    for file in files {
        let (name, reason) = (clean(&file[0].file), file[0].reason.as_str());
        match reasons.iter_mut().find(|(known, _)| *known == reason) {
            Some((_, names)) => names.push(name),
            None => reasons.push((reason, vec![name])),
        }
    }
    let text = |(reason, names): (&str, Vec<String>)| format!("ignored: {reason}: {}", names.join(", "));
    let texts: Vec<String> = reasons.into_iter().map(|reason| wrapped(&text(reason))).collect();
    format!("\n\n{}", texts.join("\n\n"))
}

fn of_file(notes: &[&Note]) -> String {
    let mut table = table::new(["LINE", "WHAT", "TEXT, REASON"]);
    fit(&mut table);
    for note in notes {
        let line = if note.line == 0 { String::new() } else { note.line.to_string() };
        table.add_row([line, note.kind.as_str().to_owned(), cell(note)]);
    }
    format!("\n\n{}\n{}", wrapped(&clean(&notes[0].file)), table::text(&table))
}

fn cell(note: &Note) -> String {
    let job = note.job.as_ref().map(|job| format!("{job}: ")).unwrap_or_default();
    let line = clean(&format!("{job}{}", show::short(&note.text, MAX_TEXT)));
    let parts = [line, clean(&note.reason)];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n")
}

fn fit(table: &mut Table) {
    table.set_content_arrangement(ContentArrangement::Dynamic).set_width(WIDTH);
}

fn wrapped(line: &str) -> String {
    let mut table = Table::new();
    table.load_style(comfy_table::presets::NOTHING);
    fit(&mut table);
    table.add_row([line]);
    table::text(&table).lines().map(str::trim).collect::<Vec<_>>().join("\n")
}

/// Spells out control characters, so that text from a file can't control the terminal.
fn clean(text: &str) -> String {
    text.chars()
        .flat_map(|c| if c.is_control() { c.escape_default().collect::<Vec<_>>() } else { vec![c] })
        .collect()
}
