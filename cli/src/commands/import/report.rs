//! The report for people: file by file, in 80 columns.

use comfy_table::{ContentArrangement, Table};

use super::Kind;
use crate::{
    import::{Note, NoteKind, Translation},
    show::{self, table},
};

const WIDTH: u16 = 80;
/// Of what a line says; the job file or the JSON report has the rest.
const MAX_TEXT: usize = 200;

pub fn text<T>(kind: &Kind, translation: &Translation<T>) -> String {
    let notes = &translation.notes;
    let count = |kind| notes.iter().filter(|note| note.kind == kind).count();
    let (changed, lost) = (count(NoteKind::Changed), count(NoteKind::NotCarriedOver));
    let jobs = translation.jobs.len();
    let mut text = wrapped(&format!("{jobs} jobs, {changed} changes, {lost} losses; {}", kind.remark));
    if changed + lost == 0 {
        text.push_str("\neverything was carried over");
    }
    for notes in notes.chunk_by(|one, other| one.file == other.file) {
        text.push_str(&of_file(notes));
    }
    text
}

fn of_file(notes: &[Note]) -> String {
    let shown: Vec<&Note> = notes.iter().filter(|note| note.kind != NoteKind::Comment).collect();
    let Some(first) = shown.first() else { return String::new() };
    let mut table = table::new(["LINE", "WHAT", "TEXT AND REASON"]);
    fit(&mut table);
    for note in &shown {
        let line = if note.line == 0 { String::new() } else { note.line.to_string() };
        table.add_row([line, note.kind.as_str().to_owned(), cell(note)]);
    }
    format!("\n\n{}\n{}", wrapped(&clean(&first.file)), table::text(&table))
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

/// What came from a file does not steer a terminal.
fn clean(text: &str) -> String {
    text.chars()
        .flat_map(|c| if c.is_control() { c.escape_default().collect::<Vec<_>>() } else { vec![c] })
        .collect()
}
