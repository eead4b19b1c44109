//! What a policy may ask for. The host decides whether it may be done.

use serde_json::Value as Json;

use crate::{Attributes, Value, When};

#[derive(Debug, Clone, PartialEq)]
pub enum Action {
    SendEmail(Email),
    SetTimer {
        name: String,
        when: When,
        data: Json,
    },
    CancelTimer {
        name: String,
    },
    CreateTask(Task),
    AddNote {
        text: String,
    },
    SetProperties(Attributes),
    EmitEvent {
        kind: String,
        data: Json,
    },
    Exit {
        outcome: String,
    },
    Custom {
        kind: String,
        data: Json,
    },
}

/// An e-mail to the enrolled contact. There is no way to name another recipient.
#[derive(Debug, Clone, PartialEq)]
pub struct Email {
    pub template: String,
    /// Read in the template as `vars.NAME`.
    pub variables: Attributes,
    pub when: When,
    /// The touch whose thread this continues.
    pub reply_to: Option<String>,
}

impl Email {
    /// From a template of the sequence, or one of the defaults in `plugin.toml`.
    pub fn template(name: impl Into<String>) -> Self {
        Self {
            template: name.into(),
            variables: Attributes::default(),
            when: When::Now,
            reply_to: None,
        }
    }

    /// A variable for the template: `{{ vars.name }}`.
    #[must_use]
    pub fn var(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.variables.set(name, value);
        self
    }

    /// Continues the thread of a touch: its id, or an `Option` of one.
    #[must_use]
    pub fn in_thread<'a>(mut self, touch: impl Into<Option<&'a str>>) -> Self {
        self.reply_to = touch.into().map(str::to_owned);
        self
    }

    #[must_use]
    pub fn when(mut self, when: When) -> Self {
        self.when = when;
        self
    }
}

/// A piece of work for the contact's owner.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    pub title: String,
    /// Markdown; may be empty.
    pub body: String,
    pub due: When,
}

impl Task {
    pub fn titled(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            body: String::new(),
            due: When::Now,
        }
    }

    #[must_use]
    pub fn body(mut self, body: impl Into<String>) -> Self {
        self.body = body.into();
        self
    }

    #[must_use]
    pub fn due(mut self, due: When) -> Self {
        self.due = due;
        self
    }
}
