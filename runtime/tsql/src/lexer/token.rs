//! What a batch is made of.

/// A token: its kind and where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Its first byte.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
    /// The line it begins on, from 1.
    pub line: u32,
}

/// What a [`Token`] is. Its text is in the source.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TokenKind {
    /// An identifier without quotes, or a keyword.
    Word {
        /// Whether it is a reserved word, which can't be a name.
        reserved: bool,
    },
    /// `[name]` or `"name"`.
    Quoted,
    /// `@name`
    Variable,
    /// `@@name`
    GlobalVariable,
    /// `'text'`, `N'text'`, or `"text"` while QUOTED_IDENTIFIER is off.
    String,
    /// `1`, `1.5`, `1e3`
    Number,
    /// `$1.5`
    Money,
    /// `0x1f`
    Binary,
    /// An operator or punctuation.
    Symbol,
    /// `GO` on a line of its own, with its count.
    Go,
    /// After the last token.
    End,
    /// A token that is none.
    Invalid(Flaw),
}

/// Why a token is [`TokenKind::Invalid`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// A quotation mark without its other one.
    UnclosedQuote,
    /// A `/*` without its `*/`.
    UnclosedComment,
    /// A name of more than 128 characters.
    LongName,
    /// A character that begins nothing.
    Character,
}
