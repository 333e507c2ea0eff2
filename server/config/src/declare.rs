//! How a setting is declared. Owns the table's shape and the macro that makes both the typed structs and the table from
//! one list; the list itself is in `settings`.

use crate::{
    layer::Layer,
    raw::Raw,
    rule::{Reason, Rule},
};

/// Who may set a setting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// The person at the keyboard only: their `config.toml`, the environment, flags.
    User,
    /// The person and their editor's settings.
    Editor,
    /// These, and a workspace's `.aside.toml`.
    Workspace,
    /// The person, and the `.aside.toml` of a workspace that they trust. Not the editor's settings, which a workspace may bring.
    Trusted,
}

impl Scope {
    /// Whether a value from `layer` counts.
    pub fn allows(self, layer: Layer) -> bool {
        match layer {
            Layer::Default | Layer::User | Layer::Env | Layer::Flags => true,
            Layer::Editor => matches!(self, Self::Editor | Self::Workspace),
            Layer::Workspace => matches!(self, Self::Workspace | Self::Trusted),
        }
    }

    /// The word used in the schema and the documentation.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Editor => "editor",
            Self::Workspace => "workspace",
            Self::Trusted => "trusted",
        }
    }
}

/// One setting of a `T`, with its type erased.
pub(crate) struct Field<T: 'static> {
    /// Full key (`complete.max_tokens`), or the last part for the settings every provider has.
    pub(crate) key: &'static str,
    /// Its doc comment, one line each.
    pub(crate) doc: &'static [&'static str],
    pub(crate) scope: Scope,
    /// Type and bounds, for people and for the schema.
    pub(crate) rule: &'static (dyn Rule + Sync),
    /// Checks the value and puts it in.
    pub(crate) set: fn(&mut T, &Raw) -> Result<(), Reason>,
    /// The value as it is written in TOML; `unset` when there is none.
    pub(crate) show: fn(&T) -> String,
}

impl<T> Field<T> {
    /// The last part of the key.
    pub(crate) fn name(&self) -> &'static str {
        self.key.rsplit('.').next().unwrap_or(self.key)
    }

    /// The doc comment as one paragraph.
    pub(crate) fn meaning(&self) -> String {
        self.doc.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
    }
}

/// One `[section]` of the settings.
pub(crate) struct Section {
    pub(crate) name: &'static str,
    pub(crate) doc: &'static [&'static str],
    pub(crate) fields: &'static [Field<crate::Settings>],
}

/// From one list: a struct for each section with its defaults, `Settings` that holds them, and the table `SECTIONS`.
///
/// A line reads `/// meaning`, then `name: Type = default, rule, scope;`.
macro_rules! settings {
    ( $(#[doc = $top:literal])+ { $( $(#[$extra_doc:meta])+ $extra:ident : $extra_kind:ty = $extra_default:expr; )* }
      $( $(#[doc = $about:literal])+ $section:ident : $Section:ident {
          $( $(#[doc = $doc:literal])+ $field:ident : $kind:ty = $default:expr, $rule:expr, $scope:ident; )+
      } )+
    ) => {
        $(#[doc = $top])+
        #[derive(Debug, Clone, PartialEq)]
        pub struct Settings {
            $( $(#[$extra_doc])+ pub $extra: $extra_kind, )*
            $( $(#[doc = $about])+ pub $section: $Section, )+
        }

        impl Default for Settings {
            fn default() -> Self {
                Self { $( $extra: $extra_default, )* $( $section: $Section::default(), )+ }
            }
        }

        $(
            $(#[doc = $about])+
            #[derive(Debug, Clone, PartialEq)]
            pub struct $Section { $( $(#[doc = $doc])+ pub $field: $kind, )+ }

            impl Default for $Section {
                fn default() -> Self {
                    Self { $( $field: $default, )+ }
                }
            }
        )+

        /// Every section and setting.
        pub(crate) static SECTIONS: &[Section] = &[ $( Section {
            name: stringify!($section),
            doc: &[ $($about),+ ],
            fields: &[ $( Field {
                key: concat!(stringify!($section), ".", stringify!($field)),
                doc: &[ $($doc),+ ],
                scope: Scope::$scope,
                rule: &$rule,
                set: |settings, raw| {
                    settings.$section.$field = $rule.accept(raw)?;
                    Ok(())
                },
                show: |settings| $rule.show(&settings.$section.$field),
            }, )+ ],
        }, )+ ];
    };
}

pub(crate) use settings;
