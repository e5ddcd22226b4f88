//! draft
use crate::domain::secret::SecretBytes;
use crate::store::seal::MasterKey;
/// x
pub struct DeploymentSecrets {
    /// x
    pub sealer: MasterKey,
    /// x
    pub pairwise_salt: SecretBytes,
    /// x
    pub code_key: SecretBytes,
    /// x
    pub cookie_key: SecretBytes,
}
impl DeploymentSecrets {
    /// x
    pub fn tag(&self, purpose: &str, parts: &[&str]) -> String {
        self.cookie_key.tag(purpose, parts)
    }
}
