//! A crate's modules, and the links between them: the paths that they name, and the methods of
//! one type that call each other from file to file.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// The segments of a path, without `crate`.
pub type Segments = Vec<String>;

/// One module depends on another, and by what.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    pub from: Segments,
    pub to: Segments,
    /// A sentence that names both files.
    pub why: String,
}

struct Module {
    file: String,
    text: String,
    tokens: Vec<TokenTree>,
    named: Vec<Named>,
}

/// A path that a module names.
struct Named {
    path: Segments,
    /// The name of a `pub use`: the module hands it on, and need not use it.
    exported_as: Option<String>,
}

struct Method {
    module: Segments,
    name: String,
    calls: BTreeSet<String>,
}

pub struct Source {
    modules: BTreeMap<Segments, Module>,
}

impl Source {
    /// Every file below the `src` folder of a crate.
    pub fn read(src: &Path) -> Self {
        let mut files = Vec::new();
        collect(src, &mut files);
        let paths: BTreeSet<Segments> = files.iter().map(|file| module_of(src, file)).collect();
        let module = |file: PathBuf| {
            let path = module_of(src, &file);
            let text =
                fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            let tokens: TokenStream =
                text.parse().unwrap_or_else(|error| panic!("{}: {error}", file.display()));
            let tokens: Vec<TokenTree> = tokens.into_iter().collect();
            let children =
                paths.iter().filter(|each| each.len() == path.len() + 1 && each.starts_with(&path));
            let children = children.filter_map(|each| each.last().cloned()).collect();
            let named = Reader { module: &path, children }.named(&tokens);
            let file = file.strip_prefix(src).unwrap_or(&file).display().to_string();
            (path, Module { file, text, tokens, named })
        };
        Self { modules: files.into_iter().map(module).collect() }
    }

    /// The documentation at the head of the crate's root.
    pub fn head(&self) -> impl Iterator<Item = &str> {
        let root = self.modules.get(&vec![]);
        root.into_iter().flat_map(|root| root.text.lines()).filter_map(|line| line.strip_prefix("//! "))
    }

    pub fn file(&self, module: &Segments) -> &str {
        self.modules.get(module).map_or("", |module| &module.file)
    }

    /// The first segments of all modules.
    pub fn folders(&self) -> BTreeSet<&str> {
        self.modules.keys().filter_map(|path| path.first()).map(String::as_str).collect()
    }

    /// Links by the paths that modules name. The root, which lists all of them, has none.
    pub fn imports(&self) -> BTreeSet<Link> {
        let mut links = BTreeSet::new();
        for (from, module) in self.modules.iter().filter(|(path, _)| !path.is_empty()) {
            let handed_on = |named: &&Named| {
                let name = named.exported_as.as_ref();
                name.is_none_or(|name| mentions(&module.tokens, name))
            };
            for named in module.named.iter().filter(handed_on) {
                let to = self.resolve(&named.path, 0);
                if to != *from && !to.is_empty() {
                    let (file, other) = (&module.file, self.file(&to));
                    let why = format!("{file} names {} of {other}", named.path.join("::"));
                    links.insert(Link { from: from.clone(), to, why });
                }
            }
        }
        links
    }

    /// Links by the methods of a type that call another of its methods.
    pub fn calls(&self, of: &str) -> BTreeSet<Link> {
        let methods: Vec<Method> =
            self.modules.iter().flat_map(|(path, module)| methods(path, module, of)).collect();
        let owners: BTreeMap<&str, &Segments> =
            methods.iter().map(|method| (method.name.as_str(), &method.module)).collect();
        let mut links = BTreeSet::new();
        for method in methods.iter().filter(|method| !method.module.is_empty()) {
            for call in &method.calls {
                let Some(to) = owners.get(call.as_str()) else { continue };
                if **to != method.module {
                    let (file, other) = (self.file(&method.module), self.file(to));
                    let why = format!("`{}` in {file} calls `{call}` in {other}", method.name);
                    links.insert(Link { from: method.module.clone(), to: (*to).clone(), why });
                }
            }
        }
        links
    }

    /// The module that holds what a path names, behind all that only hands it on.
    fn resolve(&self, path: &[String], depth: usize) -> Segments {
        let longest = (0..=path.len()).rev().find(|length| self.modules.contains_key(&path[..*length]));
        let (module, rest) = path.split_at(longest.unwrap_or(0));
        let exports = self.modules.get(module).into_iter().flat_map(|module| &module.named);
        let mut exports = exports.filter(|named| named.exported_as.as_ref() == rest.first());
        match exports.next() {
            Some(export) if !rest.is_empty() && depth < 10 => self.resolve(&export.path, depth + 1),
            _ => module.to_vec(),
        }
    }
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
}

/// `base/outbox.rs` is `base::outbox`, `base/mod.rs` is `base`, and `lib.rs` is the root.
fn module_of(src: &Path, file: &Path) -> Segments {
    let relative = file.strip_prefix(src).unwrap_or(file).with_extension("");
    let mut path: Segments = relative.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if path.last().is_some_and(|last| last == "mod") || path == ["lib"] || path == ["main"] {
        path.pop();
    }
    path
}

fn is_ident(tree: Option<&TokenTree>, text: &str) -> bool {
    matches!(tree, Some(TokenTree::Ident(ident)) if ident == text)
}

fn ident(tree: Option<&TokenTree>) -> Option<String> {
    if let Some(TokenTree::Ident(ident)) = tree { Some(ident.to_string()) } else { None }
}

fn is_punct(tree: Option<&TokenTree>, mark: char) -> bool {
    matches!(tree, Some(TokenTree::Punct(punct)) if punct.as_char() == mark)
}

fn inside(tree: Option<&TokenTree>) -> Option<(Delimiter, Vec<TokenTree>)> {
    let Some(TokenTree::Group(group)) = tree else { return None };
    Some((group.delimiter(), group.stream().into_iter().collect()))
}

/// Whether a name stands in code, apart from imports.
fn mentions(trees: &[TokenTree], name: &str) -> bool {
    let mut is_import = false;
    trees.iter().any(|tree| {
        is_import = is_ident(Some(tree), "use") || is_import && !is_punct(Some(tree), ';');
        !is_import
            && (is_ident(Some(tree), name)
                || inside(Some(tree)).is_some_and(|(_, trees)| mentions(&trees, name)))
    })
}

struct Reader<'a> {
    module: &'a Segments,
    children: BTreeSet<String>,
}

impl Reader<'_> {
    fn named(&self, trees: &[TokenTree]) -> Vec<Named> {
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
            } else if at < 2 || !is_punct(trees.get(at - 1), ':') {
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

    /// Reads one path, or all of those in braces at its end.
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

    /// The path from the crate's root; none where it leads out of the crate.
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

/// The methods that a file gives a type, each with the methods of `self` that it calls.
fn methods(path: &Segments, module: &Module, of: &str) -> Vec<Method> {
    let trees = &module.tokens;
    let bodies =
        (0..trees.len()).filter(|at| is_ident(trees.get(*at), "impl") && is_ident(trees.get(at + 1), of));
    let mut methods = Vec::new();
    for (_, body) in bodies.filter_map(|at| inside(trees.get(at + 2))) {
        let starts = (0..body.len()).filter(|at| is_ident(body.get(*at), "fn"));
        for at in starts {
            let block = body[at..]
                .iter()
                .find_map(|tree| inside(Some(tree)).filter(|(kind, _)| *kind == Delimiter::Brace));
            let mut calls = BTreeSet::new();
            if let Some((_, block)) = block {
                collect_calls(&block, &mut calls);
            }
            let name = ident(body.get(at + 1)).unwrap_or_default();
            methods.push(Method { module: path.clone(), name, calls });
        }
    }
    methods
}

fn collect_calls(trees: &[TokenTree], calls: &mut BTreeSet<String>) {
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
