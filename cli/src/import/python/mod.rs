//! Literals in Python files: what a file says, as far as it says it in so many words. What has to be
//! run to be known is [`Value::Computed`].

mod literal;
mod tokens;

pub use self::{
    literal::{Call, Value},
    tokens::{Kind, Token, read},
};
