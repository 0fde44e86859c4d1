//! The photographs of a complaint. Reading them waits for the disk: requests come here by way of `waiting`.

use std::io::Read as _;

use bilan_records::{
    attachments::{accepted, digest, media_type},
    catalogue::{Catalogue, FieldKind, Label},
    contract::View as _,
    views::ComplaintRecord,
};

use crate::shell::{Language, Messages as _};
use crate::submission::{Submission, Upload};

/// Photographs with one complaint.
const MOST: usize = 6;

/// A photograph.
pub(super) struct Photo {
    pub name: String,
    pub bytes: Vec<u8>,
    pub digest: String,
}

/// Why photographs are not taken.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum PhotoFault {
    /// More than are taken.
    TooMany { count: usize },
    /// No byte in it.
    Empty { name: String },
    /// Larger than is taken.
    TooLarge { name: String, limit_mb: u32 },
    /// No picture of a kind that is taken.
    OtherKind { name: String, kinds: Label },
}

impl PhotoFault {
    pub(super) fn text(&self, language: Language) -> String {
        match self {
            Self::TooMany { count } => {
                let places = [("most", MOST.to_string()), ("count", count.to_string())];
                language.fill("public.complain.photo_many", &places.each_ref().map(|(key, text)| (*key, text.as_str())))
            }
            Self::Empty { name } => language.fill("public.complain.photo_empty", &[("name", name)]),
            Self::TooLarge { name, limit_mb } => {
                language.fill("public.complain.photo_large", &[("name", name), ("limit", &limit_mb.to_string())])
            }
            Self::OtherKind { name, kinds } => {
                language.fill("public.complain.photo_kind", &[("name", name), ("kinds", kinds.text(language))])
            }
        }
    }
}

/// The names of the photographs that were chosen.
pub(super) fn names(form: &Submission) -> Vec<String> {
    let photos = form.files.iter().filter(|upload| upload.field == ComplaintRecord::photos().name());
    photos.map(|upload| upload.name.chars().take(100).collect()).collect()
}

/// The photographs of a form, or everything that is wrong with them.
pub(super) fn read(files: &[Upload], catalogue: &Catalogue) -> Result<Vec<Photo>, Vec<PhotoFault>> {
    let field = catalogue
        .registers
        .get(ComplaintRecord::REGISTER)
        .and_then(|register| register.fields.get(ComplaintRecord::photos().name()));
    let Some(FieldKind::Attachment { accept, max_mb, .. }) = field.map(|field| &field.kind) else {
        return Ok(Vec::new());
    };
    let chosen: Vec<&Upload> = files.iter().filter(|upload| upload.field == ComplaintRecord::photos().name()).collect();
    if chosen.len() > MOST {
        return Err(vec![PhotoFault::TooMany { count: chosen.len() }]);
    }
    let (mut photos, mut faults) = (Vec::new(), Vec::new());
    for upload in chosen {
        match photo(upload, accept, *max_mb) {
            Ok(photo) => photos.push(photo),
            Err(fault) => faults.push(fault),
        }
    }
    if faults.is_empty() { Ok(photos) } else { Err(faults) }
}

fn photo(upload: &Upload, accept: &[String], limit_mb: u32) -> Result<Photo, PhotoFault> {
    let name = upload.name.clone();
    if upload.size == 0 {
        return Err(PhotoFault::Empty { name });
    }
    if upload.size > u64::from(limit_mb) * 1024 * 1024 {
        return Err(PhotoFault::TooLarge { name, limit_mb });
    }
    let other = || PhotoFault::OtherKind { name: upload.name.clone(), kinds: accepted(accept) };
    let mut bytes = Vec::new();
    upload.file.reopen().and_then(|mut file| file.read_to_end(&mut bytes)).map_err(|_| other())?;
    let kind = media_type(&bytes).ok_or_else(other)?;
    if !kind.starts_with("image/") || !(accept.is_empty() || accept.iter().any(|accepted| accepted == kind)) {
        return Err(other());
    }
    Ok(Photo { name, digest: digest(&bytes), bytes })
}
