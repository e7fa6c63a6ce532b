//! Reading events back.
//!
//! Owns finding an event in the files and reading on from it within bounds. Must not change files;
//! when it meets damage it says so once, and raises the floor past it.

use super::disk::failed;
use super::line::{Damage, Lines};
use super::segment::{self, Decoded};
use super::view::{Place, View};
use crate::store::{EventPage, Record, StoreError};
use bytes::Bytes;
use event_log::Seq;
use parking_lot::Mutex;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom};
use std::path::Path;

const BUFFER: usize = 128 << 10;

/// Reads the events after `after`, of one file, at most `max_bytes` of them but at least one.
pub(super) fn events_after(
    folder: &Path,
    view: &Mutex<View>,
    after: Seq,
    max_bytes: usize,
) -> Result<EventPage, StoreError> {
    let wanted = after.next();
    let place = {
        let view = view.lock();
        if wanted < view.floor {
            return Err(StoreError::Evicted { floor: view.floor });
        }
        if wanted > view.head {
            return Ok(EventPage::default());
        }
        view.locate(wanted)
    };
    let damage = match place {
        Some(place) => match read(folder, view, place, wanted, max_bytes) {
            Ok(Ok(page)) => return Ok(page),
            Ok(Err(damage)) => damage.to_string(),
            Err(e) if e.kind() == io::ErrorKind::NotFound => "it is missing".to_owned(),
            Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => "it is too short".to_owned(),
            Err(e) => return Err(failed("reading events")(e)),
        },
        None => "it is missing".to_owned(),
    };
    let floor = view.lock().floor;
    if wanted < floor {
        return Err(StoreError::Evicted { floor }); // Retention was faster.
    }
    let next = place.map_or(Ok(None), |place| first_after(folder, place, wanted)).unwrap_or_default();
    let mut view = view.lock();
    let next = next.unwrap_or_else(|| place.map_or(view.head, |p| p.last).next());
    view.floor = view.floor.max(next);
    let file = place.map_or_else(|| "the list of files".to_owned(), |p| segment::file_name(p.segment));
    Err(StoreError::Corrupt { seq: wanted, file, what: damage })
}

type Found = Result<EventPage, Damage>;

/// The events from `wanted` on; damage when that one cannot be read.
fn read(folder: &Path, view: &Mutex<View>, place: Place, wanted: Seq, max_bytes: usize) -> io::Result<Found> {
    let mut lines = open(folder, place)?;
    let mut offset = place.offset;
    let mut page = EventPage::default();
    let mut expected = wanted;
    let mut bytes = 0_usize;
    let mut damage = Damage::Order;
    let mut marks = Vec::new();
    let mut line = Vec::new();
    while expected <= place.last {
        line.clear();
        let length = lines.read_until(b'\n', &mut line)? as u64;
        if length == 0 {
            damage = Damage::Unfinished;
            break;
        }
        let decoded = line.strip_suffix(b"\n").ok_or(Damage::Unfinished).and_then(segment::decode_line);
        match decoded {
            Ok(decoded) if decoded.seq == expected => {
                marks.push((decoded.seq, offset));
                bytes = bytes.saturating_add(decoded.event.len());
                if bytes > max_bytes && !page.records.is_empty() {
                    break;
                }
                page.records.push(record(decoded));
                expected = expected.next();
            }
            Ok(decoded) if decoded.seq < wanted => marks.push((decoded.seq, offset)),
            Ok(_) => break,
            // Something before the event that is wanted: perhaps the header, perhaps damage.
            Err(found) if page.records.is_empty() => damage = found,
            Err(_) => break,
        }
        offset += length;
    }
    let mut view = view.lock();
    if let Some(segment) = view.segment_mut(place.segment) {
        marks.into_iter().for_each(|(seq, offset)| segment.note(seq, offset));
    }
    for record in &mut page.records {
        record.position = view.position_of(record.position.seq);
    }
    Ok(if page.records.is_empty() { Err(damage) } else { Ok(page) })
}

fn open(folder: &Path, place: Place) -> io::Result<impl BufRead> {
    let mut file = File::open(folder.join(segment::file_name(place.segment)))?;
    file.seek(SeekFrom::Start(place.offset))?;
    Ok(BufReader::with_capacity(BUFFER, file.take(place.length.saturating_sub(place.offset))))
}

/// The first event after `damaged` that can be read in the same file.
fn first_after(folder: &Path, place: Place, damaged: Seq) -> io::Result<Option<Seq>> {
    let mut bytes = Vec::new();
    open(folder, place)?.read_to_end(&mut bytes)?;
    let good = Lines::new(&bytes).filter_map(|line| line.bytes.and_then(segment::decode_line).ok());
    Ok(good.map(|decoded| decoded.seq).find(|seq| *seq > damaged && *seq <= place.last))
}

/// An owned copy, so that one event which is kept does not keep what was read with it. Its epoch
/// is filled in by whoever knows the lineage.
pub(super) fn record(decoded: Decoded<'_>) -> Record {
    let own = |bytes: std::borrow::Cow<'_, [u8]>| Bytes::from(bytes.into_owned());
    let position = event_log::Position { epoch: event_log::Epoch::ORIGIN, seq: decoded.seq };
    Record { position, event: own(decoded.event), note: decoded.note.map(own) }
}
