//! The public functions of this package, as its source has them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use syn::punctuated::Punctuated;
use syn::{
    Attribute, Expr, Fields, ImplItem, Item, ItemImpl, ItemMod, ItemTrait, Lit, Meta, Token,
    TraitItem, Type, UseTree, Visibility,
};

/// Traits of which the page says in one sentence what holds for all their implementations.
const LOOKING: [&str; 9] =
    ["Debug", "Display", "Error", "Default", "PartialEq", "Eq", "PartialOrd", "Ord", "Hash"];

/// For what the package is built.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Build {
    pub(crate) features: &'static [&'static str],
    pub(crate) architecture: &'static str,
    pub(crate) system: &'static str,
}

/// The names of all public functions, methods of public traits, methods by which public types implement
/// a trait, and `Type::drop` of types whose drop does something.
pub(crate) fn functions(package: &Path, build: Build) -> BTreeSet<String> {
    let mut source = Source { build, ..Source::default() };
    source.read(&package.join("src/lib.rs"), &package.join("src"), true);
    source.functions()
}

/// All that was found, before it is known what of it is public.
#[derive(Default)]
struct Source {
    build: Build,
    /// What the root exports.
    exported: BTreeSet<String>,
    /// By name, and the file where it is: names of private types are not unique.
    types: BTreeMap<(String, PathBuf), Fielded>,
    /// Of free functions and of methods: whose they are, and their own name.
    functions: Vec<String>,
    methods: Vec<(String, String)>,
    /// Public or not: who cannot name it calls none of its methods.
    traits: BTreeSet<String>,
    impls: Vec<Implementation>,
    /// The body of `observers!`.
    observers: String,
    /// Types in whose `impl` that macro stands.
    observed: Vec<String>,
    /// The file that is being read.
    file: PathBuf,
    /// What each file imports.
    imports: BTreeSet<(String, PathBuf)>,
}

/// What a type is made of.
#[derive(Default)]
struct Fielded {
    mentions: BTreeSet<String>,
    /// Those of them that are named by their path, without an import.
    paths: BTreeSet<String>,
    derives_clone: bool,
    is_public: bool,
}

struct Implementation {
    file: PathBuf,
    of: String,
    by: String,
    methods: Vec<String>,
}

impl Source {
    fn read(&mut self, file: &Path, folder: &Path, is_root: bool) {
        let text = fs::read_to_string(file)
            .unwrap_or_else(|error| panic!("{} cannot be read: {error}", file.display()));
        let parsed = syn::parse_file(&text)
            .unwrap_or_else(|error| panic!("{} cannot be parsed: {error}", file.display()));
        let above = core::mem::replace(&mut self.file, file.to_owned());
        self.items(parsed.items, folder, is_root);
        self.file = above;
    }

    fn items(&mut self, items: Vec<Item>, folder: &Path, is_root: bool) {
        for item in items {
            self.item(item, folder, is_root);
        }
    }

    fn item(&mut self, item: Item, folder: &Path, is_root: bool) {
        match item {
            Item::Mod(module) if self.has(&module.attrs) => self.module(module, folder),
            Item::Use(item) if self.has(&item.attrs) => self.import(&item, is_root),
            Item::Struct(item) if self.has(&item.attrs) => {
                self.define(&item.ident, &item.vis, Fielded::of(&item.attrs, [&item.fields]));
            }
            Item::Enum(item) if self.has(&item.attrs) => {
                let fields = item.variants.iter().map(|variant| &variant.fields);
                self.define(&item.ident, &item.vis, Fielded::of(&item.attrs, fields));
            }
            Item::Fn(item) if is_public(&item.vis) && self.has(&item.attrs) => {
                self.functions.push(item.sig.ident.to_string());
            }
            Item::Trait(item) if self.has(&item.attrs) => self.declare(item),
            Item::Impl(item) if self.has(&item.attrs) => self.implement(item),
            Item::Macro(item) if self.has(&item.attrs) => self.item_macro(&item, folder, is_root),
            _ => {}
        }
    }

    fn define(&mut self, name: &syn::Ident, visibility: &Visibility, mut fielded: Fielded) {
        fielded.is_public = is_public(visibility);
        let paths = core::mem::take(&mut fielded.paths).into_iter();
        self.imports.extend(paths.map(|path| (path, self.file.clone())));
        self.types.insert((name.to_string(), self.file.clone()), fielded);
    }

    fn module(&mut self, module: ItemMod, folder: &Path) {
        let name = module.ident.to_string();
        let inner = folder.join(&name);
        match module.content {
            Some((_, items)) => self.items(items, &inner, false),
            None => {
                let file: PathBuf = folder.join(format!("{name}.rs"));
                let file = if file.exists() { file } else { inner.join("mod.rs") };
                self.read(&file, &inner, false);
            }
        }
    }

    fn import(&mut self, item: &syn::ItemUse, is_root: bool) {
        let mut names = BTreeSet::new();
        names_in(&item.tree, &mut names);
        if is_root && is_public(&item.vis) {
            assert!(!names.contains("*"), "the root exports what it does not name");
            self.exported.extend(names.iter().cloned());
        }
        self.imports.extend(names.into_iter().map(|name| (name, self.file.clone())));
    }

    /// The macros of `sync.rs`, with what stands in them, and the one of `observe.rs`.
    fn item_macro(&mut self, item: &syn::ItemMacro, folder: &Path, is_root: bool) {
        match last_name(&item.mac.path).as_str() {
            "macro_rules" if item.ident.as_ref().is_some_and(|name| name == "observers") => {
                self.observers = item.mac.tokens.to_string();
            }
            "not_modeled" => {
                let inner = syn::parse_file(&item.mac.tokens.to_string());
                self.items(inner.expect("it has items in it").items, folder, is_root);
            }
            "macro_rules" | "model_only" | "interrupted_only" => {}
            other => panic!("a macro that is new to this test: {other}"),
        }
    }

    fn declare(&mut self, item: ItemTrait) {
        let name = item.ident.to_string();
        let methods = if is_public(&item.vis) { item.items } else { Vec::new() };
        for method in methods {
            if let TraitItem::Fn(method) = method
                && self.has(&method.attrs)
            {
                self.methods.push((name.clone(), method.sig.ident.to_string()));
            }
        }
        self.traits.insert(name);
    }

    fn implement(&mut self, item: ItemImpl) {
        let Type::Path(by) = &*item.self_ty else { return }; // the trait's own row is for all
        let by = last_name(&by.path);
        let mut methods = Vec::new();
        for inner in item.items {
            self.inherent(inner, &by, item.trait_.is_some(), &mut methods);
        }
        match item.trait_ {
            Some((of, ..)) => {
                let (file, of) = (self.file.clone(), last_name(&of));
                self.impls.push(Implementation { file, of, by, methods });
            }
            None => self.methods.extend(methods.into_iter().map(|method| (by.clone(), method))),
        }
    }

    fn inherent(&mut self, item: ImplItem, by: &str, of_trait: bool, methods: &mut Vec<String>) {
        match item {
            ImplItem::Fn(method)
                if (of_trait || is_public(&method.vis)) && self.has(&method.attrs) =>
            {
                methods.push(method.sig.ident.to_string());
            }
            ImplItem::Macro(item) => match last_name(&item.mac.path).as_str() {
                "const_unless_modeled" => {
                    let inner = item.mac.parse_body::<syn::ImplItemFn>().expect("a function");
                    self.inherent(ImplItem::Fn(inner), by, of_trait, methods);
                }
                "observers" => self.observed.push(by.to_owned()),
                "model_only" | "interrupted_only" => {}
                other => panic!("{by} has a macro in it that is new to this test: {other}"),
            },
            _ => {}
        }
    }

    /// Whether the build has what bears these attributes, and a user is to know of it.
    fn has(&self, attributes: &[Attribute]) -> bool {
        attributes.iter().all(|attribute| match &attribute.meta {
            Meta::List(list) if attribute.path().is_ident("cfg") => {
                self.build.meets(&list.parse_args().expect("a condition"))
            }
            Meta::List(list) if attribute.path().is_ident("doc") => {
                list.tokens.to_string() != "hidden"
            }
            _ => true,
        })
    }
}

impl Build {
    fn meets(self, condition: &Meta) -> bool {
        match condition {
            Meta::NameValue(pair) => {
                let Expr::Lit(value) = &pair.value else { return false };
                let Lit::Str(value) = &value.lit else { return false };
                (pair.path.is_ident("feature") && self.features.contains(&value.value().as_str()))
                    || (pair.path.is_ident("target_arch") && self.architecture == value.value())
                    || (pair.path.is_ident("target_os") && self.system == value.value())
            }
            Meta::List(list) => {
                let inner = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
                let mut inner = inner.expect("conditions").into_iter().map(|one| self.meets(&one));
                match last_name(&list.path).as_str() {
                    "all" => inner.all(|met| met),
                    "any" => inner.any(|met| met),
                    "not" => !inner.any(|met| met),
                    other => panic!("a condition that is new to this test: {other}"),
                }
            }
            Meta::Path(_) => false, // test, doc, miri
        }
    }
}

impl Source {
    fn functions(mut self) -> BTreeSet<String> {
        self.expand_observers();
        let free = self.functions.iter().filter(|name| self.exported.contains(*name)).cloned();
        let methods = self.methods.iter().filter(|(of, _)| self.exported.contains(of));
        let mut all: BTreeSet<_> =
            free.chain(methods.map(|(of, method)| format!("{of}::{method}"))).collect();
        for implementation in self.impls.iter().filter(|one| self.counts(one)) {
            all.extend(self.visible(implementation));
        }
        for ((name, file), fielded) in &self.types {
            if !self.exported.contains(name) || !fielded.is_public {
                continue;
            }
            if self.drops(name, file, &mut BTreeSet::new()) {
                all.insert(format!("{name}::drop"));
            }
            if fielded.derives_clone {
                all.insert(format!("{name}::clone"));
            }
        }
        all
    }

    fn expand_observers(&mut self) {
        let (_, body) = self.observers.split_once("=>").expect("it is in observe.rs");
        let body = body.trim().trim_end_matches(';').replace("$ crate", "crate");
        let inner = syn::parse_str::<ItemImpl>(&format!("impl Observed {body}")).expect("methods");
        for by in core::mem::take(&mut self.observed) {
            for item in &inner.items {
                if let ImplItem::Fn(method) = item {
                    self.methods.push((by.clone(), method.sig.ident.to_string()));
                }
            }
        }
    }

    /// Whether it is of a public type, and of a trait that a user can name and the table has rows for.
    fn counts(&self, one: &Implementation) -> bool {
        let is_inside = self.traits.contains(&one.of) && !self.exported.contains(&one.of);
        self.exported.contains(&one.by) && !is_inside && !LOOKING.contains(&one.of.as_str())
    }

    /// The methods of an implementation, without those that its trait hides.
    fn visible(&self, one: &Implementation) -> impl Iterator<Item = String> {
        let is_ours = self.traits.contains(&one.of);
        let declares = |method: &str| {
            self.methods.iter().any(|(of, declared)| *of == one.of && declared == method)
        };
        let methods = one.methods.iter().filter(move |method| !is_ours || declares(method));
        methods.map(|method| format!("{}::{method}", one.by))
    }

    /// Whether dropping a value of a type that is named in that file does more than to forget it.
    fn drops(&self, name: &str, file: &Path, seen: &mut BTreeSet<String>) -> bool {
        if !seen.insert(name.to_owned()) {
            return false;
        }
        let here = (name.to_owned(), file.to_owned());
        let in_file = self.types.get_key_value(&here);
        let is_imported = self.imports.contains(&here);
        let anywhere = || self.types.iter().find(|((other, _), _)| is_imported && other == name);
        let Some(((_, file), fielded)) = in_file.or_else(anywhere) else { return false };
        let is_this = |one: &Implementation| one.by == name && one.file == *file;
        self.impls.iter().any(|one| one.of == "Drop" && is_this(one))
            || fielded.mentions.iter().any(|name| self.drops(name, file, seen))
    }
}

impl Fielded {
    fn of<'a>(attributes: &[Attribute], fields: impl IntoIterator<Item = &'a Fields>) -> Self {
        let mut fielded = Self::default();
        let derives: BTreeSet<_> = attributes.iter().flat_map(derived).collect();
        fielded.derives_clone = derives.contains("Clone") && !derives.contains("Copy");
        for field in fields.into_iter().flatten() {
            fielded.mention(&field.ty);
        }
        fielded
    }

    /// Notes all names in a type, wherever in it, but for what is behind a reference or a marker.
    fn mention(&mut self, of: &Type) {
        match of {
            Type::Path(path) => {
                if path.path.segments.len() > 1 {
                    self.paths.insert(last_name(&path.path));
                }
                for segment in &path.path.segments {
                    self.mentions.insert(segment.ident.to_string());
                    if segment.ident == "PhantomData" || segment.ident == "NonNull" {
                        return;
                    }
                    if let syn::PathArguments::AngleBracketed(arguments) = &segment.arguments {
                        for argument in &arguments.args {
                            if let syn::GenericArgument::Type(inner) = argument {
                                self.mention(inner);
                            }
                        }
                    }
                }
            }
            Type::Array(array) => self.mention(&array.elem),
            Type::Slice(slice) => self.mention(&slice.elem),
            Type::Tuple(tuple) => tuple.elems.iter().for_each(|inner| self.mention(inner)),
            _ => {}
        }
    }
}

fn derived(attribute: &Attribute) -> Vec<String> {
    let Meta::List(list) = &attribute.meta else { return Vec::new() };
    if !list.path.is_ident("derive") {
        return Vec::new();
    }
    let traits = list.parse_args_with(Punctuated::<syn::Path, Token![,]>::parse_terminated);
    traits.expect("traits").iter().map(last_name).collect()
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}

fn names_in(tree: &UseTree, names: &mut BTreeSet<String>) {
    match tree {
        UseTree::Path(path) => names_in(&path.tree, names),
        UseTree::Name(name) => drop(names.insert(name.ident.to_string())),
        UseTree::Rename(name) => drop(names.insert(name.rename.to_string())),
        UseTree::Group(group) => group.items.iter().for_each(|tree| names_in(tree, names)),
        UseTree::Glob(_) => drop(names.insert("*".to_owned())),
    }
}

fn last_name(path: &syn::Path) -> String {
    path.segments.last().map_or_else(String::new, |segment| segment.ident.to_string())
}
