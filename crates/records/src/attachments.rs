//! Files on records (附件): photographs, PDF.
//!
//! What a file is, is told from its first bytes and not from what the sender says; it must be among the types that
//! the field accepts and no larger than it allows. Bytes are stored once under their SM3 digest.

use bilan_storage::commit;
use rusqlite::{Connection, OptionalExtension, params};
use serde_json::{Value as Json, json};
use sm3::{Digest, Sm3};

use crate::{
    actor::{Act, Actor},
    catalogue::{Catalogue, FieldKind, Label, Register, listed},
    journal::Action,
    ledger::{
        JsonMap, Ledger, ReadError, Record, WriteError,
        batch::published,
        check::Checked,
        reach::reaches,
        row::StoredRow,
        session::{Change, Session},
        stored_time,
    },
    naming,
};

/// What files of these media types are called.
#[must_use]
pub fn accepted(media_types: &[String]) -> Label {
    let names: Vec<Label> = media_types.iter().map(|media_type| called(media_type)).collect();
    listed(&names)
}

fn called(media_type: &str) -> Label {
    let (kind, form) = media_type.split_once('/').unwrap_or((media_type, ""));
    let form = match form {
        "vnd.openxmlformats-officedocument.spreadsheetml.sheet" | "vnd.ms-excel" => "Excel".to_owned(),
        "vnd.openxmlformats-officedocument.wordprocessingml.document" | "msword" => "Word".to_owned(),
        form => form.to_uppercase(),
    };
    let kind_zh = match kind {
        "image" => "图片",
        "video" => "视频",
        "audio" => "录音",
        _ => "文件",
    };
    let en = if kind == "application" { "file" } else { kind };
    Label { zh: format!("{form}{kind_zh}"), en: format!("{form} {en}") }
}

/// A file as it is served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attachment {
    /// Name under which it was attached.
    pub name: String,
    /// Media type told from its bytes.
    pub media_type: String,
    /// Content.
    pub bytes: Vec<u8>,
}

/// Media type by the first bytes; `None` if it is none that a register can accept.
#[must_use]
pub fn media_type(bytes: &[u8]) -> Option<&'static str> {
    const SIGNS: [(&[u8], &str); 6] = [
        (b"\xff\xd8\xff", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (b"GIF8", "image/gif"),
        (b"%PDF-", "application/pdf"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "application/msword"),
        (b"ID3", "audio/mpeg"),
    ];
    if let Some((_, kind)) = SIGNS.iter().find(|(sign, _)| bytes.starts_with(sign)) {
        return Some(kind);
    }
    let at = |from: usize, sign: &[u8]| bytes.get(from..from + sign.len()) == Some(sign);
    if at(0, b"RIFF") && at(8, b"WEBP") {
        return Some("image/webp");
    }
    if at(4, b"ftyp") {
        return Some(if at(8, b"heic") || at(8, b"mif1") { "image/heic" } else { "video/mp4" });
    }
    if at(0, b"PK\x03\x04") {
        let head = &bytes[..bytes.len().min(4096)];
        let holds = |name: &[u8]| head.windows(name.len()).any(|window| window == name);
        return Some(if holds(b"word/") {
            "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
        } else if holds(b"xl/") {
            "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        } else {
            "application/zip"
        });
    }
    None
}

/// Digest under which bytes are stored.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    hex::encode(Sm3::digest(bytes))
}

/// A file on its way into a field of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewFile {
    /// Key of the field.
    pub field: String,
    /// Name, as its sender called it.
    pub name: String,
    /// Media type, as its sender called it; what counts is the content.
    pub declared: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// A file that its field accepts.
pub(crate) struct AcceptedFile<'a> {
    pub field: &'a str,
    pub name: String,
    media_type: &'static str,
    pub sha: String,
    bytes: &'a [u8],
    many: bool,
}

impl NewFile {
    /// Looks at size and content, before anything waits for the writer.
    pub(crate) fn accepted(&self, register: &Register) -> Result<AcceptedFile<'_>, WriteError> {
        let (field, name) = (self.field.as_str(), plain_name(&self.name));
        let refused = |en: String, zh: String| WriteError::Attachment { name: name.clone(), why: Label { zh, en } };
        let known = register.fields.get(field);
        let Some(FieldKind::Attachment { accept, max_mb, many }) = known.map(|field| &field.kind) else {
            let en = format!("“{}” has no field for files called “{field}”", register.label.en);
            return Err(refused(en, format!("“{}”没有可附文件的字段“{field}”", register.label.zh)));
        };
        if self.bytes.len() as u64 > u64::from(*max_mb) * 1024 * 1024 {
            return Err(refused(format!("it is larger than {max_mb} MB"), format!("超过{max_mb} MB")));
        }
        let found = media_type(&self.bytes).unwrap_or("application/octet-stream");
        if !accept.is_empty() && !accept.iter().any(|accepted| accepted == found) {
            let Label { zh, en } = accepted(accept);
            return Err(refused(
                format!("its content is {found} (sent as {}); the field accepts {en}", self.declared),
                format!("内容不是可接受的类型，此处只接受{zh}"),
            ));
        }
        Ok(AcceptedFile { field, media_type: found, sha: digest(&self.bytes), bytes: &self.bytes, many: *many, name })
    }
}

impl Session<'_> {
    /// Hangs files on a record, whatever the actor's roles: who may write the record was asked before. One that hangs there already is passed over.
    pub(crate) fn hang(
        &mut self,
        register: &Register,
        mut row: StoredRow,
        files: &[AcceptedFile<'_>],
    ) -> Result<StoredRow, WriteError> {
        for new in files {
            let held = files_of(register, &row, new.field);
            if held.iter().any(|held| held["sha"] == new.sha.as_str()) {
                continue;
            }
            self.connection
                .prepare_cached(
                    "INSERT OR IGNORE INTO attachment (sha, media_type, size, added_at, added_by, bytes) \
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                )?
                .execute(params![
                    new.sha,
                    new.media_type,
                    new.bytes.len(),
                    stored_time(self.now),
                    self.actor.name,
                    new.bytes
                ])?;
            let mut files = if new.many { held } else { Vec::new() };
            files.push(json!({ "name": new.name, "sha": new.sha }));
            let values = JsonMap::from_iter([(new.field.to_owned(), Json::Array(files))]);
            let change =
                Change { action: Action::Attach, at: self.now, state: None, needs: &[], reason: None, given: &values };
            row = self.change(register, &row, Checked::of(register, &values, true), change)?;
        }
        Ok(row)
    }
}

impl Ledger {
    /// Attaches a file to a field of a record; a field that holds one file has it replaced.
    ///
    /// # Errors
    /// [`WriteError::Attachment`] if the file's type or size is not what the field accepts.
    pub fn attach(&self, actor: &Actor, register: &str, number: &str, file: &NewFile) -> Result<Record, WriteError> {
        let register = self.register(register)?;
        let file = file.accepted(register)?;
        let mut connection = self.writer();
        let transaction = connection.begin()?;
        let mut session = self.session(&transaction, actor, None)?;
        let before = session.find(register, number)?;
        session.allow(register, Act::Edit, &before)?;
        let after = session.hang(register, before, &[file])?;
        let record = self.present(&transaction, register, after)?;
        session.seal()?;
        commit(transaction)?;
        Ok(record)
    }

    /// A file by its digest, if the actor may read a record on which it hangs or hung.
    ///
    /// # Errors
    /// [`ReadError::NotFound`] if there is none within the actor's reach.
    pub fn attachment(&self, actor: &Actor, sha: &str) -> Result<Attachment, ReadError> {
        let connection = self.reader()?;
        let missing = || ReadError::NotFound { register: "attachment".into(), number: sha.to_owned() };
        let name = readable_use(&connection, self.catalogue(), actor, sha)?.ok_or_else(missing)?;
        let (media_type, bytes) = connection
            .prepare_cached("SELECT media_type, bytes FROM attachment WHERE sha = ?1")?
            .query_row([sha], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?
            .ok_or_else(missing)?;
        Ok(Attachment { name, media_type, bytes })
    }
}

/// The name of a file on a record that the actor may read, if it hangs or hung on one.
fn readable_use(
    connection: &Connection,
    catalogue: &Catalogue,
    actor: &Actor,
    sha: &str,
) -> Result<Option<String>, rusqlite::Error> {
    let uses: Vec<(String, i64, String)> = connection
        .prepare_cached("SELECT register, record, name FROM attachment_use WHERE sha = ?1")?
        .query_map([sha], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?
        .collect::<Result<_, _>>()?;
    for (register, id, name) in uses {
        let Some(register) = catalogue.registers.get(&register) else { continue };
        let table = naming::table(&register.key);
        let seen = published(&register.key, &table);
        let record = connection
            .prepare_cached(&format!("SELECT * FROM \"{table}\" WHERE id = ?1 AND {seen}"))?
            .query_row([id], crate::ledger::row::read_row)
            .optional()?;
        let Some(record) = record else { continue };
        if reaches(connection, register, &actor.scope(register, Act::Read), &record.columns)? {
            return Ok(Some(name));
        }
    }
    Ok(None)
}

/// Notes on which record each file hangs, so that who may read the record may read the file.
pub(crate) fn note_uses(session: &Session<'_>, register: &Register, record: &StoredRow) -> Result<(), rusqlite::Error> {
    for field in register.fields.values().filter(|field| matches!(field.kind, FieldKind::Attachment { .. })) {
        for file in files_of(register, record, &field.key) {
            session
                .connection
                .prepare_cached(
                    "INSERT OR IGNORE INTO attachment_use (sha, register, record, field, name) VALUES (?1, ?2, ?3, ?4, ?5)",
                )?
                .execute(params![file["sha"].as_str(), register.key, record.id, field.key, file["name"].as_str()])?;
        }
    }
    Ok(())
}

/// The files of a list that the actor may not attach: a digest alone is no right to a file, so it must be one that the
/// actor uploaded, may read on some record, or finds on this record already.
pub(crate) fn foreign_files(
    session: &Session<'_>,
    register: &Register,
    before: Option<&StoredRow>,
    field: &str,
    files: &Json,
) -> Result<Vec<String>, rusqlite::Error> {
    let standing = before.map(|before| files_of(register, before, field)).unwrap_or_default();
    let mut foreign = Vec::new();
    for file in files.as_array().map(Vec::as_slice).unwrap_or_default() {
        let sha = file["sha"].as_str().unwrap_or_default();
        let stands = standing.iter().any(|standing| standing["sha"] == file["sha"]);
        let uploaded = |session: &Session<'_>| {
            let mut statement =
                session.connection.prepare_cached("SELECT 1 FROM attachment WHERE sha = ?1 AND added_by = ?2")?;
            statement.exists([sha, &session.actor.name])
        };
        if !stands
            && !uploaded(session)?
            && readable_use(session.connection, session.catalogue, session.actor, sha)?.is_none()
        {
            foreign.push(file["name"].as_str().unwrap_or(sha).to_owned());
        }
    }
    Ok(foreign)
}

fn files_of(register: &Register, record: &StoredRow, field: &str) -> Vec<Json> {
    let Some(field) = register.fields.get(field) else { return Vec::new() };
    crate::ledger::row::text(&record.columns, &naming::column(field))
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_default()
}

/// The name without folders and control characters.
fn plain_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let plain: String = last.chars().filter(|character| !character.is_control()).take(120).collect();
    if plain.trim().is_empty() { "file".to_owned() } else { plain.trim().to_owned() }
}

#[cfg(test)]
mod tests {
    use test_case::test_case;

    use super::*;

    #[test_case(b"\xff\xd8\xff\xe0rest", Some("image/jpeg"); "photograph")]
    #[test_case(b"%PDF-1.7", Some("application/pdf"); "document")]
    #[test_case(b"<script>alert(1)</script>", None; "a page that calls itself a picture")]
    #[test_case(b"MZ\x90\x00", None; "a program")]
    fn a_file_is_what_its_bytes_say(bytes: &[u8], expected: Option<&str>) {
        assert_eq!(media_type(bytes), expected);
    }

    #[test_case("C:\\photos\\夜间施工.jpg", "夜间施工.jpg"; "folders of another machine")]
    #[test_case("../../etc/passwd", "passwd"; "a way out of the folder")]
    #[test_case("\u{0}\n", "file"; "nothing left")]
    fn a_file_name_is_only_a_name(given: &str, plain: &str) {
        assert_eq!(plain_name(given), plain);
    }
}
