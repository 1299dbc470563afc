//! The commands, one file each.

pub(crate) mod assist;
pub(crate) mod audit;
pub(crate) mod baseline;
pub(crate) mod explain;
pub(crate) mod filter;
mod git_hook;
pub(crate) mod git_install;
pub(crate) mod grant;
pub(crate) mod hook;
pub(crate) mod inventory;
pub(crate) mod manual;
mod member;
pub(crate) mod policy;
pub(crate) mod redact;
pub(crate) mod rules;
pub(crate) mod run;
pub(crate) mod scan;
pub(crate) mod setup;
pub(crate) mod show;
mod transcripts;
pub(crate) mod vault;
