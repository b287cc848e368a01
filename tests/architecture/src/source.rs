//! Modules of a crate, and the links between them: the paths that they name, and the methods of one
//! type that call each other from file to file.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use crate::{
    paths::{Named, Reader, Segments},
    tokens::{collect_calls, collect_chains, ident, inside, is_ident, mentions},
};

/// Dependence of one module on another, and the reason.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Link {
    pub from: Segments,
    pub to: Segments,
    /// Sentence that names both files.
    pub why: String,
}

struct Module {
    file: String,
    text: String,
    tokens: Vec<TokenTree>,
    named: Vec<Named>,
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
    /// Reads every file below the `src` folder of a crate.
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

    /// Lines of the documentation at the head of the crate's root.
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

    /// Links by the methods of a type that call its other methods.
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

    /// Every chain of fields and methods that begins with this name, each with its file.
    pub fn chains(&self, first: &str) -> Vec<(&str, Vec<String>)> {
        let mut found = Vec::new();
        for module in self.modules.values() {
            let mut chains = Vec::new();
            collect_chains(&module.tokens, first, &mut chains);
            found.extend(chains.into_iter().map(|chain| (module.file.as_str(), chain)));
        }
        found
    }

    /// Module that holds what a path names, behind all modules that only hand it on.
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

/// Path of a file's module: `base/outbox.rs` is `base::outbox`, `base/mod.rs` is `base`, and `lib.rs`
/// is the root.
fn module_of(src: &Path, file: &Path) -> Segments {
    let relative = file.strip_prefix(src).unwrap_or(file).with_extension("");
    let mut path: Segments = relative.iter().map(|part| part.to_string_lossy().into_owned()).collect();
    if path.last().is_some_and(|last| last == "mod") || path == ["lib"] || path == ["main"] {
        path.pop();
    }
    path
}

/// Methods that a file gives a type, each with the methods of `self` that it calls.
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
