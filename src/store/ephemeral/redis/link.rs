//! The way to Redis: one multiplexed connection, made anew when it is lost, and after a failover to whoever leads then.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::cluster::{ClusterClient, ClusterClientBuilder};
use redis::cluster_async::ClusterConnection;
use redis::sentinel::{SentinelClient, SentinelClientBuilder, SentinelServerType};
use redis::{
    AsyncConnectionConfig, Client, Cmd, ConnectionAddr, ConnectionInfo, ErrorKind, IntoConnectionInfo as _,
    Pipeline, RedisError, RedisFuture, RedisResult, ScriptInvocation, ServerErrorKind, TlsCertificates,
    TlsMode, Value,
};
use tokio::sync::OnceCell;
use tracing::Instrument as _;

use super::settings::{Login, RedisSettings, Topology};
use crate::domain::tally::{Counter, Histogram};
use crate::store::clock::Clock;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(1);

/// How long an answer may take. A Redis that needs longer is no help to somebody who is signing in.
const ANSWER: Duration = Duration::from_millis(500);

/// One thing asked of Redis.
pub(super) enum Request<'a> {
    /// A command that leaves the same behind however often it is run.
    Repeatable(Cmd),
    /// A command of which a second run would not see what the first saw.
    Once(Cmd),
    /// A script, run once as well.
    Script(ScriptInvocation<'a>),
}

/// The way to Redis. Whoever finds the connection lost drops it, and everybody who comes then shares one attempt to
/// make the next.
pub(super) struct Link {
    source: Source,
    current: Mutex<Arc<Attempt>>,
    clock: Clock,
    tally: RedisTally,
}

/// What is counted of Redis.
#[derive(Default)]
pub struct RedisTally {
    /// How long it took to be answered, connecting included.
    pub answers: Histogram,
    /// What was not answered: no connection, or none any more, or too late.
    pub unanswered: Counter,
    /// What was answered by an error.
    pub refused: Counter,
}

type Attempt = OnceCell<RedisResult<Connection>>;

enum Source {
    Standalone(Box<Client>),
    Sentinel(Box<tokio::sync::Mutex<SentinelClient>>),
    Cluster(Box<ClusterClient>),
}

#[derive(Clone)]
enum Connection {
    Single(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl Link {
    /// Connects to nothing yet; refuses settings that contradict themselves.
    pub(super) fn new(settings: &RedisSettings, clock: Clock) -> RedisResult<Self> {
        let (source, tally) = (Source::new(settings)?, RedisTally::default());
        Ok(Self { source, current: Mutex::default(), clock, tally })
    }

    /// What was counted.
    pub(super) const fn tally(&self) -> &RedisTally {
        &self.tally
    }

    /// Whether the last attempt to connect led to a connection that nobody has found lost.
    pub(super) fn is_connected(&self) -> bool {
        matches!(self.attempt().get(), Some(Ok(_)))
    }

    /// Asks, and counts what comes of it.
    pub(super) async fn ask(&self, request: &Request<'_>) -> RedisResult<Value> {
        let began = self.clock.now();
        let span = tracing::info_span!(target: "ecluse::span", "redis", otel.kind = "client");
        let answer = self.ask_twice(request).instrument(span).await;
        match &answer {
            Ok(_) => self.tally.answers.observe(self.clock.now().since(began)),
            Err(error) if is_lost(error) => self.tally.unanswered.add(),
            Err(_) => self.tally.refused.add(),
        }
        answer
    }

    /// Asks once, and a second time when the first was certainly not run, or may be run twice.
    async fn ask_twice(&self, request: &Request<'_>) -> RedisResult<Value> {
        let attempt = self.attempt();
        let error = match self.connection(&attempt).await {
            Ok(connection) => match request.send(connection).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            },
            Err(error) => return Err(error),
        };
        if !is_lost(&error) {
            return Err(error);
        }
        self.give_up(&attempt);
        if !was_refused(&error) && !matches!(request, Request::Repeatable(_)) {
            return Err(error);
        }
        let attempt = self.attempt();
        request.send(self.connection(&attempt).await?).await
    }

    fn attempt(&self) -> Arc<Attempt> {
        Arc::clone(&self.current.lock().unwrap_or_else(PoisonError::into_inner))
    }

    async fn connection(&self, attempt: &Arc<Attempt>) -> RedisResult<Connection> {
        let made = attempt.get_or_init(|| self.source.connect()).await.clone();
        if made.is_err() {
            self.give_up(attempt);
        }
        made
    }

    /// The next one to ask starts a new attempt, unless somebody else has already.
    fn give_up(&self, attempt: &Arc<Attempt>) {
        let mut current = self.current.lock().unwrap_or_else(PoisonError::into_inner);
        if Arc::ptr_eq(&current, attempt) {
            *current = Arc::default();
        }
    }
}

impl Request<'_> {
    async fn send(&self, mut connection: Connection) -> RedisResult<Value> {
        match self {
            Self::Repeatable(command) | Self::Once(command) => {
                connection.req_packed_command(command).await?.extract_error()
            }
            Self::Script(script) => script.invoke_async(&mut connection).await,
        }
    }
}

/// Whether the connection is of no more use: it broke, does not answer, or leads to a server that leads no more.
fn is_lost(error: &RedisError) -> bool {
    error.is_unrecoverable_error() || error.is_io_error() || was_refused(error)
}

/// Whether the server said that it did nothing, because it is not the one to ask or not ready.
fn was_refused(error: &RedisError) -> bool {
    matches!(
        error.kind(),
        ErrorKind::Server(
            ServerErrorKind::ReadOnly | ServerErrorKind::MasterDown | ServerErrorKind::BusyLoading
        )
    )
}

impl Source {
    fn new(settings: &RedisSettings) -> RedisResult<Self> {
        let nodes = settings.nodes.iter().map(|(host, port)| address(settings, host, *port));
        Ok(match &settings.topology {
            Topology::Standalone => {
                let node = nodes.into_iter().next();
                let node =
                    node.ok_or_else(|| RedisError::from((ErrorKind::InvalidClientConfig, "no node")))?;
                let info = with_login(node.into_connection_info()?, &settings.login);
                let own_root = settings.tls && settings.root_certificate.is_some();
                Self::Standalone(Box::new(if own_root {
                    Client::build_with_tls(info, certificates(settings))?
                } else {
                    Client::open(info)?
                }))
            }
            Topology::Sentinel { master, login } => {
                Self::Sentinel(Box::new(tokio::sync::Mutex::new(sentinel(settings, nodes, master, login)?)))
            }
            Topology::Cluster => Self::Cluster(Box::new(cluster(settings, nodes)?)),
        })
    }

    async fn connect(&self) -> RedisResult<Connection> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(Some(ANSWER));
        match self {
            Self::Standalone(client) => {
                client.get_multiplexed_async_connection_with_config(&config).await.map(Connection::Single)
            }
            Self::Sentinel(client) => {
                let mut client = client.lock().await;
                client.get_async_connection_with_config(&config).await.map(Connection::Single)
            }
            Self::Cluster(client) => client.get_async_connection().await.map(Connection::Cluster),
        }
    }
}

fn sentinel(
    settings: &RedisSettings,
    nodes: impl Iterator<Item = ConnectionAddr>,
    master: &str,
    login: &Login,
) -> RedisResult<SentinelClient> {
    let mut builder = SentinelClientBuilder::new(nodes, master, SentinelServerType::Master)?;
    if settings.tls {
        builder = builder.set_client_to_redis_tls_mode(TlsMode::Secure);
        if settings.root_certificate.is_some() {
            builder = builder
                .set_client_to_redis_certificates(certificates(settings))
                .set_client_to_sentinel_certificates(certificates(settings));
        }
    }
    if let Some(username) = &settings.login.username {
        builder = builder.set_client_to_redis_username(username);
    }
    if let Some(password) = &settings.login.password {
        builder = builder.set_client_to_redis_password(password.expose());
    }
    if let Some(username) = &login.username {
        builder = builder.set_client_to_sentinel_username(username);
    }
    if let Some(password) = &login.password {
        builder = builder.set_client_to_sentinel_password(password.expose());
    }
    builder.build()
}

fn cluster(
    settings: &RedisSettings,
    nodes: impl Iterator<Item = ConnectionAddr>,
) -> RedisResult<ClusterClient> {
    let mut builder = ClusterClientBuilder::new(nodes)
        .connection_timeout(CONNECT)
        .response_timeout(ANSWER)
        .overall_response_timeout(Some(CONNECT + ANSWER))
        .retries(2);
    if settings.tls {
        builder = builder.tls(TlsMode::Secure);
        if settings.root_certificate.is_some() {
            builder = builder.certs(certificates(settings));
        }
    }
    if let Some(username) = &settings.login.username {
        builder = builder.username(username);
    }
    if let Some(password) = &settings.login.password {
        builder = builder.password(password.expose());
    }
    builder.build()
}

fn address(settings: &RedisSettings, host: &str, port: u16) -> ConnectionAddr {
    let host = host.to_owned();
    if settings.tls {
        ConnectionAddr::TcpTls { host, port, insecure: false, tls_params: None }
    } else {
        ConnectionAddr::Tcp(host, port)
    }
}

fn with_login(info: ConnectionInfo, login: &Login) -> ConnectionInfo {
    let mut redis = info.redis_settings().clone();
    if let Some(username) = &login.username {
        redis = redis.set_username(username);
    }
    if let Some(password) = &login.password {
        redis = redis.set_password(password.expose());
    }
    info.set_redis_settings(redis)
}

fn certificates(settings: &RedisSettings) -> TlsCertificates {
    TlsCertificates { client_tls: None, root_cert: settings.root_certificate.clone() }
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, cmd: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::Single(connection) => connection.req_packed_command(cmd),
            Self::Cluster(connection) => connection.req_packed_command(cmd),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::Single(connection) => connection.req_packed_commands(pipeline, offset, count),
            Self::Cluster(connection) => connection.req_packed_commands(pipeline, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::Single(connection) => connection.get_db(),
            Self::Cluster(connection) => connection.get_db(),
        }
    }
}
