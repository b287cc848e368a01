//! Literals in Python files, as far as a file contains them directly. A value that is known only when
//! the file runs is [`Value::Computed`].

mod literal;
mod tokens;

pub use self::{
    literal::{Call, Value},
    tokens::{Kind, Token, read},
};
