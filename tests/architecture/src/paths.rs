//! The paths that a module names.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, TokenTree};

use crate::tokens::{ident, inside, is_ident, is_punct};

/// Segments of a path, without `crate`.
pub type Segments = Vec<String>;

/// A path that a module names.
pub(crate) struct Named {
    pub path: Segments,
    /// Name of a `pub use`: the module hands the path on, and need not use it.
    pub exported_as: Option<String>,
}

pub(crate) struct Reader<'a> {
    pub module: &'a Segments,
    pub children: BTreeSet<String>,
}

impl Reader<'_> {
    pub fn named(&self, trees: &[TokenTree]) -> Vec<Named> {
        let (mut named, mut at, mut is_public) = (Vec::new(), 0, false);
        while let Some(tree) = trees.get(at) {
            // A module within the file is mostly its tests, which may name what they like.
            if is_ident(Some(tree), "mod") && inside(trees.get(at + 2)).is_some() {
                at += 3;
                continue;
            }
            if is_ident(Some(tree), "use") {
                let end = trees[at..].iter().position(|tree| is_punct(Some(tree), ';'));
                let end = end.map_or(trees.len(), |length| at + length);
                self.tree(&trees[at + 1..end], &[], true, is_public, &mut named);
                at = end;
            } else if !(at >= 2 && is_punct(trees.get(at - 1), ':') && is_punct(trees.get(at - 2), ':')) {
                self.tree(&trees[at..], &[], false, false, &mut named);
            }
            if let Some((_, trees)) = inside(Some(tree)) {
                named.extend(self.named(&trees));
            }
            // `pub(crate) use` has a group between the two.
            is_public = is_ident(Some(tree), "pub") || is_public && inside(Some(tree)).is_some();
            at += 1;
        }
        named
    }

    /// Reads one path, or all paths in braces at its end.
    fn tree(
        &self,
        trees: &[TokenTree],
        before: &[String],
        is_use: bool,
        is_public: bool,
        named: &mut Vec<Named>,
    ) {
        let (mut path, mut at) = (before.to_vec(), 0);
        while let Some(segment) = ident(trees.get(at)) {
            path.push(segment);
            at += 1;
            if !(is_punct(trees.get(at), ':') && is_punct(trees.get(at + 1), ':')) {
                break;
            }
            at += 2;
        }
        if let Some((Delimiter::Brace, parts)) = inside(trees.get(at)).filter(|_| is_use) {
            for part in parts.split(|tree| is_punct(Some(tree), ',')) {
                self.tree(part, &path, is_use, is_public, named);
            }
            return;
        }
        let last = path.last().cloned().filter(|_| !is_punct(trees.get(at), '*'));
        let alias = if is_ident(trees.get(at), "as") { ident(trees.get(at + 1)) } else { last };
        if let Some(path) = self.absolute(&path) {
            named.push(Named { path, exported_as: alias.filter(|_| is_public) });
        }
    }

    /// Path from the crate's root; `None` where it leads out of the crate.
    fn absolute(&self, path: &[String]) -> Option<Segments> {
        let (first, rest) = path.split_first()?;
        if rest.is_empty() {
            return None;
        }
        let ups = path.iter().take_while(|segment| *segment == "super").count();
        let (base, rest) = match first.as_str() {
            "crate" => (&self.module[..0], rest),
            "self" => (&self.module[..], rest),
            "super" => (&self.module[..self.module.len().checked_sub(ups)?], &path[ups..]),
            child if self.children.contains(child) => (&self.module[..], path),
            _ => return None,
        };
        Some([base, rest].concat())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(text: &str) -> Vec<String> {
        let module = vec!["a".to_owned(), "b".to_owned()];
        let reader = Reader { module: &module, children: BTreeSet::from(["child".to_owned()]) };
        let trees: Vec<TokenTree> = text.parse::<proc_macro2::TokenStream>().unwrap().into_iter().collect();
        let shown = |named: Named| match named.exported_as {
            Some(name) => format!("{} as {name}", named.path.join("::")),
            None => named.path.join("::"),
        };
        reader.named(&trees).into_iter().map(shown).collect()
    }

    #[test]
    fn paths_are_read_from_imports_and_from_code() {
        assert_eq!(named("use crate::{x::{Y, z::Z}, w}; use std::fmt;"), ["x::Y", "x::z::Z", "w"]);
        assert_eq!(
            named("use super::c::D; use super::super::e::*; use self::child::F;"),
            ["a::c::D", "e", "a::b::child::F"]
        );
        assert_eq!(
            named("pub(crate) use child::{G, H as I};"),
            ["a::b::child::G as G", "a::b::child::H as I"]
        );
        assert_eq!(named("fn f() { g(crate::x::Y { z: super::w() }, h::crate_like()); }"), ["x::Y", "a::w"]);
        assert_eq!(named("macro!(crate::x::y, child::z())"), ["x::y", "a::b::child::z"]);
        assert_eq!(named("mod tests { use super::*; use crate::x; }"), [""; 0]);
    }
}
