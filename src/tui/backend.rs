//! The screen's writer: nothing is written when nothing changed; otherwise one flush, painted behind a hidden cursor.
//!
//! ratatui's own backend flushes two or three times a frame and shows the cursor again every time, which flickers over ssh and
//! drags the input method's window around.

use std::cell::Cell as Shared;
use std::io::{self, BufWriter, Write};
use std::rc::Rc;

use crossterm::cursor::{Hide, MoveTo, Show};
use crossterm::queue;
use crossterm::terminal::{BeginSynchronizedUpdate, EndSynchronizedUpdate};
use ratatui::backend::{Backend, ClearType, CrosstermBackend, WindowSize};
use ratatui::buffer::Cell;
use ratatui::layout::{Position, Size};

/// Holds one whole frame of a large terminal, so that it leaves in one write.
const FRAME_BYTES: usize = 64 * 1024;

/// Wraps the crossterm backend so that a frame is one synchronized write.
pub struct Atomic<W: Write> {
    inner: CrosstermBackend<BufWriter<W>>,
    open: bool,
    shown: Option<bool>,
    at: Option<Position>,
    park: Rc<Shared<Position>>,
}

impl<W: Write> Atomic<W> {
    /// Wraps a writer; `park` is where a hidden cursor waits, since an input method opens its window there.
    pub fn new(writer: W, park: Rc<Shared<Position>>) -> Self {
        Self {
            inner: CrosstermBackend::new(BufWriter::with_capacity(FRAME_BYTES, writer)),
            open: false,
            shown: None,
            at: None,
            park,
        }
    }

    /// Forgets what the terminal shows: someone else had it.
    pub const fn forget(&mut self) {
        self.shown = None;
        self.at = None;
    }

    fn begin(&mut self) -> io::Result<()> {
        if !self.open {
            self.open = true;
            queue!(self.inner, BeginSynchronizedUpdate)?;
        }
        Ok(())
    }

    fn show(&mut self, shown: bool) -> io::Result<()> {
        if self.shown == Some(shown) {
            return Ok(());
        }
        self.begin()?;
        self.shown = Some(shown);
        if shown { queue!(self.inner, Show) } else { queue!(self.inner, Hide) }
    }

    fn move_to(&mut self, place: Position) -> io::Result<()> {
        if self.at == Some(place) {
            return Ok(());
        }
        self.begin()?;
        self.at = Some(place);
        queue!(self.inner, MoveTo(place.x, place.y))
    }
}

impl<W: Write> Backend for Atomic<W> {
    type Error = io::Error;

    fn draw<'a, I>(&mut self, content: I) -> io::Result<()>
    where
        I: Iterator<Item = (u16, u16, &'a Cell)>,
    {
        let mut content = content.peekable();
        if content.peek().is_none() {
            return Ok(());
        }
        self.begin()?;
        self.show(false)?;
        self.at = None;
        self.inner.draw(content)
    }

    fn hide_cursor(&mut self) -> io::Result<()> {
        self.show(false)?;
        self.move_to(self.park.get())
    }

    fn show_cursor(&mut self) -> io::Result<()> {
        self.show(true)
    }

    fn get_cursor_position(&mut self) -> io::Result<Position> {
        Ok(self.at.unwrap_or_else(|| self.park.get())) // never asked of the terminal: the answer would come as input
    }

    fn set_cursor_position<P: Into<Position>>(&mut self, position: P) -> io::Result<()> {
        self.move_to(position.into())
    }

    fn clear(&mut self) -> io::Result<()> {
        self.clear_region(ClearType::All)
    }

    fn clear_region(&mut self, clear_type: ClearType) -> io::Result<()> {
        self.begin()?;
        self.at = None;
        self.inner.clear_region(clear_type)
    }

    fn size(&self) -> io::Result<Size> {
        self.inner.size()
    }

    fn window_size(&mut self) -> io::Result<WindowSize> {
        self.inner.window_size()
    }

    fn flush(&mut self) -> io::Result<()> {
        if !self.open {
            return Ok(());
        }
        self.open = false;
        queue!(self.inner, EndSynchronizedUpdate)?;
        Write::flush(&mut self.inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts writes and keeps the bytes.
    #[derive(Default)]
    struct Counter {
        bytes: Vec<u8>,
        flushes: usize,
    }

    impl Write for &mut Counter {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.bytes.extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> io::Result<()> {
            self.flushes += 1;
            Ok(())
        }
    }

    fn frame(backend: &mut Atomic<&mut Counter>, cells: &[(u16, u16, &Cell)]) {
        backend.draw(cells.iter().copied()).unwrap();
        backend.hide_cursor().unwrap();
        Backend::flush(backend).unwrap();
    }

    #[test]
    fn a_frame_is_one_flush_and_an_idle_frame_writes_nothing() {
        let mut counter = Counter::default();
        let cell = Cell::new("王");
        {
            let park = Rc::new(Shared::new(Position::new(8, 20)));
            let mut backend = Atomic::new(&mut counter, park);
            frame(&mut backend, &[(2, 3, &cell)]);
            frame(&mut backend, &[]);
            frame(&mut backend, &[]);
        }
        let text = String::from_utf8(counter.bytes).unwrap();
        assert_eq!(counter.flushes, 1);
        assert!(text.starts_with("\u{1b}[?2026h\u{1b}[?25l"), "{text:?}");
        assert!(text.ends_with("\u{1b}[21;9H\u{1b}[?2026l"), "{text:?}");
    }
}
