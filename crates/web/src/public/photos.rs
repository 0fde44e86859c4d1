//! The photographs of a complaint. Reading them waits for the disk: requests come here by way of `waiting`.

use std::io::Read as _;

use bilan_records::{
    attachments::{digest, media_type},
    catalogue::{Catalogue, FieldKind},
};

use super::complain::{PHOTOS, REGISTER};
use crate::submission::Upload;

/// Photographs with one complaint.
const MOST: usize = 6;

/// A photograph.
pub(super) struct Photo {
    pub name: String,
    pub bytes: Vec<u8>,
    pub digest: String,
}

/// The photographs of a form, or the name of one that is none.
pub(super) fn read(files: &[Upload], catalogue: &Catalogue) -> Result<Vec<Photo>, String> {
    let field = catalogue.registers.get(REGISTER).and_then(|register| register.fields.get(PHOTOS));
    let Some(FieldKind::Attachment { accept, max_mb, .. }) = field.map(|field| &field.kind) else {
        return Ok(Vec::new());
    };
    let mut photos = Vec::new();
    for upload in files.iter().filter(|upload| upload.field == PHOTOS && upload.size > 0) {
        let refused = || upload.name.clone();
        if photos.len() == MOST || upload.size > u64::from(*max_mb) * 1024 * 1024 {
            return Err(refused());
        }
        let mut bytes = Vec::new();
        upload.file.reopen().and_then(|mut file| file.read_to_end(&mut bytes)).map_err(|_| refused())?;
        let kind = media_type(&bytes).ok_or_else(refused)?;
        if !kind.starts_with("image/") || !(accept.is_empty() || accept.iter().any(|accepted| accepted == kind)) {
            return Err(refused());
        }
        photos.push(Photo { name: upload.name.clone(), digest: digest(&bytes), bytes });
    }
    Ok(photos)
}
