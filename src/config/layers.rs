//! Reads the layers, weakest first: built-in defaults, the file, `ECLUSE__SECTION__KEY` variables, flags.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use config::{FileFormat, ValueKind};
use thiserror::Error;

use super::{Config, Problem};
use crate::domain::client::Client;
use crate::outgoing::mail::words::MailWords;
use crate::web::app::SlipWords;

/// The file that is read when none is named, if it is there.
pub const DEFAULT_FILE: &str = "ecluse.toml";

const PREFIX: &str = "ECLUSE__";

/// Keys that hold several values. A variable or a flag separates them by commas.
const LISTS: [&str; 2] = ["server.trusted_proxies", "ephemeral.redis.nodes"];

/// Where settings are looked for.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    /// The file, which must exist; none to do without.
    pub file: Option<PathBuf>,
    /// Name and value of each environment variable; those without the prefix are passed over, and so are empty ones.
    pub environment: Vec<(OsString, OsString)>,
    /// Key and value of each flag: `("server.listen", "[::]:8080")`.
    pub flags: Vec<(String, String)>,
}

impl Layers {
    /// The layers of this process. Without a name, [`DEFAULT_FILE`] of the current directory is read if it is there.
    pub fn of_process(file: Option<PathBuf>, flags: Vec<(String, String)>) -> Self {
        let file = file.or_else(|| Some(PathBuf::from(DEFAULT_FILE)).filter(|path| path.exists()));
        Self { file, environment: std::env::vars_os().collect(), flags }
    }

    /// Reads, merges and checks the layers.
    pub fn load(self) -> Result<Loaded, ConfigError> {
        let variables = variables(self.environment)?;
        let text = self.file.as_deref().map(read).transpose()?;
        let file_values = parse(self.file.as_deref(), text.as_deref().unwrap_or_default())?;
        let origins = Origins { file: self.file, file_values, variables, flags: self.flags };
        let mut config = origins.merge()?;
        config.check().map_err(|problem| origins.blame(problem))?;
        origins.anchor_paths(&mut config);
        Ok(Loaded { config, origins })
    }
}

/// The settings in force, and where each was set.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// The settings.
    pub config: Config,
    origins: Origins,
}

impl Loaded {
    /// The declared clients, with their secrets read and hashed. `variable` looks an environment variable up; a command
    /// that serves nobody has no need of them.
    pub fn clients(&self, variable: impl Fn(&str) -> Option<OsString>) -> Result<Vec<Client>, ConfigError> {
        let declared = self.config.client.iter().enumerate();
        declared
            .map(|(place, client)| client.resolve(place, &self.config, &variable))
            .collect::<Result<_, _>>()
            .map_err(|problem| self.origins.blame(problem))
    }

    /// What slips say, in every language, with the words of the deployment's files.
    pub fn slip_words(&self) -> Result<SlipWords, ConfigError> {
        self.config.slips.words().map_err(|problem| self.origins.blame(problem))
    }

    /// What mails say, in every language, with the words of the deployment's files.
    pub fn mail_words(&self) -> Result<MailWords, ConfigError> {
        self.config.mail.words().map_err(|problem| self.origins.blame(problem))
    }

    /// Where a key such as `server.listen` was set.
    pub fn origin(&self, key: &str) -> Origin {
        self.origins.of(key)
    }

    /// The file that was read.
    pub fn file(&self) -> Option<&Path> {
        self.origins.file.as_deref()
    }
}

/// Where a value comes from, strongest last.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Nobody set it.
    Default,
    /// This file.
    File(PathBuf),
    /// This environment variable.
    Variable(String),
    /// A flag.
    Flag,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) => path.display().fmt(f),
            Self::Variable(name) => f.write_str(name),
            Self::Flag => f.write_str("flag"),
        }
    }
}

/// Why the settings cannot be used. Each message is one line: where, which key, what is wrong, what to write.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file that was named cannot be read.
    #[error("{path}: cannot be read ({cause}); `ecluse init` writes a first one, --config names another", path = .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// A variable with our prefix is not text.
    #[error("{name}: the variable is not UTF-8; write it again or unset it")]
    NotText {
        /// The variable.
        name: String,
    },
    /// The file is not TOML.
    #[error("{path}: {problem}", path = .path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// Line, column and what was expected there.
        problem: String,
    },
    /// A key is unknown, or its value cannot stand.
    #[error("{origin}: {key}: {problem}")]
    Value {
        /// Where it was set.
        origin: Origin,
        /// The key, with its section.
        key: String,
        /// What is wrong and what to write.
        problem: String,
    },
}

#[derive(Clone, Debug)]
struct Origins {
    file: Option<PathBuf>,
    file_values: config::Config,
    /// Key, variable, value.
    variables: Vec<(String, String, String)>,
    flags: Vec<(String, String)>,
}

impl Origins {
    fn of(&self, key: &str) -> Origin {
        let concerns = |candidate: &str| {
            candidate == key || candidate.strip_prefix(key).is_some_and(|rest| rest.starts_with('.'))
        };
        if self.flags.iter().any(|(flag, _)| concerns(flag)) {
            return Origin::Flag;
        }
        if let Some((_, name, _)) = self.variables.iter().find(|(candidate, ..)| concerns(candidate)) {
            return Origin::Variable(name.clone());
        }
        match &self.file {
            // Clients have no other place.
            Some(path) if key.starts_with("client") => Origin::File(path.clone()),
            Some(path) if self.file_values.get::<config::Value>(key).is_ok() => Origin::File(path.clone()),
            Some(_) | None => Origin::Default,
        }
    }

    fn merge(&self) -> Result<Config, ConfigError> {
        let mut builder = config::Config::builder().add_source(self.file_values.clone());
        let variables = self.variables.iter().map(|(key, _, value)| (key, value));
        for (key, value) in variables.chain(self.flags.iter().map(|(key, value)| (key, value))) {
            let value = if LISTS.contains(&key.as_str()) {
                ValueKind::from(value.split(',').map(str::trim).collect::<Vec<_>>())
            } else {
                ValueKind::from(value.as_str())
            };
            builder =
                builder.set_override(key, value).map_err(|_| self.blame(Problem::new(key, unknown(""))))?;
        }
        let merged = builder.build().map_err(|error| self.blame(explain(error)))?;
        merged.try_deserialize().map_err(|error| self.blame(explain(error)))
    }

    fn blame(&self, problem: Problem) -> ConfigError {
        ConfigError::Value { origin: self.of(&problem.key), key: problem.key, problem: problem.text }
    }

    /// A relative path counts from the folder of the file that wrote it, or would have: the command line then finds
    /// the same database from every current directory. One from a variable or a flag counts from the current directory.
    fn anchor_paths(&self, config: &mut Config) {
        let Some(folder) = self.file.as_deref().and_then(Path::parent) else { return };
        let redis = &mut config.ephemeral.redis;
        let others = [
            ("keys.master_key_file", &mut config.keys.master_key_file),
            ("keys.instance_file", &mut config.keys.instance_file),
            ("slips.letter_fr_file", &mut config.slips.letter_fr_file),
            ("slips.letter_en_file", &mut config.slips.letter_en_file),
            ("ephemeral.redis.root_certificate_file", &mut redis.root_certificate_file),
            ("ephemeral.redis.password_file", &mut redis.password_file),
            ("ephemeral.redis.sentinel_password_file", &mut redis.sentinel_password_file),
        ];
        for (key, path) in config.store.paths().into_iter().chain(config.mail.paths()).chain(others) {
            let is_named = !path.as_os_str().is_empty();
            if is_named && matches!(self.of(key), Origin::Default | Origin::File(_)) {
                *path = folder.join(&path);
            }
        }
        for client in &mut config.client {
            client.anchor(folder);
        }
    }
}

fn variables(environment: Vec<(OsString, OsString)>) -> Result<Vec<(String, String, String)>, ConfigError> {
    let mut variables = Vec::new();
    for (name, value) in environment {
        let name = name.to_string_lossy().into_owned();
        let Some(key) = name.strip_prefix(PREFIX) else { continue };
        let key = key.to_lowercase().replace("__", ".");
        let Ok(value) = value.into_string() else { return Err(ConfigError::NotText { name }) };
        if !value.is_empty() {
            variables.push((key, name, value));
        }
    }
    variables.sort();
    Ok(variables)
}

fn read(path: &Path) -> Result<String, ConfigError> {
    std::fs::read_to_string(path).map_err(|cause| ConfigError::File { path: path.to_owned(), cause })
}

fn parse(path: Option<&Path>, text: &str) -> Result<config::Config, ConfigError> {
    config::Config::builder()
        .add_source(config::File::from_str(text.trim_start_matches('\u{feff}'), FileFormat::Toml))
        .build()
        .map_err(|error| ConfigError::Syntax {
            path: path.unwrap_or(Path::new(DEFAULT_FILE)).to_owned(),
            problem: on_one_line(&error.to_string()),
        })
}

/// The parser draws the line with a caret under it; a log line has room for where and what.
fn on_one_line(drawing: &str) -> String {
    let lines: Vec<_> = drawing.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    match lines.as_slice() {
        [first, .., last] => format!("{first}: {last}"),
        lines => lines.concat(),
    }
}

fn explain(error: config::ConfigError) -> Problem {
    match error {
        config::ConfigError::At { error, key, .. } => {
            let inner = explain(*error);
            let key = [key.unwrap_or_default(), inner.key]
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect::<Vec<_>>();
            Problem { key: key.join("."), text: inner.text }
        }
        config::ConfigError::Type { unexpected, expected, key, .. } => {
            Problem { key: key.unwrap_or_default(), text: format!("{unexpected} where {expected} belongs") }
        }
        config::ConfigError::NotFound(key) => Problem { key, text: "is missing; write it".to_owned() },
        other => {
            let text = other.to_string();
            // serde's words for a key that no field has: "unknown field `x`, expected …".
            match text.strip_prefix("unknown field `").and_then(|rest| rest.split_once("`, ")) {
                Some((key, known)) => Problem { key: key.to_owned(), text: unknown(known) },
                None => Problem { key: String::new(), text },
            }
        }
    }
}

fn unknown(known: &str) -> String {
    if known.is_empty() { "unknown key".to_owned() } else { format!("unknown key; {known}") }
}
