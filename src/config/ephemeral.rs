//! `[ephemeral]`: where sessions, interactions, codes on their way and counters of failures are kept.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::Problem;

/// Where sessions, interactions, codes on their way and counters of failures are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ephemeral {
    /// In the database or beside it.
    pub store: EphemeralStore,
    /// Where Redis is, for `store = "redis"`.
    pub redis: Redis,
}

/// In the database or beside it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EphemeralStore {
    /// In the database: a restart signs nobody out.
    #[default]
    Database,
    /// In Redis.
    Redis,
}

/// Where Redis is, and how one gets in.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Redis {
    /// How its nodes belong together.
    pub topology: RedisTopology,
    /// `host:port` of the server, of the sentinels, or of some nodes of the cluster.
    pub nodes: Vec<String>,
    /// Whether connections are encrypted and certificates checked.
    pub tls: bool,
    /// Certificates that are trusted in place of the machine's; empty for the machine's.
    pub root_certificate_file: PathBuf,
    /// The ACL user; empty for `default`.
    pub username: String,
    /// The file of its password; empty for none.
    pub password_file: PathBuf,
    /// What the sentinels call the servers.
    pub sentinel_master: String,
    /// The ACL user of the sentinels.
    pub sentinel_username: String,
    /// The file of its password.
    pub sentinel_password_file: PathBuf,
    /// What each key begins with.
    pub key_prefix: String,
}

/// How the nodes of Redis belong together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RedisTopology {
    /// One server.
    #[default]
    Standalone,
    /// Sentinels know which server leads.
    Sentinel,
    /// The keys are spread over several.
    Cluster,
}

impl Default for Redis {
    fn default() -> Self {
        Self {
            topology: RedisTopology::default(),
            nodes: vec!["127.0.0.1:6379".to_owned()],
            tls: true,
            root_certificate_file: PathBuf::new(),
            username: String::new(),
            password_file: PathBuf::new(),
            sentinel_master: String::new(),
            sentinel_username: String::new(),
            sentinel_password_file: PathBuf::new(),
            key_prefix: "ecluse".to_owned(),
        }
    }
}

impl Ephemeral {
    pub(super) fn check(&self) -> Result<(), Problem> {
        self.redis.check()
    }
}

impl Redis {
    /// Host and port of each node.
    pub fn addresses(&self) -> Vec<(String, u16)> {
        self.nodes.iter().filter_map(|node| address(node)).collect()
    }

    fn check(&self) -> Result<(), Problem> {
        let problem = |key: &str, text: String| Err(Problem::new(&format!("ephemeral.redis.{key}"), text));
        if let Some(node) = self.nodes.iter().find(|node| address(node).is_none()) {
            return problem("nodes", format!("{node:?} is not host:port, such as \"redis.internal:6379\""));
        }
        match (self.topology, self.nodes.len()) {
            (_, 0) => problem("nodes", "is empty; write at least one host:port".to_owned()),
            (RedisTopology::Standalone, 2..) => problem(
                "nodes",
                "a standalone server is one; write one node, or topology = \"sentinel\" or \"cluster\""
                    .to_owned(),
            ),
            (RedisTopology::Sentinel, _) if self.sentinel_master.is_empty() => {
                problem("sentinel_master", "sentinels are asked for a group by its name; write it".to_owned())
            }
            _ if self.key_prefix.is_empty() || self.key_prefix.contains(['{', '}', ' ']) => {
                problem("key_prefix", "must be some letters, without braces and spaces".to_owned())
            }
            _ => Ok(()),
        }
    }
}

/// The last colon divides, so that an IPv6 address keeps its own; its brackets fall away.
fn address(node: &str) -> Option<(String, u16)> {
    let (host, port) = node.rsplit_once(':')?;
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    let whole = !bare.is_empty() && !bare.contains(['/', '@', ' ']) && (bare == host) != bare.contains(':');
    Some((bare.to_owned(), port.parse().ok()?)).filter(|_| whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_a_host_and_a_port() {
        let read = |node| address(node);
        assert_eq!(read("redis.internal:6379"), Some(("redis.internal".to_owned(), 6379)));
        assert_eq!(read("[::1]:6380"), Some(("::1".to_owned(), 6380)));
        for wrong in ["redis", ":6379", "redis:", "redis:65536", "redis://h:1", "user@h:1", "::1:6379"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
