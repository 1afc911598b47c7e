//! Kinds of dialogues with the group coordinator.

/// What a dialogue is about, as its key `kind` says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[expect(missing_docs, reason = "the names say it; `plural` says more")]
pub enum Kind {
    Classic,
    Static,
    Consumer,
    Mixed,
    Offsets,
    Failover,
    Share,
}

impl Kind {
    /// The kind of this name.
    pub fn by_name(name: &str) -> Option<Kind> {
        Some(match name {
            "classic" => Kind::Classic,
            "static" => Kind::Static,
            "consumer" => Kind::Consumer,
            "mixed" => Kind::Mixed,
            "offsets" => Kind::Offsets,
            "failover" => Kind::Failover,
            "share" => Kind::Share,
            _ => return None,
        })
    }

    /// Dialogues of this kind.
    pub const fn plural(self) -> &'static str {
        match self {
            Kind::Classic => "dialogues of classic groups",
            Kind::Static => "dialogues with static members",
            Kind::Consumer => "dialogues of consumer groups (KIP-848)",
            Kind::Mixed => "dialogues of groups with members of both protocols",
            Kind::Offsets => "dialogues about offsets",
            Kind::Failover => "dialogues with a failover",
            Kind::Share => "dialogues of share groups (KIP-932)",
        }
    }
}
