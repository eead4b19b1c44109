//! `followup leads import`.

mod import;
mod report;
pub(super) mod source;

use std::io::{IsTerminal, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::bail;
use clap::{Args, Subcommand, ValueEnum};

use self::import::{Importer, Wish};
use self::report::Report;
use self::source::Source;
use super::table::table;
use super::{Common, block_on, load, print_json};
use crate::clock::SystemClock;
use crate::config::Config;
use crate::daemon::reactions;
use crate::domain::{EmailAddress, spelling};
use crate::guardrails::enrolment::ReEnrol;
use crate::guardrails::is_role;
use crate::leads::{Columns, Encoding, Reader};
use crate::store::Shared;

#[derive(Subcommand)]
pub(super) enum Leads {
    /// Enrol the people of a CSV file in a sequence.
    Import(Import),
}

const EXAMPLES: &str = "\
Examples:
  followup leads import fair.csv --sequence pricing-page --dry-run
  followup leads import fair.csv --sequence pricing-page --consent 'Opt-in' --report fair-report.csv
  followup leads import fair.csv --sequence pricing-page --map 'email=Work E-mail,first_name=#3,phone='

Columns are recognised by their names in a dozen languages; --map overrules: FIELD=COLUMN (a name,
or #3 for the third), and FIELD= leaves a field out. Fields: email, first_name, last_name, full_name,
company, account_id, account_domain, job_title, phone, country, time_zone, locale, owner; any other
name is an attribute of your own. A column that is nothing of these becomes an attribute.

The same file imported again enrols nobody twice: stopped halfway, it is simply run again. To apply a
file once more on purpose, give it a --batch name of its own.";

#[derive(Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct Import {
    /// The list: a CSV file whose first row names the columns.
    file: PathBuf,
    /// The sequence to enrol in.
    #[arg(long, value_name = "NAME")]
    sequence: String,
    /// What a column is: FIELD=COLUMN, or FIELD= for a field to leave out.
    #[arg(long, value_name = "FIELD=COLUMN", value_delimiter = ',', value_parser = pair)]
    map: Vec<(String, Option<String>)>,
    /// The column that says whether the person agreed; rows without are rejected.
    #[arg(long, value_name = "COLUMN")]
    consent: Option<String>,
    /// What separates cells: a character, `tab` or `auto`.
    #[arg(long, value_name = "CHAR", default_value = "auto", value_parser = delimiter)]
    delimiter: Delimiter,
    #[arg(long, value_enum, default_value_t = Charset::Auto)]
    encoding: Charset,
    /// Say what would become of every row, and touch nothing.
    #[arg(long)]
    dry_run: bool,
    /// Write what became of every row to this CSV file.
    #[arg(long, value_name = "FILE")]
    report: Option<PathBuf>,
    /// What the import is known by, instead of by the file's content.
    #[arg(long, value_name = "NAME")]
    batch: Option<String>,
    /// Enrol addresses like info@ as well.
    #[arg(long)]
    allow_role: bool,
    /// Do not ask before beginning.
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    common: Common,
}

/// None is `auto`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Delimiter(pub(super) Option<u8>);

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Charset {
    Auto,
    #[value(name = "utf-8")]
    Utf8,
    Latin1,
}

impl Charset {
    pub(super) fn encoding(self) -> Option<Encoding> {
        match self {
            Self::Auto => None,
            Self::Utf8 => Some(Encoding::Utf8),
            Self::Latin1 => Some(Encoding::Latin1),
        }
    }
}

fn pair(text: &str) -> Result<(String, Option<String>), String> {
    let (field, column) = text
        .split_once('=')
        .ok_or("write FIELD=COLUMN, like email=Work E-mail")?;
    let column = column.trim();
    let column = (!column.is_empty()).then(|| column.to_owned());
    Ok((field.trim().to_lowercase(), column))
}

pub(super) fn delimiter(text: &str) -> Result<Delimiter, String> {
    match (text, text.as_bytes()) {
        ("auto", _) => Ok(Delimiter(None)),
        ("tab" | "\\t", _) => Ok(Delimiter(Some(b'\t'))),
        (_, [byte]) if byte.is_ascii() && !b"\"\r\n".contains(byte) => Ok(Delimiter(Some(*byte))),
        _ => Err("one character, tab or auto".to_owned()),
    }
}

impl Leads {
    pub(super) fn run(self) -> anyhow::Result<ExitCode> {
        let Self::Import(import) = self;
        import.run()
    }
}

impl Import {
    fn run(self) -> anyhow::Result<ExitCode> {
        let config = load::survey(&self.common.config)?;
        let Some(sequence) = config.sequences.get(&self.sequence) else {
            let known = config.sequences.keys().map(String::as_str);
            bail!(
                "there is no sequence {:?}: {}",
                self.sequence,
                spelling::suggest(&self.sequence, known)
            );
        };
        let takes_back = sequence.re_enrol != ReEnrol::Never;
        let source = Source::open(&self.file, self.encoding.encoding(), self.delimiter.0)?;
        let columns = Columns::new(&source.headers, &self.map, self.consent.as_deref())?;
        if !self.common.json {
            show(&source, &columns);
            if !self.confirmed()? {
                eprintln!("Nothing was changed.");
                return Ok(ExitCode::FAILURE);
            }
        }
        let wish = Wish {
            list: source.name.clone(),
            batch: self.batch.clone().unwrap_or_else(|| source.digest.clone()),
            sequence: self.sequence.clone(),
            takes_back,
            dry_run: self.dry_run,
            reactions: Arc::new(reactions(&config)),
        };
        let report = Report::start(self.report.as_deref())?;
        let reader = Reader::new(columns.clone(), &source.name, |address: &EmailAddress| {
            !self.allow_role && is_role(address, &config.guardrails.role_names)
        });
        let store = self.store(&config)?;
        let clock = SystemClock;
        let bar = source.bar.clone();
        let importer = Importer::new(wish, store.as_deref(), &clock, reader, report);
        let (encoding, delimiter) = (source.shape.encoding, source.shape.delimiter);
        let mut summary = block_on(importer.run(source.records, &bar))??;
        bar.finish_and_clear();
        summary.encoding = encoding.to_string();
        summary.delimiter = char::from(delimiter);
        summary.columns = Some(columns);
        if self.common.json {
            print_json(&summary)?;
        } else {
            summary.show();
        }
        if summary.rows == 0 {
            bail!(
                "{} has no rows below its names of columns",
                self.file.display()
            );
        }
        Ok(ExitCode::SUCCESS)
    }

    /// None where there is nothing to look at and nothing may be made.
    fn store(&self, config: &Config) -> anyhow::Result<Option<Shared>> {
        if self.dry_run {
            return Ok(config.store.place.open_if_there()?);
        }
        load::write_store(config).map(Some)
    }

    fn confirmed(&self) -> anyhow::Result<bool> {
        if self.yes || self.dry_run || !std::io::stdin().is_terminal() {
            return Ok(true);
        }
        print!(
            "Import {} into {}? [y/N] ",
            self.file.display(),
            self.sequence
        );
        std::io::stdout().flush()?;
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer)?;
        Ok(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
    }
}

/// What the columns become, before anything happens.
fn show<R>(source: &Source<R>, columns: &Columns) {
    let mut shown = table(["column", "becomes", ""]);
    for column in &columns.0 {
        shown.add_row([
            column.header.as_str(),
            &column.target.to_string(),
            if column.said { "as you said" } else { "" },
        ]);
    }
    println!(
        "{}, cells separated by {:?}",
        source.shape.encoding,
        char::from(source.shape.delimiter)
    );
    println!("{shown}\n");
    if let Some(column) = columns.unused_consent() {
        eprintln!(
            "note: column {column:?} looks as if it told who agreed to be written to; --consent {column:?} takes only those"
        );
    }
}
