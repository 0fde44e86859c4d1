//! The files of a form of a record (附件). Reading them waits for the disk: requests come here by way of `waiting`.

use std::io::{self, Read as _};

use bilan_records::attachments::{self, NewFile};
use bilan_records::catalogue::{FieldKind, Label, Register};
use bilan_records::ledger::{FieldFault, FieldFaults};

use crate::shell::{Language, Messages};
use crate::submission::Upload;

/// That files must be chosen again, and which: no browser keeps them when a form comes back.
pub(super) fn choose_again(names: &[String], language: Language) -> Option<String> {
    let (count, files) = (names.len().to_string(), names.join(language.text("shell.list_comma")));
    (!names.is_empty()).then(|| language.fill("records.choose_again", &[("count", &count), ("files", &files)]))
}

/// Faults of the files of a form, before anything is written.
pub(super) fn wrong_files(register: &Register, files: &[Upload]) -> io::Result<FieldFaults> {
    let mut faults = Vec::new();
    for file in files {
        let Some(FieldKind::Attachment { accept, max_mb, .. }) =
            register.fields.get(&file.field).map(|field| &field.kind)
        else {
            continue;
        };
        let mut head = vec![0; 4096];
        let read = file.file.reopen()?.read(&mut head)?;
        let found = attachments::media_type(&head[..read]).unwrap_or("application/octet-stream");
        let mut fault = |why: String, why_zh: String| {
            faults.push(FieldFault { field: file.field.clone(), found: file.name.clone(), why, why_zh });
        };
        if file.size == 0 {
            fault(format!("{} is empty (0 bytes)", file.name), format!("{}是空文件（0字节）", file.name));
        } else if file.size > u64::from(*max_mb) * 1024 * 1024 {
            fault(format!("{} is larger than {max_mb} MB", file.name), format!("{}超过{max_mb} MB", file.name));
        } else if !accept.is_empty() && !accept.iter().any(|accepted| accepted == found) {
            let Label { zh, en } = attachments::accepted(accept);
            fault(
                format!("the content of {} is {found}; accepted are {en}", file.name),
                format!("{}的内容不是可接受的类型，此处只接受{zh}", file.name),
            );
        }
    }
    Ok(FieldFaults(faults))
}

/// The files of a form for fields of this register.
pub(super) fn read_files(register: &Register, files: &[Upload]) -> io::Result<Vec<NewFile>> {
    let own = files.iter().filter(|file| file.size > 0 && register.fields.contains_key(&file.field));
    own.map(|file| {
        Ok(NewFile {
            field: file.field.clone(),
            name: file.name.clone(),
            declared: file.media_type.clone(),
            bytes: std::fs::read(file.file.path())?,
        })
    })
    .collect()
}
