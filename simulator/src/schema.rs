//! The JSON Schema of scenario files, from the types that read them.
//!
//! Refresh the file in the tree with
//! `UPDATE_GOLDEN=1 cargo test -p offhook-simulator --features schema schema`.

use serde_json::{Value, json};

/// The environment's schema with the `[population]` section of this crate put in.
pub fn scenario_schema() -> Value {
    let (mut root, mut section) = (offhook_env::scenario::schema(), crate::population::schema());
    root["title"] = json!("Offhook scenario");
    if let Value::Object(fields) = &mut section {
        fields.remove("$schema");
        let parts = fields.remove("$defs");
        if let (Value::Object(defs), Some(Value::Object(parts))) = (&mut root["$defs"], parts) {
            defs.extend(parts);
        }
    }
    root["$defs"]["PopulationFile"] = section;
    root["properties"]["population"] = json!({ "$ref": "#/$defs/PopulationFile" });
    root
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn the_schema_in_the_tree_is_what_the_types_give() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("scenarios/scenario.schema.json");
        let text = serde_json::to_string_pretty(&scenario_schema()).expect("always JSON") + "\n";
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&path, &text).expect("written");
        }
        let found = std::fs::read_to_string(&path).expect("the file is in the tree");
        assert!(
            found == text,
            "the types have changed; refresh the file as the head of this file says"
        );
    }
}
