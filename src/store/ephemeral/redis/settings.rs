//! Where Redis is, and how one gets in.

use crate::domain::secret::Secret;

/// Where Redis is, and how one gets in.
#[derive(Clone)]
pub struct RedisSettings {
    /// How its nodes belong together.
    pub topology: Topology,
    /// Host and port: the one server, or the sentinels, or some nodes of the cluster.
    pub nodes: Vec<(String, u16)>,
    /// Whether the connections are encrypted, and the servers' certificates checked.
    pub tls: bool,
    /// Certificates in PEM that are trusted in place of the machine's.
    pub root_certificate: Option<Vec<u8>>,
    /// What is shown to the servers.
    pub login: Login,
    /// What every key begins with, so that a server can be shared.
    pub key_prefix: String,
}

/// How the nodes belong together.
#[derive(Clone)]
pub enum Topology {
    /// One server.
    Standalone,
    /// Sentinels know which server leads.
    Sentinel {
        /// What they call the group.
        master: String,
        /// What is shown to the sentinels.
        login: Login,
    },
    /// The keys are spread over several.
    Cluster,
}

/// An ACL user and its password.
#[derive(Clone, Default)]
pub struct Login {
    /// The user; without it, `default`.
    pub username: Option<String>,
    /// Its password.
    pub password: Option<Secret>,
}
