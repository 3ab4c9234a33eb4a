//! From what a prompt says to a finished model: built, painted, and put where it stands.

use glam::{Vec3, Vec3A};

use super::lexicon::{Kind, Material, Pattern, part_names};
use super::model::{Coat, MAIN, Model, Wish};
use super::paint::{Finish, Paint, Texture, hex};
use super::reading::{Look, Reading, Thing, read};
use super::solid::soft_block;

/// How much wider what carries the subject is than the subject's foot.
const BASE_WIDTH: f32 = 1.15;

/// A model and what a person should know about it.
#[derive(Debug)]
pub(super) struct Composed {
    pub(super) model: Model,
    pub(super) notes: Vec<String>,
    /// What was built, or `None` for the fallback.
    #[cfg_attr(not(test), expect(dead_code, reason = "tests ask what was understood"))]
    pub(super) archetype: Option<&'static str>,
}

/// Builds what the prompt says.
pub(super) fn compose(prompt: &str, seed: u64) -> Composed {
    let reading = read(prompt);
    let mut notes = Vec::new();
    let mut model = match &reading.subject {
        Some(thing) => build(thing, &reading, seed),
        None => {
            notes.push(format!(
                "no shape known for {:?}: made a rounded block",
                excerpt(prompt)
            ));
            fallback(seed, &reading)
        }
    };
    paint(&mut model, &reading.look, reading.carved);
    for (name, look) in &reading.parts {
        if !paint_part(&mut model, name, look) {
            notes.push(format!("nothing known of {:?}: left out", excerpt(name)));
        }
    }
    if !reading.unknown.is_empty() && reading.subject.is_some() {
        notes.push(format!(
            "not understood: {}",
            excerpt(&reading.unknown.join(", "))
        ));
    }
    let proportions = reading
        .proportions
        .clamp(Vec3::splat(0.4), Vec3::splat(2.5));
    model = model.map(|solid| solid.stretch(proportions.x, proportions.y, proportions.z));
    if let Some((thing, look)) = &reading.base {
        let mut base = build(thing, &reading, seed);
        paint(&mut base, look, false);
        model = put_on(model, base);
    }
    Composed {
        model,
        notes,
        archetype: reading.subject.map(|thing| thing.archetype.name),
    }
}

fn build(thing: &Thing, reading: &Reading, seed: u64) -> Model {
    (thing.archetype.build)(&mut Wish::new(&reading.words, &thing.noun, seed))
}

/// A prompt's words may come from anyone: a note quotes only their beginning.
fn excerpt(text: &str) -> String {
    text.chars().take(80).collect()
}

fn fallback(seed: u64, reading: &Reading) -> Model {
    let mut wish = Wish::new(&reading.words, "", seed);
    let mut model = Model::new(hex(0x9a8f80).with(Texture::Mottle));
    let height = 0.8 * wish.vary(0.1);
    model.add(
        "body",
        MAIN,
        [soft_block(1.0, height, 0.9 * wish.vary(0.1), 0.2)],
    );
    model
}

/// A look laid over a paint that was there.
fn over(under: Paint, look: &Look) -> Paint {
    let mut paint = look.material.map_or(under, Material::paint);
    if let Some(colour) = look.colours.first() {
        paint.colour = *colour;
    }
    let contrast = || {
        let bright = if paint.luminance() > 0.45 { 0.25 } else { 1.75 };
        paint.tone(bright).colour
    };
    let other = look
        .pattern_colour
        .or_else(|| look.colours.get(1).copied())
        .unwrap_or_else(contrast);
    match look.pattern {
        None => paint,
        Some(Pattern::Spots) => paint.with(Texture::Spots(other)),
        Some(Pattern::Stripes) => paint.with(Texture::Stripes(other)),
        Some(Pattern::Checks) => paint.with(Texture::Checks(other)),
        Some(Pattern::Rainbow) => paint.with(Texture::Rainbow),
    }
}

/// Paints every part: as the prompt says where it says something, else as the archetype would be.
fn paint(model: &mut Model, look: &Look, carved: bool) {
    let gem = look
        .material
        .filter(|material| material.kind == Kind::Gem && model.has("gem"));
    let mut main_look = look.clone();
    if gem.is_some() {
        main_look.material = None;
    }
    let main = over(model.default, &main_look);
    let second = match look.pattern {
        None => look.colours.get(1).copied(),
        Some(_) => None,
    };
    let of_one_stuff = carved
        || (model.living
            && look
                .material
                .is_some_and(|material| material.kind != Kind::Soft));
    for part in &mut model.parts {
        part.paint = match part.coat {
            Coat::Main => main,
            Coat::Tone(factor) => main.tone(factor),
            Coat::Second(own) | Coat::Own(own) if of_one_stuff => carved_tone(main, own),
            Coat::Second(own) => second.map_or(own, |colour| Paint { colour, ..own }),
            Coat::Own(own) => own,
        };
        if let Some(material) = gem.filter(|_| part.name == "gem") {
            part.paint = material.paint();
        }
    }
    accent(model, second);
}

/// In one stuff, darker and lighter parts still tell apart.
fn carved_tone(main: Paint, own: Paint) -> Paint {
    main.tone(0.8 + 0.35 * own.luminance())
}

/// A second colour that found no part of its own becomes a blot on the front.
fn accent(model: &mut Model, second: Option<Vec3A>) {
    let Some(colour) = second else { return };
    let placed = model
        .parts
        .iter()
        .any(|part| matches!(part.coat, Coat::Second(_)));
    if !placed {
        blot(model, colour);
    }
}

fn blot(model: &mut Model, colour: Vec3A) {
    for part in &mut model.parts {
        if matches!(part.coat, Coat::Main) {
            part.paint = part.paint.with(Texture::Blot(colour));
        }
    }
}

/// Paints the part called `name`, or what stands for it. Says `false` if the prompt wanted a part
/// that nothing stands for.
fn paint_part(model: &mut Model, name: &str, look: &Look) -> bool {
    let found = if model.has(name) {
        Some(name)
    } else {
        part_names(name).find(|candidate| model.has(candidate))
    };
    if let Some(found) = found {
        for part in model.parts.iter_mut().filter(|part| part.name == found) {
            if !look.is_empty() {
                part.paint = over(part.paint, look);
            }
        }
        return true;
    }
    let colour = look.colours.first().copied().or_else(|| {
        let material = look.material?;
        Some(material.paint().colour)
    });
    let Some(colour) = colour else { return false };
    let mut placed = false;
    for part in &mut model.parts {
        if let Coat::Second(own) = part.coat {
            let finish = look.material.map_or(own.finish, |_| Finish::Gloss);
            part.paint = Paint { colour, ..own }.finish(finish);
            placed = true;
        }
    }
    if !placed {
        blot(model, colour);
    }
    true
}

/// Puts one model on another, whose parts keep to themselves.
fn put_on(subject: Model, base: Model) -> Model {
    let (Some((low, high)), Some((base_low, base_high))) = (subject.bounds(), base.bounds()) else {
        return subject;
    };
    let width = |low: Vec3, high: Vec3| (high.x - low.x).max(high.z - low.z).max(1e-3);
    let factor = BASE_WIDTH * width(low, high) / width(base_low, base_high);
    // A tall, thin subject should not stand on a crumb, nor a flat one on a mountain.
    let height = (high.y - low.y).max(1e-3);
    let factor = factor.clamp(
        0.35 * height / (base_high.y - base_low.y).max(1e-3),
        1.3 * height / (base_high.y - base_low.y).max(1e-3),
    );
    let top = Vec3::new(
        0.5 * (base_low.x + base_high.x),
        base_high.y,
        0.5 * (base_low.z + base_high.z),
    );
    let perch = base.perch.unwrap_or(top) * factor;
    // A touch into it, so that nothing floats.
    let foot = Vec3::new(
        0.5 * (low.x + high.x),
        low.y + 0.02 * height,
        0.5 * (low.z + high.z),
    );
    let shift = perch - foot;
    let mut whole = subject.map(|solid| solid.at(shift.x, shift.y, shift.z));
    let base = base.map(|solid| solid.size(factor));
    whole.parts.extend(base.parts.into_iter().map(|mut part| {
        part.soft = false;
        part
    }));
    whole
}
