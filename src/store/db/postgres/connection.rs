//! The pool: how a connection is opened, what it is told, and what a server must be.

use std::sync::Arc;
use std::time::Duration;

use deadpool_postgres::{
    Client, ClientWrapper, Hook, HookError, Manager, ManagerConfig, Pool, PoolError, RecyclingMethod,
    Runtime, TimeoutType,
};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::{Config, NoTls};
use tokio_postgres_rustls::MakeRustlsConnect;

use super::{Core, Server, WAITING, failure};
use crate::store::db::error::DbError;

/// The oldest server whose behaviour is relied upon.
const OLDEST: i32 = 150_000;

/// How long a new connection may take to be ready.
const CONNECT: Duration = Duration::from_secs(5);

/// How long what was sent may stay unconfirmed before the connection counts as lost.
const UNCONFIRMED: Duration = Duration::from_secs(15);

/// How long a transaction may do nothing. Shorter than any wait for a lock, so that a replica which was stopped in the
/// middle of a batch does not keep an order waiting until it gives up.
const IDLE_IN_TRANSACTION: Duration = Duration::from_secs(3);

pub(super) fn pool(server: &Server) -> Result<Pool, DbError> {
    let failed = |reason: String| DbError::Server { server: server.address.to_string(), reason };
    let mut config = server.address.config.clone();
    if let Some(password) = &server.password {
        config.password(password.expose());
    }
    if config.get_application_name().is_none() {
        config.application_name("ecluse");
    }
    config
        .connect_timeout(CONNECT)
        .keepalives(true)
        .keepalives_idle(Duration::from_secs(30))
        .keepalives_interval(Duration::from_secs(5))
        .keepalives_retries(3)
        .tcp_user_timeout(UNCONFIRMED);
    let limits = server.limits();
    let pool = Pool::builder(manager(server, config).map_err(failed)?)
        .max_size(server.connections.max(1))
        .wait_timeout(Some(server.wait))
        .create_timeout(Some(CONNECT))
        .recycle_timeout(Some(CONNECT))
        .runtime(Runtime::Tokio1)
        .post_create(Hook::async_fn(move |client: &mut ClientWrapper, _| {
            let limits = limits.clone();
            Box::pin(async move { welcome(client, &limits).await.map_err(HookError::message) })
        }));
    pool.build().map_err(|error| failed(error.to_string()))
}

fn manager(server: &Server, mut config: Config) -> Result<Manager, String> {
    // Whether a connection still lives is known without asking the server again.
    let recycling = ManagerConfig { recycling_method: RecyclingMethod::Fast };
    if server.address.encrypted {
        config.ssl_mode(tokio_postgres::config::SslMode::Require);
        let tls = MakeRustlsConnect::new(tls(server)?);
        return Ok(Manager::from_config(config, tls, recycling));
    }
    config.ssl_mode(tokio_postgres::config::SslMode::Disable);
    Ok(Manager::from_config(config, NoTls, recycling))
}

fn tls(server: &Server) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    if let Some(path) = &server.roots {
        let unreadable = |cause: &dyn std::fmt::Display| format!("{}: {cause}", path.display());
        for certificate in CertificateDer::pem_file_iter(path).map_err(|error| unreadable(&error))? {
            let certificate = certificate.map_err(|error| unreadable(&error))?;
            roots.add(certificate).map_err(|error| unreadable(&error))?;
        }
        if roots.is_empty() {
            return Err(unreadable(&"holds no certificate"));
        }
    } else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

impl Server {
    /// What every connection is told. Reading is the rule: whatever writes says so when it begins.
    fn limits(&self) -> String {
        let (statement, lock) = (self.statement_timeout.as_millis(), self.lock_timeout.as_millis());
        let idle = IDLE_IN_TRANSACTION.min(self.lock_timeout).as_millis();
        format!(
            "SET default_transaction_read_only = on; SET statement_timeout = {statement}; SET lock_timeout = {lock};
             SET idle_in_transaction_session_timeout = {idle}; SET jit = off; SET max_parallel_workers_per_gather = 0;
             SELECT set_config('synchronous_commit', 'on', false)
             WHERE current_setting('synchronous_commit') = 'off'"
        )
    }
}

/// Looks at the server behind a new connection, and gives the connection its limits.
async fn welcome(client: &ClientWrapper, limits: &str) -> Result<(), String> {
    let told = |error: tokio_postgres::Error| failure::words(&error);
    let server = client
        .query_one(
            "SELECT CAST(current_setting('server_version_num') AS INTEGER), pg_encoding_to_char(encoding)::text,
                 pg_is_in_recovery(), current_setting('server_version')
             FROM pg_database WHERE datname = current_database()",
            &[],
        )
        .await
        .map_err(told)?;
    let (version, encoding, is_standby, name): (i32, String, bool, String) =
        (server.get(0), server.get(1), server.get(2), server.get(3));
    if version < OLDEST {
        return Err(format!("is PostgreSQL {name}; Écluse needs 15 or later"));
    }
    if encoding != "UTF8" {
        return Err(format!("the database is encoded as {encoding}; make one with ENCODING 'UTF8'"));
    }
    if is_standby {
        return Err("is a standby, which cannot be written to; name the primary".to_owned());
    }
    client.batch_execute(limits).await.map_err(told)
}

impl Core {
    /// A connection that is free, or becomes so soon.
    pub(super) async fn connection(&self) -> Result<Client, DbError> {
        if self.pool.status().waiting >= WAITING {
            return Err(DbError::Overloaded);
        }
        self.pool.get().await.map_err(|error| match error {
            PoolError::Timeout(TimeoutType::Wait) => DbError::Overloaded,
            PoolError::Timeout(_) => self.failed("does not answer"),
            PoolError::Backend(error) => self.failed(&failure::words(&error)),
            PoolError::PostCreateHook(HookError::Message(message)) => self.failed(&message),
            other => self.failed(&other.to_string()),
        })
    }

    /// A connection of one's own, that the pool does without from now on.
    pub(super) async fn own_connection(&self) -> Result<ClientWrapper, DbError> {
        Ok(Client::take(self.connection().await?))
    }

    pub(super) fn failed(&self, reason: &str) -> DbError {
        DbError::Server { server: self.name.clone(), reason: reason.to_owned() }
    }
}
