//! Time zones as CRMs write them, into the IANA name.

use chrono_tz::TZ_VARIANTS;

/// The IANA spelling of a zone, whatever its case; none where there is no such zone.
///
/// HubSpot's `hs_timezone` holds option names with the signs spelled out: `us_slash_eastern`,
/// `america_slash_port_hyphen_au_hyphen_prince`, `europe_slash_berlin`.
pub fn canonical(text: &str) -> Option<&'static str> {
    let name = text
        .trim()
        .to_ascii_lowercase()
        .replace("_slash_", "/")
        .replace("_hyphen_", "-")
        .replace("_plus_", "+");
    TZ_VARIANTS
        .iter()
        .map(|zone| zone.name())
        .find(|zone| zone.eq_ignore_ascii_case(&name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings() {
        for (text, expect) in [
            ("us_slash_eastern", Some("US/Eastern")),
            ("america_slash_new_york", Some("America/New_York")),
            (
                "america_slash_port_hyphen_au_hyphen_prince",
                Some("America/Port-au-Prince"),
            ),
            (
                "america_slash_argentina_slash_buenos_aires",
                Some("America/Argentina/Buenos_Aires"),
            ),
            ("Europe/Berlin", Some("Europe/Berlin")),
            (" europe/berlin ", Some("Europe/Berlin")),
            ("utc", Some("UTC")),
            ("Mars/Olympus", None),
            ("", None),
        ] {
            assert_eq!(canonical(text), expect, "{text}");
        }
    }

    #[test]
    fn every_zone_survives_hubspots_spelling() {
        for zone in TZ_VARIANTS {
            let spelled = zone
                .name()
                .to_ascii_lowercase()
                .replace('/', "_slash_")
                .replace('-', "_hyphen_")
                .replace('+', "_plus_");
            assert_eq!(canonical(&spelled), Some(zone.name()), "{spelled}");
        }
    }
}
