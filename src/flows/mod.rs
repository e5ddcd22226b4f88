//! What happens: one verb, one file. Load facts, decide, write in one batch, report the outcome.

pub mod account;
pub mod actor;
pub mod api_access;
pub mod ask_gate;
pub mod audit;
pub mod authenticate_client;
pub mod bearer;
pub mod browser;
pub mod change_password;
pub mod client_credentials;
pub mod code_key;
pub mod console;
pub mod context;
pub mod copy_store;
pub mod csv_table;
pub mod declare_clients;
pub mod exchange_code;
pub mod factor;
pub mod find_client;
pub mod hash_pool;
pub mod import_accounts;
pub mod import_territories;
pub mod interaction;
pub mod introspect;
pub mod log_in;
pub mod meters;
pub mod notices;
pub mod people;
pub mod print_slips;
pub mod random;
pub mod refresh_token;
pub mod reset_order;
pub mod restored;
pub mod revoke_token;
pub mod sign_out;
pub mod signing_keys;
pub mod step;
pub mod tidy;
pub mod tokens;
pub mod unavailable;
pub mod userinfo;
pub mod visit_account;
pub mod walk;

#[cfg(test)]
pub(crate) mod test_context;
