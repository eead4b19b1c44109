//! Copies of the file: taken while a host writes, and put back.
//!
//! A copy is one read transaction of the whole file, compact, checked, on disk before it is called done,
//! and marked with its moment (`store::restores`): a host that starts on it knows what it is. Neither way
//! overwrites anything.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::{MIGRATIONS, Readers, at, error};
use crate::domain::Instant;
use crate::store::Error;
use crate::store::sql::db::{Session, params};
use crate::store::sql::{restores, rows};

/// Copies the store at `path`. Returns how many bytes the copy has. What was made of it is removed where
/// that fails.
pub fn take(path: &Path, to: &Path, now: Instant) -> Result<u64, Error> {
    if !path.exists() {
        let missing = format!(
            "{} does not exist yet: there is nothing to copy",
            path.display()
        );
        return Err(Error::Unavailable(missing));
    }
    // Claims the name, so that two backups never write one file. SQLite accepts a file that is empty.
    OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(to)
        .map_err(|e| file_error(to, &e))?;
    copy(path, to, now).inspect_err(|_| {
        // The error is told; a half copy must not be taken for a backup.
        let _ = fs::remove_file(to);
    })
}

fn copy(path: &Path, to: &Path, now: Instant) -> Result<u64, Error> {
    let name = to.to_str().ok_or_else(|| {
        Error::Invalid(format!("{} is no name that SQLite can write", to.display()))
    })?;
    Session::execute(&Readers::connect(path)?, "VACUUM INTO ?1", params![name])?;
    let copy = Connection::open(to).map_err(|e| at(to, &e))?;
    copy.execute_batch("PRAGMA synchronous=FULL")
        .map_err(error)?;
    Session::execute(&copy, restores::MARK, params![now.0])?;
    check(&copy, to)?;
    copy.close().map_err(|(_, e)| error(e))?;
    keep(to)?;
    Ok(fs::metadata(to).map_err(|e| file_error(to, &e))?.len())
}

/// Makes a store at `path` of a copy. Returns when it was taken.
pub fn put_back(from: &Path, path: &Path) -> Result<Instant, Error> {
    // What a write-ahead log of another file holds would be written into the copy.
    let beside = ["", "-wal", "-shm", "-journal"].map(|ending| {
        let mut name = path.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    });
    if let Some(there) = beside.iter().find(|file| file.exists()) {
        return Err(Error::Invalid(format!(
            "{} is there: stop the host and move {} and what lies beside it (-wal, -shm) away first",
            there.display(),
            path.display()
        )));
    }
    let copy = Connection::open_with_flags(from, OpenFlags::SQLITE_OPEN_READ_ONLY)
        .map_err(|e| at(from, &e))?;
    check(&copy, from)?;
    let marked = rows::first(
        &copy,
        "SELECT max(taken_at) AS at FROM restores WHERE restored_at IS NULL",
        &[],
        |row| rows::get::<Option<i64>>(row, "at"),
    )?;
    let Some(taken_at) = marked.flatten() else {
        return Err(Error::Invalid(format!(
            "{} is no backup that `followup backup` made: it has no mark, so a host would not know what it may have sent since",
            from.display()
        )));
    };
    drop(copy);
    let mut source = File::open(from).map_err(|e| file_error(from, &e))?;
    let mut target = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .map_err(|e| file_error(path, &e))?;
    io::copy(&mut source, &mut target).map_err(|e| {
        // Half a store must not be started on.
        let _ = fs::remove_file(path);
        file_error(path, &e)
    })?;
    keep(path)?;
    Ok(Instant(taken_at))
}

/// Whether the file is whole, and of a schema that this program knows.
fn check(copy: &Connection, file: &Path) -> Result<(), Error> {
    let text = |pragma: &str| copy.query_row(pragma, [], |row| row.get::<_, String>(0));
    let said = text("PRAGMA quick_check(1)").map_err(|e| at(file, &e))?;
    if said != "ok" {
        return Err(Error::Invalid(format!("{}: {said}", file.display())));
    }
    let version: usize = copy
        .query_row("PRAGMA user_version", [], |row| row.get(0))
        .map_err(error)?;
    if version != MIGRATIONS.len() {
        return Err(Error::Invalid(format!(
            "{}: its schema is version {version}, this program's is {}: use the program of that version",
            file.display(),
            MIGRATIONS.len()
        )));
    }
    Ok(())
}

/// On disk, with its name.
fn keep(file: &Path) -> Result<(), Error> {
    let folder = match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    for kept in [file, folder] {
        File::open(kept)
            .and_then(|kept| kept.sync_all())
            .map_err(|e| file_error(kept, &e))?;
    }
    Ok(())
}

fn file_error(file: &Path, e: &io::Error) -> Error {
    match e.kind() {
        io::ErrorKind::AlreadyExists => Error::Invalid(format!(
            "{} is there already: nothing is overwritten",
            file.display()
        )),
        _ => Error::Unavailable(format!("{}: {e}", file.display())),
    }
}
