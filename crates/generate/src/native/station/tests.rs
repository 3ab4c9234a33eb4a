//! A station of stand-ins that write down what they are asked.

use std::cell::RefCell;
use std::ops::ControlFlow;
use std::rc::Rc;

use image::{Rgb, Rgba};

use super::super::works::{Manner, Sculpted};
use super::*;
use crate::categories::{By, Category, Class};
use crate::residency::{Budget, Need, Part, Variant, choose};

type Log = Rc<RefCell<Vec<String>>>;

fn note(log: &Log, what: impl Into<String>) {
    log.borrow_mut().push(what.into());
}

#[derive(Debug)]
struct Painter(Log);

impl super::Painter for Painter {
    type Words = String;

    fn settle(&mut self, plan: &Plan) {
        note(
            &self.0,
            format!("painter stays: {}", plan.keeps(Part::Painter)),
        );
    }

    fn read(&mut self, prompt: &str) -> Result<String, Trouble> {
        note(&self.0, format!("read {prompt}"));
        Ok(prompt.to_owned())
    }

    fn paint(
        &mut self,
        words: &String,
        seed: u64,
        _steps: Option<u32>,
        progress: &mut Progress<'_>,
    ) -> Result<RgbImage, Trouble> {
        note(&self.0, format!("paint {words} {seed}"));
        if progress("paint", 1, 4).is_break() {
            return Err(Trouble::Cancelled);
        }
        Ok(RgbImage::from_pixel(2, 2, Rgb([seed as u8; 3])))
    }
}

/// Doubts its first cut-outs.
struct Cutter {
    log: Log,
    doubts: u32,
    /// How bad these are.
    excess: f32,
}

impl super::Cutter for Cutter {
    fn settle(&mut self, _plan: &Plan) {}

    fn cut_out(&mut self, picture: &RgbImage, limits: &CutoutLimits) -> Result<Cut, Trouble> {
        let own = *limits != CutoutLimits::default();
        note(
            &self.log,
            if own {
                "cut out by limits of its own"
            } else {
                "cut out"
            },
        );
        let doubt = (self.doubts > 0).then(|| "full of holes".to_owned());
        self.doubts = self.doubts.saturating_sub(1);
        let [red, ..] = picture.get_pixel(0, 0).0;
        Ok(Cut {
            picture: RgbaImage::from_pixel(2, 2, Rgba([red, self.excess as u8, red, red])),
            excess: doubt.as_ref().map_or(0.0, |_| self.excess),
            doubt,
        })
    }
}

#[derive(Debug)]
struct Sculptor(Log);

impl super::Sculptor for Sculptor {
    type Condition = String;

    fn settle(&mut self, plan: &Plan) {
        note(
            &self.0,
            format!("flow stays: {}", plan.keeps(Part::LatentFlow)),
        );
    }

    fn see(&mut self, picture: &RgbaImage) -> Result<String, Trouble> {
        let seen = format!("see {}", picture.get_pixel(0, 0)[0]);
        note(&self.0, &seen);
        Ok(seen)
    }

    fn read(&mut self, prompt: &str) -> Result<String, Trouble> {
        note(&self.0, format!("understand {prompt}"));
        Ok(prompt.to_owned())
    }

    fn sculpt(
        &mut self,
        condition: &String,
        seed: u64,
        _manner: &Manner,
        _left: Option<Duration>,
        _progress: &mut Progress<'_>,
    ) -> Result<Sculpted, Trouble> {
        note(&self.0, format!("sculpt {condition} {seed}"));
        Ok(Sculpted::default())
    }
}

fn station(painter: bool, doubts: &[u32]) -> (Station<Painter, Sculptor>, Log) {
    let log = Log::default();
    let cutters = doubts.iter().map(|doubts| {
        Box::new(Cutter {
            log: log.clone(),
            doubts: *doubts,
            excess: 1.0,
        }) as Box<dyn super::Cutter>
    });
    let painter = painter.then(|| Painter(log.clone()));
    let station = Station::new(painter, cutters.collect(), Sculptor(log.clone()), None);
    (station, log)
}

fn make(
    station: &mut Station<Painter, Sculptor>,
    subject: &Subject,
    seed: u64,
) -> Result<Made, Trouble> {
    make_as(station, subject, &Manner::default(), seed)
}

fn make_as(
    station: &mut Station<Painter, Sculptor>,
    subject: &Subject,
    manner: &Manner,
    seed: u64,
) -> Result<Made, Trouble> {
    let order = Order {
        job: 1,
        subject,
        manner,
        seed,
        deadline: None,
    };
    station.make(&order, &mut |_, _, _| ControlFlow::Continue(()))
}

fn written(log: &Log) -> Vec<String> {
    log.borrow_mut().drain(..).collect()
}

fn words() -> Subject {
    Subject::Words("a hat".to_owned())
}

#[test]
fn words_are_read_once_and_painted_for_each_seed() {
    let (mut station, log) = station(true, &[0]);
    for seed in [7, 8] {
        make(&mut station, &words(), seed).expect("made");
    }
    let expected = [
        "read a hat",
        "paint a hat 7",
        "cut out",
        "see 7",
        "sculpt see 7 7",
        "paint a hat 8",
        "cut out",
        "see 8",
        "sculpt see 8 8",
    ];
    assert_eq!(written(&log), expected);
}

#[test]
fn words_are_shaped_and_read_by_the_host_where_it_does() {
    let (mut station, log) = station(true, &[0]);
    let mut manner = Manner {
        class: Some(Class {
            category: Category::Clothing,
            by: By::Lexicon,
        }),
        image_steps: Some(3),
        shaped: Some("a hat, alone".to_owned()),
        ..Manner::default()
    };
    let made = make_as(&mut station, &words(), &manner, 7).expect("made");
    assert_eq!(made.recipe.category.as_deref(), Some("clothing"));
    let settings = &made.recipe.settings;
    for (name, value) in [
        ("classed.by", "lexicon"),
        ("image.steps", "3"),
        ("image.words", "a hat, alone"),
        ("cutout.most_holes", "0.25"),
    ] {
        assert_eq!(
            settings.get(name).map(String::as_str),
            Some(value),
            "{name}"
        );
    }
    assert_eq!(
        written(&log)[..2],
        ["read a hat, alone", "paint a hat, alone 7"]
    );
    manner.read = Some(std::sync::Arc::new("by the host".to_owned()));
    make_as(&mut station, &words(), &manner, 8).expect("made");
    assert_eq!(written(&log)[0], "paint by the host 8");
}

#[test]
fn what_a_picture_shows_is_seen_once() {
    let (mut station, log) = station(true, &[0]);
    let picture = Subject::Opaque(RgbImage::from_pixel(2, 2, Rgb([9; 3])));
    for seed in [1, 2] {
        make(&mut station, &picture, seed).expect("made");
    }
    assert_eq!(
        written(&log),
        ["cut out", "see 9", "sculpt see 9 1", "sculpt see 9 2"]
    );
    station.forget(1);
    make(&mut station, &picture, 3).expect("made");
    assert_eq!(written(&log), ["cut out", "see 9", "sculpt see 9 3"]);
}

#[test]
fn a_cut_out_goes_past_the_cutters() {
    let (mut station, log) = station(false, &[]);
    let notes = vec!["at the border".to_owned()];
    let cut = Subject::CutOut(RgbaImage::from_pixel(2, 2, Rgba([5; 4])), notes.clone());
    let made = make(&mut station, &cut, 1).expect("made");
    assert_eq!(written(&log), ["see 5", "sculpt see 5 1"]);
    assert_eq!(made.notes, notes);
    let stages: Vec<_> = made.stages.iter().map(|stage| stage.stage).collect();
    assert_eq!(stages, ["condition"]);
}

#[test]
fn without_a_painter_words_go_to_the_sculptor() {
    let (mut station, log) = station(false, &[0]);
    for seed in [1, 2] {
        make(&mut station, &words(), seed).expect("made");
    }
    assert_eq!(
        written(&log),
        ["understand a hat", "sculpt a hat 1", "sculpt a hat 2"]
    );
}

#[test]
fn a_doubtful_cut_out_goes_to_the_second_cutter_and_then_to_the_painter() {
    let (mut station, log) = station(true, &[9, 0]);
    let made = make(&mut station, &words(), 1).expect("made");
    let cuts = written(&log)
        .iter()
        .filter(|what| *what == "cut out")
        .count();
    assert_eq!((cuts, made.notes.len()), (2, 0), "the second is sure");

    let (mut station, log) = self::station(true, &[1, 1]);
    let made = make(&mut station, &words(), 1).expect("made");
    let written = written(&log);
    let painted = written.iter().filter(|what| what.starts_with("paint"));
    assert_eq!((painted.count(), made.notes.len()), (2, 0), "{written:?}");

    let (mut station, log) = self::station(true, &[99]);
    let made = make(&mut station, &words(), 1).expect("made");
    let written = self::written(&log);
    let painted = written.iter().filter(|what| what.starts_with("paint"));
    assert_eq!(painted.count() as u64, MOST_PAINTINGS);
    assert!(made.notes[0].contains("full of holes"), "{:?}", made.notes);
    assert!(
        written.contains(&"see 1".to_owned()),
        "the first picture is the seed's own"
    );
}

#[test]
fn of_cut_outs_that_are_all_doubtful_the_least_doubtful_is_taken() {
    let log = Log::default();
    let cutters = [3.0, 2.0, 2.5].map(|excess| {
        Box::new(Cutter {
            log: log.clone(),
            doubts: 99,
            excess,
        }) as Box<dyn super::Cutter>
    });
    let mut cutters = Cutters(cutters.into());
    let picture = RgbImage::from_pixel(2, 2, Rgb([7; 3]));
    let cut = cutters.cut_out(&picture, &CutoutLimits::default());
    let cut = cut.expect("a cut-out");
    assert_eq!((cut.excess, cut.picture.get_pixel(0, 0)[1]), (2.0, 2));

    let of = |doubt: bool, excess, red| Cut {
        picture: RgbaImage::from_pixel(1, 1, Rgba([red; 4])),
        doubt: doubt.then(|| "holes".to_owned()),
        excess,
    };
    let red = |cut: Cut| cut.picture.get_pixel(0, 0)[0];
    assert_eq!(red(better(None, of(true, 9.0, 1))), 1);
    let both = |known, new| red(better(Some(known), new));
    assert_eq!(both(of(true, 2.0, 1), of(true, 1.0, 2)), 2);
    assert_eq!(both(of(true, 2.0, 1), of(true, 2.0, 2)), 1, "the earlier");
    assert_eq!(both(of(true, 0.0, 1), of(false, 0.0, 2)), 2);
}

#[test]
fn nobody_waiting_ends_it_between_steps() {
    let (mut station, log) = station(true, &[0]);
    let subject = words();
    let order = Order {
        job: 1,
        subject: &subject,
        manner: &Manner::default(),
        seed: 1,
        deadline: None,
    };
    let stopped = station.make(&order, &mut |stage, done, _| match (stage, done) {
        ("paint", 1) => ControlFlow::Break(()),
        _ => ControlFlow::Continue(()),
    });
    assert_eq!(stopped, Err(Trouble::Cancelled));
    assert_eq!(written(&log), ["read a hat", "paint a hat 1"]);
}

#[test]
fn shrinking_tells_everybody_until_nothing_is_left() {
    let log = Log::default();
    let plan = choose(
        &Need::TRELLIS_IMAGE,
        &Variant::published(),
        Budget::of_card(24),
    );
    let mut station = Station::new(
        Some(Painter(log.clone())),
        Vec::new(),
        Sculptor(log.clone()),
        Some(plan.expect("a plan")),
    );
    assert_eq!(written(&log), ["painter stays: true", "flow stays: true"]);
    let mut shrunk = 0;
    while let Some(words) = station.shrink() {
        assert!(!words.is_empty());
        shrunk += 1;
    }
    assert!(shrunk >= 2);
    let last = written(&log).pop();
    assert_eq!(last.as_deref(), Some("flow stays: false"));
}

#[test]
fn a_device_without_a_plan_has_nothing_to_give_up() {
    let (mut station, _) = station(false, &[]);
    assert_eq!(station.shrink(), None);
}

#[test]
fn a_category_says_what_its_cut_outs_must_look_like() {
    let manner = Manner {
        cutout: CutoutLimits {
            most_holes: 0.6,
            ..CutoutLimits::default()
        },
        ..Manner::default()
    };
    let own = "cut out by limits of its own".to_owned();
    let opaque = Subject::Opaque(RgbImage::from_pixel(2, 2, Rgb([7; 3])));
    for (painter, subject) in [(true, Subject::Words("a fern".to_owned())), (false, opaque)] {
        let (mut station, log) = station(painter, &[0]);
        make_as(&mut station, &subject, &manner, 1).expect("a cloud");
        assert!(log.borrow().contains(&own), "{:?}", log.borrow());
    }
}
