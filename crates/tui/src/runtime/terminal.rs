//! Taking the terminal, and giving it back.
//!
//! Owns raw mode, the alternate screen, pasting and the mouse, and that all of it ends with the console,
//! also where something panics: the words of a panic are written to the screen that stays.

use crossterm::event::{DisableBracketedPaste, DisableMouseCapture, EnableBracketedPaste, EnableMouseCapture};
use crossterm::terminal::{
    Clear, ClearType, EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use crossterm::{cursor, execute};
use std::io;
use std::panic::{PanicHookInfo, set_hook, take_hook};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Notify;

type Hook = dyn Fn(&PanicHookInfo<'_>) + Send + Sync;

/// The terminal, until this is dropped.
pub struct Taken {
    held: Arc<AtomicBool>,
    panicked: Arc<Notify>,
    hook: Arc<Hook>,
}

impl Taken {
    /// Takes it.
    pub fn take(mouse: bool) -> io::Result<Taken> {
        let (held, panicked) = (Arc::new(AtomicBool::new(true)), Arc::new(Notify::new()));
        let hook: Arc<Hook> = Arc::from(take_hook());
        set_hook(Box::new({
            let (held, panicked, hook) = (Arc::clone(&held), Arc::clone(&panicked), Arc::clone(&hook));
            move |info| {
                give_back(&held);
                panicked.notify_one();
                hook(info);
            }
        }));
        // from here on dropping it puts everything back
        let taken = Taken { held, panicked, hook };
        enable_raw_mode()?;
        // a terminal without another screen, such as Linux's own, still shows what was there
        let clear = Clear(ClearType::All);
        execute!(io::stdout(), EnterAlternateScreen, clear, EnableBracketedPaste, cursor::Hide)?;
        if mouse {
            execute!(io::stdout(), EnableMouseCapture)?;
        }
        Ok(taken)
    }

    /// Returns when something has panicked: the terminal is no longer taken then.
    pub async fn panicked(&self) {
        self.panicked.notified().await;
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        give_back(&self.held);
        // a hook cannot be set while unwinding; it does no harm then
        if !std::thread::panicking() {
            let hook = Arc::clone(&self.hook);
            set_hook(Box::new(move |info| hook(info)));
        }
    }
}

/// Gives the terminal back, once. Whatever fails, the rest is tried: there is nobody left to tell.
fn give_back(held: &AtomicBool) {
    if held.swap(false, Ordering::SeqCst) {
        let _ = execute!(io::stdout(), DisableMouseCapture, DisableBracketedPaste);
        let _ = execute!(io::stdout(), Clear(ClearType::All), cursor::MoveTo(0, 0), LeaveAlternateScreen, cursor::Show);
        let _ = disable_raw_mode();
    }
}
