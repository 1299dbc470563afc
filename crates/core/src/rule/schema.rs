//! The JSON Schema of rule files.

use schemars::Schema;

use super::RuleFile;

/// Returns the JSON Schema of a rule file, made from the types that read it.
pub fn schema() -> Schema {
    schemars::schema_for!(RuleFile)
}
