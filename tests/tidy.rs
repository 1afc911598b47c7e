//! The house rules that a compiler does not check.

use std::fs;
use std::path::{Path, PathBuf};

/// The layers, lowest first; those in one row never import each other.
const LAYERS: &[&[&str]] = &[
    &["kernel"],
    &["model"],
    &["assignor"],
    &["coordinator", "client"],
    &["cluster"],
    &["scenario"],
    &["trace"],
    &["world"],
    &["analysis"],
    &["report"],
    &["parse"],
    &["conform", "fuzz"],
    &["cli"],
];

/// What only the command line may touch: everything else must be able to run in a browser.
const OUTSIDE: &[&str] = &[
    "fs",
    "time",
    "thread",
    "env",
    "process",
    "net",
    "print!",
    "println!",
    "eprint!",
    "eprintln!",
];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
}

fn height(layer: &str) -> Option<usize> {
    LAYERS.iter().position(|row| row.contains(&layer))
}

/// The layer of a file below src: the first part of its path.
fn layer_of(file: &Path) -> String {
    let first = file.components().next().unwrap().as_os_str().to_str().unwrap();
    first.trim_end_matches(".rs").to_owned()
}

/// The code of a text without its comments, so that what spans lines can be seen.
fn code(text: &str) -> String {
    let lines = text.lines().map(|line| line.split("//").next().unwrap_or_default());
    lines.collect::<Vec<_>>().join("\n")
}

/// First names of all paths that begin with `root::`, those of groups in braces too.
fn paths(code: &str, root: &str) -> Vec<String> {
    let mut names = Vec::new();
    let root = format!("{root}::");
    for (at, _) in code.match_indices(&root) {
        let before = code[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == ':') {
            continue;
        }
        let rest = &code[at + root.len()..];
        let group = rest.strip_prefix('{').map(|group| &group[..group.find("};").unwrap_or(0)]);
        for path in group.unwrap_or(rest).split(',') {
            let path = path.trim_start();
            let name: String =
                path.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            names.push(name);
            if group.is_none() {
                break;
            }
        }
    }
    names
}

/// What a file of this layer does that it may not.
fn offences(layer: &str, text: &str) -> Vec<String> {
    let code = code(text);
    let own = height(layer).unwrap_or_else(|| panic!("{layer} is no layer: add it to the list"));
    let mut offences = Vec::new();
    for name in paths(&code, "crate") {
        let allowed = name == layer || height(&name).is_none_or(|height| height < own);
        if !allowed {
            offences.push(format!("{layer} imports {name}"));
        }
    }
    if layer != "cli" {
        let std = paths(&code, "std");
        for outside in OUTSIDE {
            let used = match outside.strip_suffix('!') {
                Some(_) => code.contains(outside),
                None => std.iter().any(|name| name == outside),
            };
            if used {
                offences.push(format!("{layer} uses {outside}"));
            }
        }
    }
    offences
}

#[test]
fn imports_point_down_the_layers_and_only_the_command_line_touches_the_outside() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    assert!(files.len() > 100, "the sources were not found");
    let mut all = Vec::new();
    for path in files {
        let file = path.strip_prefix(&src).unwrap();
        let layer = layer_of(file);
        if ["lib", "main"].contains(&layer.as_str()) {
            continue;
        }
        let text = fs::read_to_string(&path).unwrap();
        all.extend(offences(&layer, &text).into_iter().map(|o| format!("{}: {o}", file.display())));
    }
    assert!(all.is_empty(), "{all:#?}");
}

#[test]
fn every_kind_of_offence_is_seen() {
    for (layer, text, offence) in [
        ("kernel", "use crate::model::Name;", "kernel imports model"),
        ("client", "use crate::coordinator::shard::Shard;", "client imports coordinator"),
        ("coordinator", "fn f(x: &crate::client::Consumer) {}", "coordinator imports client"),
        ("trace", "use crate::{kernel, world};", "trace imports world"),
        ("world", "use crate::{\n    analysis::gauge,\n    kernel,\n};", "world imports analysis"),
        ("report", "use std::fs::File;", "report uses fs"),
        ("kernel", "use std::{fmt, time::Instant};", "kernel uses time"),
        ("parse", "let x = std::env::var(name);", "parse uses env"),
        ("client", "println!(\"{x}\");", "client uses println!"),
    ] {
        let seen = offences(layer, text);
        assert!(seen.iter().any(|seen| seen == offence), "{offence} was not seen: {seen:?}");
    }
    let fine = "// use crate::world::Run;\nuse crate::kernel::time::Instant;\nuse std::fmt;";
    assert_eq!(offences("model", fine), Vec::<String>::new());
}

#[test]
fn every_file_is_a_module() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    for path in files {
        let name = path.file_stem().unwrap().to_str().unwrap();
        let folder = path.parent().unwrap();
        if folder == src && ["lib", "main"].contains(&name) {
            continue;
        }
        let parent = if folder == src { src.join("lib.rs") } else { folder.with_extension("rs") };
        let text = fs::read_to_string(&parent).unwrap();
        let declared = text.lines().any(|line| line.trim().ends_with(&format!("mod {name};")));
        assert!(declared, "{} is no module of {}", path.display(), parent.display());
    }
}

#[test]
fn files_are_small_enough_to_be_read() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    for path in files {
        let lines = fs::read_to_string(&path).unwrap().lines().count();
        assert!(lines <= 450, "{} has {lines} lines", path.display());
    }
}
