//! Piece of an expression that knows its place, so that every error can point at it.

use super::error::Place;

const SHOWN_CHARACTERS: usize = 40;

#[derive(Clone, Copy, Debug)]
pub(super) struct Piece<'a> {
    whole: &'a str,
    text: &'a str,
}

impl<'a> Piece<'a> {
    pub fn new(whole: &'a str) -> Self {
        Self { whole, text: whole }
    }

    pub fn text(self) -> &'a str {
        self.text
    }

    /// Part of this piece. `part` must be a slice of this piece's text.
    pub fn part(self, part: &'a str) -> Self {
        Self { whole: self.whole, text: part }
    }

    pub fn trim(self) -> Self {
        self.part(self.text.trim_matches(|c: char| c.is_ascii_whitespace()))
    }

    pub fn split(self, separator: char) -> impl Iterator<Item = Self> {
        self.text.split(separator).map(move |part| self.part(part))
    }

    pub fn split_once(self, separator: char) -> Option<(Self, Self)> {
        let (before, after) = self.text.split_once(separator)?;
        Some((self.part(before), self.part(after)))
    }

    /// Words between blanks and tabs. Other white space, such as a no-break space from a web page, is a
    /// part of a word, as in cron.
    pub fn words(self) -> Vec<Self> {
        let words = self.text.split([' ', '\t']).filter(|word| !word.is_empty());
        words.map(|word| self.part(word)).collect()
    }

    /// Empty piece at the end of this one: the place of what is missing.
    pub fn end(self) -> Self {
        self.part(&self.text[self.text.len()..])
    }

    pub fn start(self) -> usize {
        self.text.as_ptr() as usize - self.whole.as_ptr() as usize
    }

    pub fn place(self, field: &'static str) -> Place {
        let position = self.start();
        Place {
            field,
            position,
            column: self.whole[..position].chars().count() + 1,
            text: self.text.chars().take(SHOWN_CHARACTERS).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_remembers_its_place_in_bytes_and_in_characters() {
        let words = Piece::new("  ä 25").words();
        let place = words[1].place("hour");
        assert_eq!((place.position, place.column, place.text.as_str()), (5, 5, "25"));
    }

    #[test]
    fn the_end_is_an_empty_piece() {
        let piece = Piece::new("a,b");
        assert_eq!((piece.end().text(), piece.end().start()), ("", 3));
    }
}
