//! What frames are drawn on.
//!
//! Owns the seam between the loop and the terminal, so that the loop can be tested without one.

use crate::clipboard;
use crate::model::Model;
use crate::view::theme::Theme;
use crate::view::view;
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use std::io::{self, BufWriter, Stdout, Write};

/// What frames are drawn on.
pub trait Screen {
    /// Draws the model.
    fn draw(&mut self, model: &Model) -> io::Result<()>;
    /// Puts a text where pasting takes it from.
    fn copy(&mut self, text: &str) -> io::Result<()>;
    /// Forgets what is on the screen, so that the next frame draws all of it.
    fn redraw(&mut self) -> io::Result<()>;
}

/// Bytes of a frame that are gathered before they are written.
const BUFFER: usize = 64 << 10;

/// The terminal.
pub struct Terminal {
    terminal: ratatui::Terminal<CrosstermBackend<BufWriter<Stdout>>>,
    theme: Theme,
}

impl Terminal {
    pub fn new(theme: Theme) -> io::Result<Terminal> {
        let writer = BufWriter::with_capacity(BUFFER, io::stdout());
        Ok(Terminal { terminal: ratatui::Terminal::new(CrosstermBackend::new(writer))?, theme })
    }

    /// Cells across and down.
    pub fn size(&self) -> io::Result<(u16, u16)> {
        let size = self.terminal.size()?;
        Ok((size.width, size.height))
    }
}

impl Screen for Terminal {
    fn draw(&mut self, model: &Model) -> io::Result<()> {
        let theme = self.theme;
        self.terminal.draw(|frame| view(model, theme, frame))?;
        Ok(())
    }

    fn copy(&mut self, text: &str) -> io::Result<()> {
        let backend = self.terminal.backend_mut();
        backend.write_all(clipboard::sequence(text).as_bytes())?;
        Write::flush(backend)
    }

    fn redraw(&mut self) -> io::Result<()> {
        // `clear` would ask the terminal where its cursor is, and the answer would be read as keys
        let (width, height) = self.size()?;
        self.terminal.resize(Rect::new(0, 0, width, height))
    }
}
