//! `yoi worker transcript`.
//!
//! Owns paging back and printing forth. All pages are held until the oldest has come, because
//! what is oldest is printed first.

use crate::args::TranscriptArgs;
use crate::failure::Failure;
use crate::output::{Form, Output};
use crate::render::Renderer;
use crate::server::Found;
use protocol::api::TranscriptPage;
use yoi_client::TranscriptQuery;

/// Prints a transcript, oldest first.
pub async fn print(found: &Found, output: Output, args: TranscriptArgs) -> Result<(), Failure> {
    let Found { on, worker } = found;
    let mut query = TranscriptQuery { limit: args.limit, before: args.before };
    // newest first
    let mut pages: Vec<TranscriptPage> = Vec::new();
    let before = loop {
        let mut page = on.transcript(*worker, &query).await?;
        let before = page.before.take().filter(|before| query.before.as_ref() != Some(before));
        pages.push(page);
        match before {
            Some(before) if args.all => query.before = Some(before),
            before => break before,
        }
    };
    let entries = pages.into_iter().rev().flat_map(|page| page.entries);
    match output.form {
        Form::Json => output.json(&TranscriptPage { entries: entries.collect(), before })?,
        Form::Text => {
            let mut renderer = Renderer::new(*worker, output.look);
            for entry in entries {
                output.text(&renderer.entry(&entry))?;
            }
            if let Some(before) = before {
                output.tell(&format!("hint: there is more before these; `--before {before}` or `--all` shows it"));
            }
        }
    }
    Ok(())
}
