//! How relying parties are told that the password must change. Standard codes stay what each surface already has; one
//! discriminator, the standard `error_uri`, says the rest on all of them. It names a page for developers. It never
//! carries the reason, a level, or an address to send people to: whoever follows addresses out of parameters learns to
//! be phished.

use super::endpoints;

/// Begins every parameter and metadata member that no standard names (RFC 6749 section 8.2).
pub const VENDOR_PREFIX: &str = "ecluse_";

/// The member of JSON error bodies, for libraries that hide `error_uri`. It is the vendor prefix and `interaction`.
pub const INTERACTION_MEMBER: &str = "ecluse_interaction";

/// The interaction that is required: the value of [`INTERACTION_MEMBER`], and the last path segment of the `error_uri`.
pub const INTERACTION: &str = "password_change_required";

/// The `error_description` that goes with it. Stable up to the colon; ASCII, as RFC 6749 section 5.2 demands.
pub const DESCRIPTION: &str = "password_change_required: the user must change their password at the provider";

/// The `error_description` after the user gave up the change.
pub const DECLINED_DESCRIPTION: &str = "password_change_declined: the user did not change their password";

/// The discriminator. Stable for ever: relying parties compare it exactly.
pub fn required_uri(issuer: &str) -> String {
    endpoints::at(issuer, endpoints::PASSWORD_CHANGE_REQUIRED)
}

/// What comes back with a user who gave up. It differs from [`required_uri`], so that no client tries again by itself.
pub fn declined_uri(issuer: &str) -> String {
    endpoints::at(issuer, endpoints::PASSWORD_CHANGE_DECLINED)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_the_signal_agree() {
        assert_eq!(INTERACTION_MEMBER.strip_prefix(VENDOR_PREFIX), Some("interaction"));
        assert!(DESCRIPTION.starts_with(&format!("{INTERACTION}:")));
        assert_eq!(required_uri("https://op.example").rsplit('/').next(), Some(INTERACTION));
        assert_eq!(required_uri("https://op.example"), "https://op.example/errors/password_change_required");
        assert_eq!(declined_uri("https://op.example"), "https://op.example/errors/password_change_declined");
    }
}
