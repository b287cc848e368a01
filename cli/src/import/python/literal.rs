//! Literal expression, or a call with literals.

use serde_json::{Map, Number};

use super::tokens::{Kind, Token};

#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    None,
    Truth(bool),
    Number(f64),
    Text(String),
    List(Vec<Value>),
    /// Keys and values, each with its line.
    Map(Vec<(usize, Value, Value)>),
    Call(Call),
    /// Name, with dots.
    Name(String),
    Computed,
}

/// Call such as `name(1, key=2)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    pub name: String,
    pub positional: Vec<Value>,
    pub named: Vec<(usize, String, Value)>,
}

impl Call {
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.named.iter().find(|(_, key, _)| key == name).map(|(_, _, value)| value)
    }

    /// Last part of the call's name.
    pub fn function(&self) -> &str {
        self.name.rsplit('.').next().unwrap_or_default()
    }
}

/// Maximum depth of a value. Deeper values count as computed.
const DEEPEST: usize = 60;

impl Value {
    /// Reads an expression, and returns it with the position behind it.
    pub fn read(tokens: &[Token], at: usize) -> (Self, usize) {
        let mut parser = Parser { tokens, at, depth: 0 };
        let value = parser.expression();
        (value, parser.at)
    }

    /// Reads the first part of an expression, whatever follows, and returns it with the position behind
    /// it.
    pub fn first(tokens: &[Token], at: usize) -> (Self, usize) {
        let mut parser = Parser { tokens, at, depth: 0 };
        let value = parser.primary();
        (value, parser.at)
    }

    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    /// JSON of the value. `None` where a part of it is computed.
    pub fn json(&self) -> Option<serde_json::Value> {
        Some(match self {
            Self::None => serde_json::Value::Null,
            Self::Truth(truth) => (*truth).into(),
            Self::Number(number) if number.fract() == 0.0 && number.abs() < 9e15 => (*number as i64).into(),
            Self::Number(number) => Number::from_f64(*number)?.into(),
            Self::Text(text) => text.clone().into(),
            Self::List(items) => items.iter().map(Self::json).collect::<Option<Vec<_>>>()?.into(),
            Self::Map(fields) => {
                let field =
                    |(_, key, value): &(usize, Self, Self)| Some((key.text()?.to_owned(), value.json()?));
                fields.iter().map(field).collect::<Option<Map<_, _>>>()?.into()
            }
            Self::Call(_) | Self::Name(_) | Self::Computed => return None,
        })
    }
}

struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
    depth: usize,
}

impl Parser<'_> {
    fn peek(&self) -> &Kind {
        self.tokens.get(self.at).map_or(&Kind::End, |token| &token.kind)
    }

    fn line(&self) -> usize {
        self.tokens.get(self.at).map_or(0, |token| token.line)
    }

    fn take(&mut self, sign: char) -> bool {
        let is_it = *self.peek() == Kind::Sign(sign);
        self.at += usize::from(is_it);
        is_it
    }

    fn is_over(&self) -> bool {
        matches!(self.peek(), Kind::End | Kind::Sign(',' | ')' | ']' | '}' | ':' | '='))
    }

    fn expression(&mut self) -> Value {
        self.depth += 1;
        let mut value = if self.depth > DEEPEST { Value::Computed } else { self.primary() };
        // 60 * 5 is known without running anything.
        while let (Value::Number(number), Kind::Sign('*')) = (&value, self.peek()) {
            let number = *number;
            self.at += 1;
            value = match self.primary() {
                Value::Number(factor) => Value::Number(number * factor),
                _ => Value::Computed,
            };
        }
        self.depth -= 1;
        if self.is_over() { value } else { self.skip() }
    }

    /// Skips to the end of an expression that is no literal.
    fn skip(&mut self) -> Value {
        let mut open = 0_usize;
        while self.at < self.tokens.len() {
            match self.peek() {
                Kind::Sign('(' | '[' | '{') => open += 1,
                Kind::End => break,
                Kind::Sign(')' | ']' | '}' | ',') if open == 0 => break,
                Kind::Sign(')' | ']' | '}') => open -= 1,
                _ => {}
            }
            self.at += 1;
        }
        Value::Computed
    }

    fn primary(&mut self) -> Value {
        let kind = self.peek().clone();
        match kind {
            Kind::Sign('(') => self.tuple(),
            Kind::Sign('[') => {
                self.at += 1;
                self.items(']').map_or(Value::Computed, Value::List)
            }
            Kind::Sign('{') => self.map(),
            Kind::Sign('-') => {
                self.at += 1;
                match self.primary() {
                    Value::Number(number) => Value::Number(-number),
                    _ => Value::Computed,
                }
            }
            Kind::Number(number) => {
                self.at += 1;
                Value::Number(number)
            }
            Kind::Text(_) => self.texts(),
            Kind::Name(_) => self.named(),
            Kind::Sign(_) | Kind::Other | Kind::End => Value::Computed,
        }
    }

    /// Reads adjacent texts as one text.
    fn texts(&mut self) -> Value {
        let mut whole = String::new();
        while let Kind::Text(text) = self.peek() {
            whole.push_str(text);
            self.at += 1;
        }
        Value::Text(whole)
    }

    fn named(&mut self) -> Value {
        let mut name = String::new();
        while let Kind::Name(part) = self.peek() {
            name.push_str(part);
            self.at += 1;
            if !self.take('.') {
                break;
            }
            name.push('.');
        }
        if self.take('(') {
            return self.call(name);
        }
        match name.as_str() {
            "None" => Value::None,
            "True" => Value::Truth(true),
            "False" => Value::Truth(false),
            _ => Value::Name(name),
        }
    }

    fn call(&mut self, name: String) -> Value {
        let mut call = Call { name, positional: Vec::new(), named: Vec::new() };
        while !self.take(')') {
            let line = self.line();
            match (self.peek().clone(), self.tokens.get(self.at + 1).map(|token| &token.kind)) {
                (Kind::End, _) => return Value::Computed,
                (Kind::Name(key), Some(Kind::Sign('='))) => {
                    self.at += 2;
                    let value = self.expression();
                    call.named.push((line, key, value));
                }
                _ => {
                    let value = self.expression();
                    call.positional.push(value);
                }
            }
            if !self.take(',') && *self.peek() != Kind::Sign(')') {
                return self.skip();
            }
        }
        Value::Call(call)
    }

    fn tuple(&mut self) -> Value {
        self.at += 1;
        let begin = self.at;
        let Some(mut items) = self.items(')') else { return Value::Computed };
        let is_tuple = items.len() != 1
            || self.tokens[begin..self.at].iter().rev().nth(1).map(|token| &token.kind)
                == Some(&Kind::Sign(','));
        if is_tuple { Value::List(items) } else { items.pop().unwrap_or(Value::Computed) }
    }

    fn items(&mut self, close: char) -> Option<Vec<Value>> {
        let mut items = Vec::new();
        while !self.take(close) {
            if *self.peek() == Kind::End {
                return None;
            }
            items.push(self.expression());
            if !self.take(',') && *self.peek() != Kind::Sign(close) {
                self.skip();
                self.take(close);
                return None;
            }
        }
        Some(items)
    }

    fn map(&mut self) -> Value {
        self.at += 1;
        let mut fields = Vec::new();
        let mut before = None;
        while !self.take('}') {
            let line = self.line();
            // What closes something else is no part of it.
            if *self.peek() == Kind::End || before.replace(self.at) == Some(self.at) {
                return Value::Computed;
            }
            let key = self.expression();
            let value = if self.take(':') { self.expression() } else { Value::Computed };
            fields.push((line, key, value));
            if !self.take(',') && *self.peek() != Kind::Sign('}') {
                self.skip();
            }
        }
        Value::Map(fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::import::python::read;

    fn value(text: &str) -> Value {
        Value::read(&read(text), 0).0
    }

    #[test]
    fn literals() {
        for (text, json) in [
            (
                "{'a': [1, -2.5, True, None], \"b\": ('x', 'y' r'\\d'),}",
                r#"{"a":[1,-2.5,true,null],"b":["x","y\\d"]}"#,
            ),
            ("60 * 60 * 24", "86400"),
            ("(5)", "5"),
            ("(5,)", "[5]"),
            ("()", "[]"),
            ("'''a\n'b' # c'''", r#""a\n'b' # c""#),
            ("[1, # one\n 2]", "[1,2]"),
        ] {
            assert_eq!(value(text).json().map(|json| json.to_string()).as_deref(), Some(json), "{text}");
        }
    }

    #[test]
    fn what_is_computed_is_no_literal() {
        for text in [
            "f'{x}'",
            "x + 1",
            "1 + x",
            "x[0]",
            "os.environ['A']",
            "a if b else c",
            "lambda: 1",
            "b'x'",
            "'\\x41'",
            "1 * x",
            "'a",
            "[x for x in y]",
            "{**a}",
            "(",
            "",
            "0x",
            "not x",
            "*a",
            "f(",
            "[1",
            "{'a': 1",
        ] {
            assert!(value(text).json().is_none(), "{text}: {:?}", value(text));
        }
        let Value::Map(fields) = value("{'a': x + 1, 'b': {'c': g(1)[0]}, 'd': 2}") else { panic!("a map") };
        assert_eq!((fields.len(), &fields[0].2, &fields[2].2), (3, &Value::Computed, &Value::Number(2.0)));
        assert!(value(&"[".repeat(100_000)).json().is_none(), "depth is bounded");
    }

    #[test]
    fn calls() {
        let Value::Call(call) = value("a.b(1, minute='*/5', hour=x + (1), tz=c)") else { panic!("a call") };
        assert_eq!((call.function(), &call.positional[..]), ("b", &[Value::Number(1.0)][..]));
        assert_eq!(call.get("minute").and_then(Value::text), Some("*/5"));
        assert_eq!(call.get("hour"), Some(&Value::Computed));
        assert_eq!(call.get("tz"), Some(&Value::Name("c".to_owned())));
    }
}
