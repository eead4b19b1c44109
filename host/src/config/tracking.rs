//! `[tracking]`: whose visits of the company's own pages are told.

use super::reader::Section;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Visits {
    /// Hosts, in lower case: links to them carry who followed them.
    pub identify: Vec<String>,
}

/// The most hosts.
const HOSTS_MAX: usize = 50;

impl Visits {
    pub(super) fn read(section: &Section<'_>) -> Self {
        let remedy = "write names like \"www.acme.example\", without https:// and path";
        let identify = section.list("identify", remedy, |text| {
            let fits = (1..=253).contains(&text.len())
                && text
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'.');
            fits.then(|| text.to_ascii_lowercase())
        });
        if identify.len() > HOSTS_MAX {
            let message = format!("has {} hosts, {HOSTS_MAX} allowed", identify.len());
            section.problem("identify", &message, "remove some");
        }
        section.finish();
        Self { identify }
    }
}
