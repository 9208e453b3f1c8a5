//! The switch of the bug bank: brings one known mistake of sync programs back, so that a run can prove that a test notices it
//! (docs/reliability.md, Bug bank). It imports nothing of ours; every module may ask [`on`].
//!
//! Builds without debug assertions, the release build among them, have no switch: [`on`] is the constant false there and the
//! mistakes are not compiled. Elsewhere the environment variable `EJIA_TRAP` names the one that is on, or a test calls [`set`].

/// Lists the mistakes; their numbers are those of the table in docs/reliability.md.
macro_rules! traps {
    ($($(#[doc = $doc:literal])+ $name:ident,)+) => {
        /// One known mistake that this program can be made to make.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum Trap {
            $($(#[doc = $doc])+ $name,)+
        }

        impl Trap {
            /// Every mistake, by number.
            pub const ALL: &[Self] = &[$(Self::$name,)+];

            /// Returns its name, such as `T04`.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => stringify!($name),)+
                }
            }
        }
    };
}

traps! {
    /// A page begins with the record the page before ended with, and the last record of a page is not sent.
    T04,
    /// An answer of 200 clears what was sent, refused operations too.
    T05,
}

impl Trap {
    /// Returns the mistake of that name.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|trap| trap.name() == name)
    }
}

#[cfg(debug_assertions)]
mod switch {
    use std::sync::atomic::{AtomicU8, Ordering};

    use super::Trap;

    /// The environment was not looked at yet.
    const UNREAD: u8 = 0xff;
    /// No mistake is on.
    const NONE: u8 = 0xfe;

    static SWITCH: AtomicU8 = AtomicU8::new(UNREAD);

    fn number(trap: Option<Trap>) -> u8 {
        let place = trap.and_then(|trap| Trap::ALL.iter().position(|known| *known == trap));
        place.and_then(|place| u8::try_from(place).ok()).unwrap_or(NONE)
    }

    /// True if this mistake shall be made.
    pub fn on(trap: Trap) -> bool {
        match SWITCH.load(Ordering::Relaxed) {
            NONE => false,
            UNREAD => {
                set(from_environment());
                on(trap)
            }
            other => other == number(Some(trap)),
        }
    }

    /// Switches one mistake on for the whole process, or all off; false if this build has no switch.
    pub fn set(trap: Option<Trap>) -> bool {
        SWITCH.store(number(trap), Ordering::Relaxed);
        true
    }

    #[expect(clippy::disallowed_methods, reason = "no setting: only builds for tests look at it")]
    fn from_environment() -> Option<Trap> {
        std::env::var("EJIA_TRAP").ok().and_then(|name| Trap::named(&name))
    }
}

#[cfg(not(debug_assertions))]
mod switch {
    use super::Trap;

    /// True if this mistake shall be made: never in this build.
    #[inline]
    pub const fn on(_: Trap) -> bool {
        false
    }

    /// Switches nothing: this build has no switch, which false says.
    pub const fn set(_: Option<Trap>) -> bool {
        false
    }
}

pub use switch::{on, set};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_is_found_by_its_name_and_none_is_on_by_itself() {
        for trap in Trap::ALL {
            assert_eq!(Trap::named(trap.name()), Some(*trap));
        }
        assert_eq!(Trap::named("T99"), None);
        let told = std::env::vars().any(|(name, _)| name == "EJIA_TRAP");
        assert!(told || Trap::ALL.iter().all(|trap| !on(*trap)));
    }
}
