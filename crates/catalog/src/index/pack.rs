//! Documents made small.
//!
//! An entity that nobody looks at is bytes: its text and all that stands beside it, compressed with a dictionary that is
//! learned from the entities themselves, so that what all of them say (names of annotations, the instance's address)
//! costs nothing. Taking one out takes a few microseconds. A catalog of a few thousand keeps its entities as they are:
//! there it is time that counts.

use std::{cell::RefCell, fmt, sync::Arc};

use model::{Entity, EntityRef, RefKey};
use zstd::zstd_safe::{CCtx, CDict, DCtx, DDict, compress_bound, get_frame_content_size};

/// So many entities are kept as they are.
pub(super) const WHOLE: usize = 4_096;
/// So many are looked at to learn a dictionary.
pub(super) const SAMPLES: usize = 256;
/// Longer ones say more about themselves than about others.
const LONGEST_SAMPLE: usize = 8 * 1_024;
/// Bytes of a dictionary.
const DICTIONARY: usize = 16 * 1_024;
/// What is gained by higher levels is little, and they take longer.
const LEVEL: i32 = 3;

thread_local! {
    // Making them takes longer than what is done with them.
    static PACKER: RefCell<Option<CCtx<'static>>> = const { RefCell::new(None) };
    static UNPACKER: RefCell<Option<DCtx<'static>>> = const { RefCell::new(None) };
}

/// An entity in memory.
#[derive(Debug)]
pub(super) enum Document {
    /// As it came.
    Whole(Box<Entity>),
    /// A frame of zstd and the dictionary it was made with.
    Packed(Box<[u8]>, Arc<Dictionary>),
}

/// What was learned.
pub(super) struct Dictionary {
    pack: CDict<'static>,
    unpack: DDict<'static>,
    /// Stands for what cannot be read.
    blank: Entity,
}

impl fmt::Debug for Dictionary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dictionary").finish_non_exhaustive()
    }
}

impl Dictionary {
    /// Learns from some entities that come spread over all.
    pub(super) fn learn(some: impl Iterator<Item = Entity>) -> Option<Arc<Self>> {
        let mut blank = None;
        let mut samples: Vec<Vec<u8>> = Vec::new();
        for mut entity in some.take(SAMPLES) {
            samples.extend(plain(&mut entity).filter(|plain| plain.len() <= LONGEST_SAMPLE));
            blank.get_or_insert(entity);
        }
        let bytes = zstd::dict::from_samples(&samples, DICTIONARY);
        // Samples may have nothing in common; the entities then stay as they are until there are more.
        let bytes = bytes.inspect_err(|error| tracing::debug!(%error, "no dictionary for documents")).ok()?;
        let (pack, unpack) = (CDict::create(&bytes, LEVEL), DDict::create(&bytes));
        Some(Arc::new(Self { pack, unpack, blank: blank? }))
    }
}

impl Document {
    /// An entity made small, if there is a dictionary.
    pub(super) fn of(entity: Box<Entity>, dictionary: Option<&Arc<Dictionary>>) -> Self {
        let packed =
            dictionary.and_then(|dictionary| Some((pack(entity.as_ref().clone(), dictionary)?, dictionary.clone())));
        packed.map_or_else(|| Self::Whole(entity), |(frame, dictionary)| Self::Packed(frame, dictionary))
    }

    /// How many bytes it holds on to besides itself; of a whole one not all.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Whole(entity) => size_of::<Entity>() + entity.body.len(),
            Self::Packed(frame, _) => frame.len(),
        }
    }
}

/// The text of an entity, the rest of it as JSON, and how long the text is. Of what is known of others (relations, other
/// names) nothing, because that is held by number.
fn plain(entity: &mut Entity) -> Option<Vec<u8>> {
    let body = std::mem::take(&mut entity.body);
    entity.relations.clear();
    entity.aliases.clear();
    let length = u32::try_from(body.len());
    let mut plain = body.into_bytes();
    serde_json::to_writer(&mut plain, entity).ok()?;
    plain.extend_from_slice(&length.ok()?.to_le_bytes());
    Some(plain)
}

fn pack(mut entity: Entity, dictionary: &Dictionary) -> Option<Box<[u8]>> {
    let plain = plain(&mut entity)?;
    let mut frame = Vec::with_capacity(compress_bound(plain.len()));
    let done = PACKER.with_borrow_mut(|packer| {
        packer.get_or_insert_with(CCtx::create).compress_using_cdict(&mut frame, &plain, &dictionary.pack)
    });
    done.ok()?;
    Some(frame.into())
}

/// An entity as it was packed, without relations and other names; should that ever fail, what its reference says.
pub(super) fn unpack(frame: &[u8], dictionary: &Dictionary, key: &RefKey) -> Entity {
    let size = get_frame_content_size(frame).ok().flatten().and_then(|size| usize::try_from(size).ok());
    let mut plain = Vec::with_capacity(size.unwrap_or(0));
    let done = UNPACKER.with_borrow_mut(|unpacker| {
        unpacker.get_or_insert_with(DCtx::create).decompress_using_ddict(&mut plain, frame, &dictionary.unpack)
    });
    let entity = done.ok().and_then(|_| read(plain));
    entity.unwrap_or_else(|| {
        tracing::error!(entity = %key, "a document in memory cannot be read");
        let entity_ref = EntityRef::new(key.kind(), key.namespace(), key.name());
        Entity { entity_ref, ..dictionary.blank.clone() }
    })
}

/// What `plain` wrote.
fn read(mut plain: Vec<u8>) -> Option<Entity> {
    let (rest, length) = plain.split_last_chunk()?;
    let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
    let mut entity: Entity = serde_json::from_slice(rest.get(length..)?).ok()?;
    plain.truncate(length);
    entity.body = String::from_utf8(plain).ok()?;
    Some(entity)
}
