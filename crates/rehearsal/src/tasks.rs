//! What validators ask for: an endless, seeded stream of tasks per validator, four text prompts to
//! one image prompt, some of them asked by several validators as organic requests are.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use rand::seq::SliceRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use subnet17::{Task, TaskKind};

use crate::prompts::text_prompts;

/// Every this many tasks one shows an image.
const IMAGE_EVERY: u64 = 5;
/// Every this many tasks one is organic: every validator draws it from the same list.
const ORGANIC_EVERY: u64 = 7;

/// The prompts all validators of one rehearsal draw from, each list shuffled by the seed.
#[derive(Debug)]
pub(crate) struct Prompts {
    texts: Vec<Arc<str>>,
    /// Base64 of PNG files, as on the wire.
    images: Vec<Arc<str>>,
    seed: u64,
}

impl Prompts {
    /// Mixes our own texts with the given image files.
    pub(crate) fn new(seed: u64, images: &[Arc<[u8]>]) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut texts: Vec<Arc<str>> = text_prompts().map(|prompt| prompt.text.into()).collect();
        texts.shuffle(&mut rng);
        let mut images: Vec<Arc<str>> = images
            .iter()
            .map(|image| STANDARD.encode(image).into())
            .collect();
        images.shuffle(&mut rng);
        Self {
            texts,
            images,
            seed,
        }
    }
}

/// One validator's stream of tasks.
#[derive(Debug)]
pub(crate) struct TaskStream {
    prompts: Arc<Prompts>,
    rng: ChaCha8Rng,
    drawn: u64,
    /// Where in the block of five the image comes; drawn anew for each block.
    image_at: u64,
}

impl TaskStream {
    pub(crate) fn new(prompts: Arc<Prompts>, validator: u16) -> Self {
        let mut rng = ChaCha8Rng::seed_from_u64(prompts.seed);
        rng.set_stream(u64::from(validator) + 1);
        Self {
            prompts,
            rng,
            drawn: 0,
            image_at: 0,
        }
    }

    /// The next task; never one that was handed out before.
    pub(crate) fn draw(&mut self) -> Task {
        let index = self.drawn;
        self.drawn += 1;
        if index.is_multiple_of(IMAGE_EVERY) {
            self.image_at = self.rng.random_range(0..IMAGE_EVERY);
        }
        let image = index % IMAGE_EVERY == self.image_at && !self.prompts.images.is_empty();
        let (kind, list) = if image {
            (TaskKind::Image, &self.prompts.images)
        } else {
            (TaskKind::Text, &self.prompts.texts)
        };
        let place = if index % ORGANIC_EVERY == ORGANIC_EVERY - 1 {
            (index / ORGANIC_EVERY) as usize % list.len().max(1)
        } else {
            self.rng.random_range(0..list.len().max(1))
        };
        Task {
            id: uuid(self.rng.random()),
            kind,
            prompt: list.get(place).cloned().unwrap_or_default(),
        }
    }
}

/// A random (version 4) UUID in the usual notation.
fn uuid(bits: u128) -> String {
    let bits = (bits & !(0xf << 76) & !(0x3 << 62)) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{bits:032x}");
    let parts = [
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..],
    ];
    parts.join("-")
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    fn prompts(seed: u64) -> Arc<Prompts> {
        let images: Vec<Arc<[u8]>> = (0..12).map(|i| vec![i; 4].into()).collect();
        Arc::new(Prompts::new(seed, &images))
    }

    fn draw(prompts: &Arc<Prompts>, validator: u16, count: usize) -> Vec<Task> {
        let mut stream = TaskStream::new(Arc::clone(prompts), validator);
        (0..count).map(|_| stream.draw()).collect()
    }

    #[test]
    fn four_texts_to_one_image() {
        let tasks = draw(&prompts(1), 0, 500);
        let images = tasks
            .iter()
            .filter(|task| task.kind == TaskKind::Image)
            .count();
        assert_eq!(images, 100);
        for block in tasks.chunks(5) {
            assert_eq!(
                block
                    .iter()
                    .filter(|task| task.kind == TaskKind::Image)
                    .count(),
                1
            );
        }
    }

    #[test]
    fn streams_follow_from_seed_and_validator() {
        let once = draw(&prompts(1), 3, 50);
        assert_eq!(once, draw(&prompts(1), 3, 50));
        assert_ne!(once, draw(&prompts(1), 4, 50));
        assert_ne!(once, draw(&prompts(2), 3, 50));
    }

    #[test]
    fn ids_are_unique_and_look_like_uuids() {
        let prompts = prompts(9);
        let tasks: Vec<_> = (0..8)
            .flat_map(|validator| draw(&prompts, validator, 200))
            .collect();
        let ids: HashSet<_> = tasks.iter().map(|task| task.id.clone()).collect();
        assert_eq!(ids.len(), 1600);
        for id in &ids {
            assert_eq!(id.len(), 36);
            assert_eq!(&id[14..15], "4");
            assert!("89ab".contains(&id[19..20]), "{id}");
        }
    }

    #[test]
    fn organic_prompts_repeat_across_validators() {
        let prompts = prompts(5);
        let texts = |validator| -> HashSet<Arc<str>> {
            draw(&prompts, validator, 70)
                .into_iter()
                .map(|task| task.prompt)
                .collect()
        };
        assert!(texts(0).intersection(&texts(1)).count() >= 5);
    }

    #[test]
    fn nothing_breaks_without_images() {
        let bare = Arc::new(Prompts::new(1, &[]));
        assert!(
            draw(&bare, 0, 20)
                .iter()
                .all(|task| task.kind == TaskKind::Text)
        );
    }
}
