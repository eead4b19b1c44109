//! The configuration of post-meeting: which mails, from which templates, with which words.

use followup_guest::TimeOfDay;
use serde::Deserialize;

/// The mails around a meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mail {
    Confirmation,
    Reminder,
    Thanks,
    NoShow,
    Moved,
    Cancelled,
}

#[derive(Debug, Deserialize)]
#[serde(default)]
pub struct Config {
    mails: Vec<Mail>,
    pub remind_at: TimeOfDay,
    pub booking_link: String,
    pub next_step: String,
    templates: Templates,
}

#[derive(Debug, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
struct Templates {
    confirmation: String,
    reminder: String,
    thanks: String,
    no_show: String,
    moved: String,
    cancelled: String,
}

impl Config {
    /// The template of a mail; none where the administrator does not want that mail.
    pub fn template(&self, mail: Mail) -> Option<&str> {
        let templates = &self.templates;
        let template = match mail {
            Mail::Confirmation => &templates.confirmation,
            Mail::Reminder => &templates.reminder,
            Mail::Thanks => &templates.thanks,
            Mail::NoShow => &templates.no_show,
            Mail::Moved => &templates.moved,
            Mail::Cancelled => &templates.cancelled,
        };
        self.mails.contains(&mail).then_some(template)
    }
}

impl Default for Config {
    fn default() -> Self {
        use Mail::{Confirmation, Moved, NoShow, Reminder, Thanks};
        Self {
            mails: vec![Confirmation, Reminder, Thanks, NoShow, Moved],
            remind_at: TimeOfDay::new(16, 0),
            booking_link: String::new(),
            next_step: String::new(),
            templates: Templates::default(),
        }
    }
}

impl Default for Templates {
    fn default() -> Self {
        Self {
            confirmation: "meeting-confirmation".to_owned(),
            reminder: "meeting-reminder".to_owned(),
            thanks: "meeting-thanks".to_owned(),
            no_show: "meeting-no-show".to_owned(),
            moved: "meeting-moved".to_owned(),
            cancelled: "meeting-cancelled".to_owned(),
        }
    }
}
