//! `[[client]]`: relying parties that the configuration declares, beside those that `ecluse client add` registers.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Config, Problem, private_file};
use crate::domain::client::{AuthMethod, Client};
use crate::domain::secret::Secret;

/// The member that holds who tells the user first; the deployment has a default for it.
const MODE: &str = "ecluse_password_change_mode";

/// Fewest characters of a chosen secret. It is stored as a plain hash, which is safe for values nobody can guess only.
const SECRET_CHARACTERS: usize = 32;

/// A client as it is declared: its registration, and where its secret is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeclaredClient {
    /// The file that holds the secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_file: Option<PathBuf>,
    /// The environment variable that holds the secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub secret_env: Option<String>,
    /// The members of [`Client`], under their registered names.
    #[serde(flatten)]
    registration: Map<String, Value>,
}

impl DeclaredClient {
    /// Counts a relative secret file from this folder.
    pub(super) fn anchor(&mut self, folder: &Path) {
        self.secret_file = self.secret_file.take().map(|file| folder.join(file));
    }

    /// Whether the registration has the right members, which can be told without the secret.
    pub(super) fn check(&self, place: usize) -> Result<(), Problem> {
        let client = self.read().map_err(|text| self.problem(place, text))?;
        let sources = [self.secret_file.is_some(), self.secret_env.is_some(), client.secret_hash.is_some()];
        let sources = sources.into_iter().filter(|given| *given).count();
        match client.auth_method {
            AuthMethod::None if sources != 0 => {
                Err(self
                    .problem(place, "token_endpoint_auth_method none has no secret; remove it".to_owned()))
            }
            AuthMethod::PrivateKeyJwt if sources != 0 => {
                let text = "token_endpoint_auth_method private_key_jwt has keys and no secret; remove it";
                Err(self.problem(place, text.to_owned()))
            }
            AuthMethod::ClientSecretBasic | AuthMethod::ClientSecretPost if sources != 1 => Err(self
                .problem(
                    place,
                    "its secret must be named once; write secret_file = \"…\", or secret_env = \"…\""
                        .to_owned(),
                )),
            AuthMethod::None
            | AuthMethod::PrivateKeyJwt
            | AuthMethod::ClientSecretBasic
            | AuthMethod::ClientSecretPost => Ok(()),
        }
    }

    /// The client, with its secret read and hashed. `variable` looks an environment variable up.
    pub(super) fn resolve(
        &self,
        place: usize,
        config: &Config,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Client, Problem> {
        let problem = |text: String| self.problem(place, text);
        let mut client = self.read().map_err(problem)?;
        if !self.registration.contains_key(MODE) {
            client.password_change_mode = config.display.default_password_change_mode;
        }
        if let Some(secret) = self.secret(variable).map_err(problem)? {
            if secret.expose().chars().count() < SECRET_CHARACTERS {
                return Err(problem(format!(
                    "its secret has fewer than {SECRET_CHARACTERS} characters; make one with `openssl rand -hex 32`"
                )));
            }
            client.secret_hash = Some(secret.hash());
        }
        client.validate(config.server.issuer.is_loopback()).map_err(|errors| {
            problem(errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))
        })?;
        Ok(client)
    }

    fn read(&self) -> Result<Client, String> {
        serde_json::from_value(Value::Object(self.registration.clone())).map_err(|error| {
            match error.to_string() {
                text if text.starts_with("unknown field `secret`") => {
                    "a secret is never written here; write secret_file = \"…\", or secret_env = \"…\""
                        .to_owned()
                }
                text if text.starts_with("unknown field `jwks_uri`") => {
                    "keys are fetched from nowhere; write them here, jwks = { keys = [{ kty = \"EC\", … }] }"
                        .to_owned()
                }
                text => text,
            }
        })
    }

    fn secret(&self, variable: impl Fn(&str) -> Option<OsString>) -> Result<Option<Secret>, String> {
        if let Some(file) = &self.secret_file {
            return private_file::read(file).map(Some).map_err(|error| error.to_string());
        }
        let Some(name) = &self.secret_env else { return Ok(None) };
        match variable(name).map(OsString::into_string) {
            Some(Ok(text)) => Ok(Some(Secret::new(text))),
            Some(Err(_)) => Err(format!("the variable {name} is not UTF-8; set it to the secret")),
            None => Err(format!("the variable {name} is not set; set it to the secret")),
        }
    }

    fn problem(&self, place: usize, text: String) -> Problem {
        let key = match self.registration.get("client_id").and_then(Value::as_str) {
            Some(id) => format!("client {id:?}"),
            None => format!("client[{place}]"),
        };
        Problem::new(&key, text)
    }
}
