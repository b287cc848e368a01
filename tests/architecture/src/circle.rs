//! Circles among modules that stand beside each other.

use std::collections::BTreeSet;

use crate::source::Link;

/// Finds one circle, link by link; `None` where all modules stand above each other.
///
/// A link from or to a file of a folder counts for the folder, as far as it leads out of it. A folder's
/// head and its files are one: the links between them don't count.
pub fn find(links: &BTreeSet<Link>) -> Option<Vec<Link>> {
    let mut left: Vec<Link> = links.iter().filter_map(between_siblings).collect();
    loop {
        let count = left.len();
        let sources: BTreeSet<_> = left.iter().map(|link| link.from.clone()).collect();
        left.retain(|link| sources.contains(&link.to));
        if left.len() == count {
            break;
        }
    }
    // Whatever is left leads on: so a walk comes back to where it has been.
    let mut walk = vec![left.first()?.clone()];
    loop {
        let last = walk.last()?;
        if let Some(at) = walk.iter().position(|link| link.from == last.to) {
            return Some(walk.split_off(at));
        }
        walk.push(left.iter().find(|link| link.from == last.to)?.clone());
    }
}

/// Link between the two modules beside each other that hold the ends of `link`.
fn between_siblings(link: &Link) -> Option<Link> {
    let same = link.from.iter().zip(&link.to).take_while(|(from, to)| from == to).count();
    let (from, to) = (link.from.get(..=same)?.to_vec(), link.to.get(..=same)?.to_vec());
    Some(Link { from, to, why: link.why.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn links(pairs: &[(&str, &str)]) -> BTreeSet<Link> {
        let path = |text: &str| text.split('/').map(str::to_owned).collect();
        let link =
            |(from, to): &(&str, &str)| Link { from: path(from), to: path(to), why: format!("{from}-{to}") };
        pairs.iter().map(link).collect()
    }

    fn circle(pairs: &[(&str, &str)]) -> Option<Vec<String>> {
        find(&links(pairs)).map(|links| links.into_iter().map(|link| link.why).collect())
    }

    #[test]
    fn circles_are_those_among_siblings() {
        assert_eq!(circle(&[("a", "b"), ("b", "c"), ("a", "c")]), None);
        assert_eq!(circle(&[("a", "b"), ("b", "c"), ("c", "b")]).unwrap(), ["b-c", "c-b"]);
        assert_eq!(circle(&[("f", "f/a"), ("f/a", "f")]), None, "a folder's head, and a file of it");
        assert_eq!(circle(&[("f/a", "g/a"), ("g/b", "f/b")]).unwrap(), ["f/a-g/a", "g/b-f/b"]);
        assert_eq!(circle(&[("f/a", "f/b"), ("f/b", "f/a")]).unwrap(), ["f/a-f/b", "f/b-f/a"]);
    }
}
