//! Tokens of Python, as far as literals need them. No code is ever run.

#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    Name(String),
    /// Text whose value is known.
    Text(String),
    Number(f64),
    /// Operator, bracket or separator.
    Sign(char),
    /// End of a statement.
    End,
    /// Any other token: an f-string, bytes, or a text with an escape that is not read.
    Other,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Token {
    pub kind: Kind,
    /// Line, counted from 1.
    pub line: usize,
}

pub fn read(text: &str) -> Vec<Token> {
    let mut reader = Reader { rest: text, line: 1, depth: 0, tokens: Vec::new() };
    while reader.step() {}
    reader.push(Kind::End);
    reader.tokens
}

struct Reader<'a> {
    rest: &'a str,
    line: usize,
    depth: usize,
    tokens: Vec<Token>,
}

impl Reader<'_> {
    fn push(&mut self, kind: Kind) {
        self.tokens.push(Token { kind, line: self.line });
    }

    fn skip(&mut self, bytes: usize) {
        self.line += self.rest[..bytes].matches('\n').count();
        self.rest = &self.rest[bytes..];
    }

    fn step(&mut self) -> bool {
        let Some(first) = self.rest.chars().next() else { return false };
        match first {
            '\n' => {
                if self.depth == 0 {
                    self.push(Kind::End);
                }
                self.skip(1);
            }
            '#' => self.skip(self.rest.find('\n').unwrap_or(self.rest.len())),
            '\\' if self.rest[1..].trim_start_matches('\r').starts_with('\n') => {
                self.skip(self.rest.find('\n').map_or(1, |at| at + 1));
            }
            '"' | '\'' => self.text(""),
            _ if first.is_alphabetic() || first == '_' => self.word(),
            _ if first.is_ascii_digit() => self.number(),
            _ if first.is_whitespace() => self.skip(first.len_utf8()),
            _ => {
                match first {
                    '(' | '[' | '{' => self.depth += 1,
                    ')' | ']' | '}' => self.depth = self.depth.saturating_sub(1),
                    _ => {}
                }
                self.push(Kind::Sign(first));
                self.skip(first.len_utf8());
            }
        }
        true
    }

    fn word(&mut self) {
        let end = self.rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(self.rest.len());
        let word = &self.rest[..end];
        let is_prefix = word.len() <= 2 && word.chars().all(|c| "rRbBuUfFtT".contains(c));
        if is_prefix && self.rest[end..].starts_with(['"', '\'']) {
            let prefix = word.to_ascii_lowercase();
            self.skip(end);
            return self.text(&prefix);
        }
        let word = word.to_owned();
        self.push(Kind::Name(word));
        self.skip(end);
    }

    fn number(&mut self) {
        let is_part = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '.');
        let end = self.rest.find(|c: char| !is_part(c)).unwrap_or(self.rest.len());
        let number = self.rest[..end].replace('_', "").parse();
        self.push(number.map_or(Kind::Other, Kind::Number));
        self.skip(end);
    }

    fn text(&mut self, prefix: &str) {
        let quote = &self.rest[..1];
        let triple = quote.repeat(3);
        let mark = if self.rest.starts_with(&triple) { triple } else { quote.to_owned() };
        let inside = &self.rest[mark.len()..];
        let Some(end) = end_of_text(inside, &mark) else {
            self.push(Kind::Other);
            return self.skip(self.rest.len());
        };
        let raw = &inside[..end];
        let value = match prefix {
            "" | "u" => unescaped(raw),
            "r" => Some(raw.to_owned()),
            _ => None,
        };
        self.push(value.map_or(Kind::Other, Kind::Text));
        self.skip(2 * mark.len() + end);
    }
}

fn end_of_text(inside: &str, mark: &str) -> Option<usize> {
    let mut at = 0;
    loop {
        let rest = &inside[at..];
        if rest.starts_with(mark) {
            return Some(at);
        }
        let first = rest.chars().next()?;
        if first == '\n' && mark.len() == 1 {
            return None;
        }
        at += first.len_utf8();
        if first == '\\' {
            at += inside[at..].chars().next()?.len_utf8();
        }
    }
}

fn unescaped(raw: &str) -> Option<String> {
    let mut out = String::new();
    let mut characters = raw.chars();
    while let Some(c) = characters.next() {
        match c {
            '\\' => match characters.next()? {
                'n' => out.push('\n'),
                't' => out.push('\t'),
                '\n' => {}
                c @ ('\\' | '\'' | '"') => out.push(c),
                _ => return None,
            },
            c => out.push(c),
        }
    }
    Some(out)
}
