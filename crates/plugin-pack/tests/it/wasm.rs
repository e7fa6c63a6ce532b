//! Small modules, made by hand.
//!
//! Owns their encoding. Must not be clever: one function for each export, all of them `unreachable`.

/// A module with memory that exports what the world `tools-only` does, and imports one function if
/// asked: module, name, without arguments and to an `i64`.
pub fn tools_module(import: Option<(&str, &str)>) -> Vec<u8> {
    let (i32_, func) = (0x7f, 0x60);
    // 0: () -> i32, 1: (i32 x4) -> i32, 2: (i32) -> (), 3: () -> i64
    let types = [
        vec![func, 0, 1, i32_],
        vec![func, 4, i32_, i32_, i32_, i32_, 1, i32_],
        vec![func, 1, i32_, 0],
        vec![func, 0, 1, 0x7e],
    ];
    let first = u8::from(import.is_some());
    let exports = [
        ("yoi:plugin/tools@0.1.0#list", 0),
        ("yoi:plugin/tools@0.1.0#call", 1),
        ("cabi_post_yoi:plugin/tools@0.1.0#list", 2),
        ("cabi_realloc", 1),
    ];
    let mut module = b"\0asm\x01\0\0\0".to_vec();
    section(&mut module, 1, &types);
    if let Some((from, name)) = import {
        let mut entry = text(from);
        entry.extend(text(name));
        entry.extend([0, 3]);
        section(&mut module, 2, &[entry]);
    }
    section(&mut module, 3, &exports.map(|(_, kind)| vec![kind]));
    section(&mut module, 5, &[vec![0, 1]]);
    let mut exported: Vec<Vec<u8>> = Vec::new();
    for (index, (name, _)) in exports.iter().enumerate() {
        let mut entry = text(name);
        entry.extend([0, first + index as u8]);
        exported.push(entry);
    }
    let mut memory = text("memory");
    memory.extend([2, 0]);
    exported.push(memory);
    section(&mut module, 7, &exported);
    // no locals, `unreachable`, `end`
    section(&mut module, 10, &[body(), body(), body(), body()]);
    module
}

fn body() -> Vec<u8> {
    vec![3, 0, 0, 0x0b]
}

fn text(text: &str) -> Vec<u8> {
    let mut bytes = leb(text.len());
    bytes.extend(text.as_bytes());
    bytes
}

fn section(module: &mut Vec<u8>, id: u8, entries: &[Vec<u8>]) {
    let mut content = leb(entries.len());
    content.extend(entries.concat());
    module.push(id);
    module.extend(leb(content.len()));
    module.extend(content);
}

fn leb(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = (value & 0x7f) as u8;
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}
