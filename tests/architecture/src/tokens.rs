//! Tokens of Rust, as far as the tests here look at them.

use std::collections::BTreeSet;

use proc_macro2::{Delimiter, TokenTree};

pub(crate) fn is_ident(tree: Option<&TokenTree>, text: &str) -> bool {
    matches!(tree, Some(TokenTree::Ident(ident)) if ident == text)
}

pub(crate) fn ident(tree: Option<&TokenTree>) -> Option<String> {
    if let Some(TokenTree::Ident(ident)) = tree { Some(ident.to_string()) } else { None }
}

pub(crate) fn is_punct(tree: Option<&TokenTree>, mark: char) -> bool {
    matches!(tree, Some(TokenTree::Punct(punct)) if punct.as_char() == mark)
}

pub(crate) fn inside(tree: Option<&TokenTree>) -> Option<(Delimiter, Vec<TokenTree>)> {
    let Some(TokenTree::Group(group)) = tree else { return None };
    Some((group.delimiter(), group.stream().into_iter().collect()))
}

/// Whether a name stands in code, apart from imports.
pub(crate) fn mentions(trees: &[TokenTree], name: &str) -> bool {
    let mut is_import = false;
    trees.iter().any(|tree| {
        is_import = is_ident(Some(tree), "use") || is_import && !is_punct(Some(tree), ';');
        !is_import
            && (is_ident(Some(tree), name)
                || inside(Some(tree)).is_some_and(|(_, trees)| mentions(&trees, name)))
    })
}

/// Adds the methods of `self`, and of its type, that are called in these.
pub(crate) fn collect_calls(trees: &[TokenTree], calls: &mut BTreeSet<String>) {
    for at in 0..trees.len() {
        let is_own = is_ident(trees.get(at), "self") && is_punct(trees.get(at + 1), '.');
        if is_own && matches!(inside(trees.get(at + 3)), Some((Delimiter::Parenthesis, _))) {
            calls.extend(ident(trees.get(at + 2)));
        }
        if is_ident(trees.get(at), "Self") && is_punct(trees.get(at + 1), ':') {
            calls.extend(ident(trees.get(at + 3)));
        }
        if let Some((_, trees)) = inside(trees.get(at)) {
            collect_calls(&trees, calls);
        }
    }
}

/// Adds every chain of fields and methods that begins with this name: `ports.jobs.job` is two names.
pub(crate) fn collect_chains(trees: &[TokenTree], first: &str, chains: &mut Vec<Vec<String>>) {
    for at in 0..trees.len() {
        if is_ident(trees.get(at), first) && is_punct(trees.get(at + 1), '.') {
            let links = (at + 1..trees.len()).step_by(2).take_while(|at| is_punct(trees.get(*at), '.'));
            chains.push(links.map_while(|at| ident(trees.get(at + 1))).collect());
        }
        if let Some((_, trees)) = inside(trees.get(at)) {
            collect_chains(&trees, first, chains);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trees(text: &str) -> Vec<TokenTree> {
        text.parse::<proc_macro2::TokenStream>().unwrap().into_iter().collect()
    }

    #[test]
    fn calls_are_read_wherever_they_stand() {
        let text = "self.a().await; x.b(); self.field.c(); later(|| self\n.d(y)); text!(\"{}\", self.e()); Self::f(self)";
        let mut calls = BTreeSet::new();
        collect_calls(&trees(text), &mut calls);
        assert_eq!(calls.into_iter().collect::<Vec<_>>(), ["a", "d", "e", "f"]);
    }

    #[test]
    fn chains_end_with_the_last_name() {
        let mut chains = Vec::new();
        collect_chains(
            &trees("engine.ports.jobs.job(id); let x = &ports.gates; ports()"),
            "ports",
            &mut chains,
        );
        assert_eq!(chains, [vec!["jobs".to_owned(), "job".to_owned()], vec!["gates".to_owned()]]);
    }
}
