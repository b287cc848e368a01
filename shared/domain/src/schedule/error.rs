//! Errors in an expression: what is wrong, where, and what would be right.

use std::fmt;

/// Place of an error in an expression.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Name of the field: `minute`, `day-of-week`, `timezone`, …
    pub field: &'static str,
    /// Byte offset in the expression, counted from 0 (in the zone's name, for `timezone`).
    pub position: usize,
    /// Column in characters, counted from 1, for people.
    pub column: usize,
    /// Text with the error, cut to 40 characters. Empty where something is missing.
    pub text: String,
}

impl Place {
    /// Name of the character with the error, which may be invisible: `U+00A0`.
    fn code_point(&self) -> String {
        self.text.chars().next().map_or_else(String::new, |c| format!("U+{:04X}", u32::from(c)))
    }

    fn quoted(&self) -> String {
        if self.text.is_empty() { "nothing".to_owned() } else { format!("'{}'", self.text) }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} (column {})", self.field, self.column)
    }
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ScheduleError {
    #[error("{at}: {} is out of range {allowed}", at.text)]
    OutOfRange { at: Place, allowed: &'static str },

    #[error("{at}: found {}, expected {allowed}", at.quoted())]
    Unexpected { at: Place, allowed: &'static str },

    /// A character such as a no-break space, which web pages put between fields.
    #[error("{at}: {} is no blank, though it looks like one; separate fields by blanks or tabs", at.code_point())]
    LikeBlank { at: Place },

    #[error("{at}: {} runs backwards; ranges do not wrap around, use two rising ranges with a comma between them", at.quoted())]
    ReversedRange { at: Place },

    #[error("{at}: {} has a step without a range; put the step after * or a range, such as */15 or 5-59/15", at.quoted())]
    StepWithoutRange { at: Place },

    #[error("{at}: found {} for a step, expected a number from 1", at.quoted())]
    BadStep { at: Place },

    #[error("{at}: {found} fields found, expected {allowed}")]
    FieldCount { at: Place, found: usize, allowed: &'static str },

    /// AWS requires `?` in exactly one of the two day fields.
    #[error("{at}: {} is not allowed here; exactly one of day-of-month and day-of-week must be ?", at.quoted())]
    DayFields { at: Place },

    #[error("{at}: {} is not an IANA time zone; use a name such as UTC or Europe/Berlin", at.quoted())]
    UnknownTimezone { at: Place },

    /// The walker refused a calendar that the parser had let through: a defect of Belfry's.
    #[error("{at}: the calendar was refused: {reason}")]
    Calendar { at: Place, reason: String },
}

impl ScheduleError {
    pub fn place(&self) -> &Place {
        match self {
            Self::OutOfRange { at, .. }
            | Self::Unexpected { at, .. }
            | Self::LikeBlank { at }
            | Self::ReversedRange { at }
            | Self::StepWithoutRange { at }
            | Self::BadStep { at }
            | Self::FieldCount { at, .. }
            | Self::DayFields { at }
            | Self::UnknownTimezone { at }
            | Self::Calendar { at, .. } => at,
        }
    }

    /// Name of the field, as in the message.
    pub fn field(&self) -> &'static str {
        self.place().field
    }

    /// Byte offset in the expression of the text with the error, counted from 0.
    ///
    /// For an unknown time zone it is the offset in the zone's name: 0.
    pub fn position(&self) -> usize {
        self.place().position
    }
}
