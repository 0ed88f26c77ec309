//! The table for people: as sentences and a page of text (`explain.rs`), as an HTML page (`html.rs`),
//! both with where it comes from (`provenance.rs`).

mod explain;
mod html;
mod provenance;
