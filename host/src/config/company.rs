//! `[company]`: on whose behalf mails are written.

use super::reader::Section;

#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Company {
    pub name: Option<String>,
    /// As on an envelope; cold outreach does not go without it.
    pub postal_address: Option<String>,
}

/// The longest postal address, in bytes.
const ADDRESS_MAX_BYTES: usize = 500;

impl Company {
    pub(super) fn read(section: &Section<'_>) -> Self {
        let name = section.optional_parsed("name", "write it on one line", |text| {
            (!text.chars().any(char::is_control)).then(|| text.trim().to_owned())
        });
        let postal_address = section.optional_parsed(
            "postal_address",
            "write street, town and country, at most 500 bytes",
            |text| {
                let fits = text.len() <= ADDRESS_MAX_BYTES
                    && !text
                        .chars()
                        .any(|c| c.is_control() && c != '\n' && c != '\r');
                fits.then(|| text.trim().replace("\r\n", "\n"))
            },
        );
        section.finish();
        Self {
            name,
            postal_address,
        }
    }
}
