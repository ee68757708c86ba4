//! [`Program`]: how large one is, and what of the machinery for panics is in it.

use std::error::Error;
use std::fs;
use std::path::Path;

use object::elf::{SHF_ALLOC, SHF_WRITE};
use object::{Object, ObjectSection, ObjectSymbol, SectionFlags, SectionKind};

/// One of the programs. Sizes are in bytes.
#[derive(Debug)]
pub(crate) struct Program {
    pub(crate) name: &'static str,
    /// Code, constants and the vector table: flash only.
    pub(crate) text: u64,
    /// What is copied from flash to RAM at the start: both.
    pub(crate) data: u64,
    /// What is zero at the start: RAM only.
    pub(crate) bss: u64,
    /// Functions that are linked only where something may panic or format.
    pub(crate) panics: Vec<String>,
}

impl Program {
    /// # Errors
    /// The file is not there, or no program.
    pub(crate) fn read(name: &'static str, folder: &Path) -> Result<Self, Box<dyn Error>> {
        let path = folder.join(name);
        let bytes = fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        let file = object::File::parse(&*bytes)?;
        let mut program = Self { name, text: 0, data: 0, bss: 0, panics: panics_in(&file) };
        for section in file.sections() {
            let SectionFlags::Elf { sh_flags, .. } = section.flags() else { continue };
            if sh_flags.0 & SHF_ALLOC.0 == 0 {
                continue; // for the debugger
            } else if section.kind() == SectionKind::UninitializedData {
                program.bss += section.size();
            } else if sh_flags.0 & SHF_WRITE.0 != 0 {
                program.data += section.size();
            } else {
                program.text += section.size();
            }
        }
        Ok(program)
    }
}

/// The panic handler itself, all that leads to it, and all that writes messages for it.
fn panics_in(file: &object::File<'_>) -> Vec<String> {
    const SIGNS: [&str; 5] =
        ["core::panicking::", "core::fmt::", "rust_begin_unwind", "unwrap_failed", "expect_failed"];
    let names = file.symbols().filter_map(|symbol| symbol.name().ok().map(str::to_owned));
    let plain = names.map(|name| format!("{:#}", rustc_demangle::demangle(&name)));
    plain.filter(|name| SIGNS.iter().any(|sign| name.contains(sign))).collect()
}
